import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { labelKeyFault, labelValueFault } from './index.ts';

const NAME = /must have a name of 1 to 63/;
const PREFIX = /prefix that is not a DNS subdomain/;

describe('labelKeyFault', () => {
  it.each([
    'a',
    'A',
    '0',
    'app.kubernetes.io/name',
    'kubernetes.io/metadata.name',
    'a_b-c.D',
    'x'.repeat(63),
    `${'p'.repeat(63)}.${'q'.repeat(189)}/x`,
    '1/1',
  ])('takes %s', (key) => {
    expect(labelKeyFault(key)).toBeUndefined();
  });

  it.each([
    ['', NAME],
    ['-a', NAME],
    ['a-', NAME],
    ['a b', NAME],
    ['é', NAME],
    ['a\n', NAME],
    ['__proto__', NAME],
    ['x'.repeat(64), NAME],
    ['example.com/', NAME],
    ['/x', PREFIX],
    ['Example.com/x', PREFIX],
    ['a..b/x', PREFIX],
    ['-a/x', PREFIX],
    ['a_b/x', PREFIX],
    [`${'p'.repeat(254)}/x`, PREFIX],
    ['a/b/c', /more than one/],
    ['//', /more than one/],
  ])('refuses %j', (key, why) => {
    expect(labelKeyFault(key)).toMatch(why);
  });

  it('is as strict about a name as about a value that is not empty', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 70 }).filter((text) => !text.includes('/')),
        (text) => {
          expect(labelKeyFault(text) === undefined).toBe(labelValueFault(text) === undefined);
        },
      ),
    );
  });
});

describe('labelValueFault', () => {
  it.each(['', 'a', '0', 'Prod', 'a-b_c.d', 'x'.repeat(63)])('takes %j', (value) => {
    expect(labelValueFault(value)).toBeUndefined();
  });

  it.each(['-', 'a-', '.a', 'a b', 'a/b', 'é', 'a\n', 'x'.repeat(64)])('refuses %j', (value) => {
    expect(labelValueFault(value)).toMatch(/must be empty or 1 to 63/);
  });
});
