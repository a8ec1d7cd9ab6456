import { describe, expect, it } from '@jest/globals';

import { wordsOf } from './words-of.ts';

describe('wordsOf', () => {
  it('tells the causes, which say what to do', () => {
    const cause = new Error('self-signed certificate');

    expect(wordsOf(new TypeError('fetch failed', { cause }))).toBe(
      'fetch failed: self-signed certificate',
    );
  });

  it.each([
    [new Error('plain'), 'plain'],
    [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new AggregateError([]), 'AggregateError'],
    ['text', 'text'],
    [undefined, ''],
  ])('of %p are %j', (error, words) => {
    expect(wordsOf(error)).toBe(words);
  });

  it('end, whatever is a cause of what', () => {
    const error = new Error('round');
    error.cause = error;

    expect(wordsOf(error)).toBe('round: round: round: round: round');
  });
});
