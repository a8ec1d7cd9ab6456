import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { LabelSelector, matchesLabels, parseSelectorText, SelectorTextInvalid } from './index.ts';

describe('parseSelectorText', () => {
  it.each([
    ['', {}],
    ['  ', {}],
    ['a=b', [['a', 'In', 'b']]],
    ['a==b', [['a', 'In', 'b']]],
    ['a = b', [['a', 'In', 'b']]],
    ['a!=b', [['a', 'NotIn', 'b']]],
    ['a=', [['a', 'In', '']]],
    ['a', [['a', 'Exists']]],
    ['!a', [['a', 'DoesNotExist']]],
    ['! a', [['a', 'DoesNotExist']]],
    ['a in (b)', [['a', 'In', 'b']]],
    ['a in(b,c)', [['a', 'In', 'b', 'c']]],
    ['a notin ( b , c )', [['a', 'NotIn', 'b', 'c']]],
    ['a in ()', [['a', 'In', '']]],
    ['a in (b,,c)', [['a', 'In', 'b', '', 'c']]],
    ['in in (in)', [['in', 'In', 'in']]],
    ['example.com/team=a', [['example.com/team', 'In', 'a']]],
    [
      'tier=prod,region in (eu, us),!legacy,owner',
      [
        ['tier', 'In', 'prod'],
        ['region', 'In', 'eu', 'us'],
        ['legacy', 'DoesNotExist'],
        ['owner', 'Exists'],
      ],
    ],
    [
      'a in (b),c in (d)',
      [
        ['a', 'In', 'b'],
        ['c', 'In', 'd'],
      ],
    ],
  ])('reads %j', (text, expected) => {
    const { matchExpressions } = parseSelectorText(text);

    expect(
      matchExpressions?.map(({ key, operator, values = [] }) => [key, operator, ...values]) ?? {},
    ).toEqual(expected);
  });

  it.each([
    [',', 'In "": the key must have a name'],
    ['a,', 'In "": the key must have a name'],
    ['a,,b', 'In "": the key must have a name'],
    ['a b', 'In "a b": the key must have a name'],
    ['a b=c', 'In "a b=c": the key must have a name'],
    ['=b', 'In "=b": the key must have a name'],
    ['!', 'In "!": the key must have a name'],
    ['!a=b', 'In "!a=b": the key must have a name'],
    ['!a in (b)', 'In "!a in (b)": the key must have a name'],
    ['a>1', 'In "a>1": the key must have a name'],
    ['a in b', 'In "a in b": the key must have a name'],
    ['a in (b', 'In "a in (b": the key must have a name'],
    ['a in (b))', 'In "a in (b))": the key must have a name'],
    ['a in (b) c', 'In "a in (b) c": the key must have a name'],
    ['a/b/c', 'In "a/b/c": the key has more than one "/"'],
    ['A.b/c=d', 'In "A.b/c=d": the key has a prefix'],
    ['a=b=c', 'In "a=b=c": value "b=c" must be empty or'],
    ['a=-', 'In "a=-": value "-" must be empty or'],
    ['a in (b c)', 'In "a in (b c)": value "b c" must be empty or'],
    [`a=${'x'.repeat(64)}`, 'must be empty or 1 to 63'],
    [`a=${'x'.repeat(4_100)}`, 'A selector has at most 4096 characters'],
  ])('refuses %j', (text, message) => {
    expect(() => parseSelectorText(text)).toThrow(SelectorTextInvalid);
    expect(() => parseSelectorText(text)).toThrow(message);
  });

  it('refuses with a stable code', () => {
    expect(new SelectorTextInvalid('x')).toMatchObject({
      code: 'SELECTOR_INVALID',
      kind: 'invalid',
    });
  });

  it('reads back what was written from a selector', () => {
    const word = fc.constantFrom('a', 'b', 'in', 'notin', 'x.io/y', 'C_d-e');
    const value = fc.constantFrom('', 'a', 'in', 'B.c');
    const requirement = fc.oneof(
      fc.record({
        key: word,
        operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
      }),
      fc.record({
        key: word,
        operator: fc.constantFrom('In' as const, 'NotIn' as const),
        values: fc.array(value, { minLength: 1, maxLength: 4 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(requirement, { minLength: 1 }), (matchExpressions) => {
        const written = { In: 'in', NotIn: 'notin', Exists: '', DoesNotExist: '!' };
        const text = matchExpressions
          .map((one) =>
            'values' in one
              ? `${one.key} ${written[one.operator]} (${one.values.join(',')})`
              : `${written[one.operator]}${one.key}`,
          )
          .join(', ');

        expect(parseSelectorText(text)).toEqual({ matchExpressions });
      }),
    );
  });

  it('gives a valid selector or a refusal for any text, in bounded time', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(...'ab =!(),in\t\u0000/.'.split('')),
      maxLength: 200,
    });
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          const selector = parseSelectorText(text);
          expect(LabelSelector.safeParse(selector).success).toBe(true);
          matchesLabels(selector, {});
        } catch (error) {
          expect(error).toBeInstanceOf(SelectorTextInvalid);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([',', '(', '),', 'a in (', ' '])('takes no longer for 4096 characters of %j', (part) => {
    const text = part.repeat(Math.floor(4_096 / part.length));
    const startMs = Date.now();
    try {
      parseSelectorText(`${text.slice(0, 4_095)}!`);
    } catch (error) {
      expect(error).toBeInstanceOf(SelectorTextInvalid);
    }

    expect(Date.now() - startMs).toBeLessThan(2_000);
  });
});
