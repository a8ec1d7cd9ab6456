import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { jsonFault } from './json-fault.ts';

function nested(levels: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

describe('a JSON value', () => {
  it.each([
    ['a NUL in a text', { a: [{ b: 'x\u0000y' }] }, ['a', 0, 'b'], 'NUL'],
    ['a NUL in a key', { 'a\u0000': 1 }, ['a\u0000'], 'NUL'],
    ['half of a surrogate pair', ['\ud83d'], [0], 'surrogate'],
    ['a number that became infinite', { n: JSON.parse('1e999') }, ['n'], 'too large'],
    ['a whole number that lost digits', { n: JSON.parse('12345678901234567890') }, ['n'], 'digits'],
    ['a key that JavaScript reads', JSON.parse('{"__proto__":{}}'), ['__proto__'], 'not allowed'],
  ])('is refused with its place: %s', (_what, value, path, words) => {
    expect(jsonFault(value)).toEqual({ path, message: expect.stringContaining(words) });
  });

  it('may nest 64 levels and no more, and a million cost no stack', () => {
    expect(jsonFault(nested(64))).toBeUndefined();
    expect(jsonFault(nested(65))).toMatchObject({ message: 'nested deeper than 64 levels' });
    expect(jsonFault(nested(1_000_000))).toBeDefined();
  });

  it('is taken when it is what it seems', () => {
    const values = [
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.constant(null),
    ];
    const key = fc.string({ unit: 'grapheme-ascii' }).filter((name) => name !== '__proto__');

    fc.assert(
      fc.property(fc.object({ maxDepth: 8, key, values }), (value) => {
        expect(jsonFault(JSON.parse(JSON.stringify(value)))).toBeUndefined();
      }),
    );
  });
});
