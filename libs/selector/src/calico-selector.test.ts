import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { holdsFor, parseCalicoSelector, SelectorTextInvalid } from './index.ts';

describe('parseCalicoSelector', () => {
  it('lets && bind stronger than ||, and ! strongest', () => {
    const formula = parseCalicoSelector("a == '1' || !b == '2' && has(c)");

    expect(formula).toEqual({
      any: [
        { key: 'a', operator: 'In', values: ['1'] },
        {
          all: [
            { not: { key: 'b', operator: 'In', values: ['2'] } },
            { key: 'c', operator: 'Exists' },
          ],
        },
      ],
    });
  });

  it.each([
    ["a == 'b' c", /At 9: expected "&&", "\|\|" or the end, not "c"/],
    ['a in "x"', /At 5: expected "\{"/],
    ['a == b', /At 5: expected a text in quotes, not "b"/],
    ['a == "b', /At 5: .* is no part of a Calico selector/],
    [`${'('.repeat(65)}has(a)${')'.repeat(65)}`, /at most 64 parentheses/],
    ['a'.repeat(20_000), /at most 16384 characters/],
  ])('says where %s is wrong', (text, message) => {
    expect(() => parseCalicoSelector(text)).toThrow(message);
  });

  it('reads or refuses any text, and nothing else', () => {
    const pieces = fc.constantFrom(
      'a',
      "'x'",
      '==',
      '!',
      '(',
      ')',
      '&&',
      '||',
      'in',
      '{',
      '}',
      ',',
      ' ',
      'has(',
      'all()',
      '"',
      '%',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (words) => {
        try {
          expect(typeof holdsFor(parseCalicoSelector(words.join('')), { a: 'x' })).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(SelectorTextInvalid);
        }
      }),
    );
  });
});
