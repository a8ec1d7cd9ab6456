import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { matchesLabels, type LabelExpression, type LabelSelector } from './index.ts';

const key = fc.constantFrom('app', 'tier', 'constructor', 'toString');
const value = fc.constantFrom('', 'a', 'b', 'c');
const labels = fc.dictionary(key, value);
const expression: fc.Arbitrary<LabelExpression> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.array(value, { minLength: 1 }),
  }),
  fc.record({ key, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
);
const selector: fc.Arbitrary<LabelSelector> = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression) },
  { requiredKeys: [] },
);

describe('matchesLabels', () => {
  it.each([
    ['an empty selector picks anything', {}, {}, true],
    ['an equal label', { matchLabels: { app: 'a' } }, { app: 'a', tier: 'b' }, true],
    ['another value', { matchLabels: { app: 'a' } }, { app: 'b' }, false],
    ['a missing label', { matchLabels: { app: 'a' } }, {}, false],
    ['an empty value is not a missing one', { matchLabels: { app: '' } }, {}, false],
    ['all labels must match', { matchLabels: { app: 'a', tier: 'b' } }, { app: 'a' }, false],
    ['a name that every object inherits', { matchLabels: { constructor: 'a' } }, {}, false],
  ])('%s', (_, picks, has, expected) => {
    expect(matchesLabels(picks, has)).toBe(expected);
  });

  it.each([
    ['In', { app: 'a' }, true],
    ['In', { app: 'c' }, false],
    ['In', {}, false],
    ['NotIn', { app: 'a' }, false],
    ['NotIn', { app: 'c' }, true],
    ['NotIn', {}, true],
  ] as const)('app %s (a, b) on %j: %s', (operator, has, expected) => {
    const matchExpressions = [{ key: 'app', operator, values: ['a', 'b'] }];

    expect(matchesLabels({ matchExpressions }, has)).toBe(expected);
  });

  it.each([
    ['Exists', { app: '' }, true],
    ['Exists', {}, false],
    ['DoesNotExist', { app: '' }, false],
    ['DoesNotExist', {}, true],
  ] as const)('app %s on %j: %s', (operator, has, expected) => {
    expect(matchesLabels({ matchExpressions: [{ key: 'app', operator }] }, has)).toBe(expected);
  });

  it('matches no value where In has none, and every object where NotIn has none', () => {
    expect(matchesLabels({ matchExpressions: [{ key: 'app', operator: 'In' }] }, { app: '' })).toBe(
      false,
    );
    expect(
      matchesLabels({ matchExpressions: [{ key: 'app', operator: 'NotIn' }] }, { app: '' }),
    ).toBe(true);
  });

  it('says the same for matchLabels and for In with one value', () => {
    fc.assert(
      fc.property(labels, labels, (matchLabels, has) => {
        const matchExpressions = Object.entries(matchLabels).map(([name, text]) => ({
          key: name,
          operator: 'In' as const,
          values: [text],
        }));

        expect(matchesLabels({ matchExpressions }, has)).toBe(matchesLabels({ matchLabels }, has));
      }),
    );
  });

  it('gives opposite answers for opposite operators', () => {
    const opposite = {
      In: 'NotIn',
      NotIn: 'In',
      Exists: 'DoesNotExist',
      DoesNotExist: 'Exists',
    } as const;
    fc.assert(
      fc.property(expression, labels, (one, has) => {
        const other = { ...one, operator: opposite[one.operator] };

        expect(matchesLabels({ matchExpressions: [other] }, has)).toBe(
          !matchesLabels({ matchExpressions: [one] }, has),
        );
      }),
    );
  });

  it('picks with two selectors in one exactly what both pick', () => {
    fc.assert(
      fc.property(fc.array(expression), fc.array(expression), labels, (a, b, has) => {
        const both = matchesLabels({ matchExpressions: [...a, ...b] }, has);

        expect(both).toBe(
          matchesLabels({ matchExpressions: a }, has) &&
            matchesLabels({ matchExpressions: b }, has),
        );
      }),
    );
  });

  it('does not look at labels that the selector does not name', () => {
    fc.assert(
      fc.property(selector, labels, value, (picks, has, text) => {
        expect(matchesLabels(picks, { ...has, other: text })).toBe(matchesLabels(picks, has));
      }),
    );
  });
});
