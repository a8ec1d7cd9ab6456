import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import {
  formulaOf,
  holdsFor,
  matchesLabels,
  type LabelFormula,
  type LabelSelector,
} from './index.ts';

const key = fc.constantFrom('app', 'tier');
const value = fc.constantFrom('a', 'b', 'c');
const values = fc.array(value, { minLength: 1, maxLength: 2 });
const expression = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('In' as const, 'NotIn' as const), values }),
  fc.record({ key, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
);
const selector: fc.Arbitrary<LabelSelector> = fc.record({
  matchLabels: fc.dictionary(key, value),
  matchExpressions: fc.array(expression, { maxLength: 3 }),
});

describe('formulaOf', () => {
  it('means the same as its selector', () => {
    fc.assert(
      fc.property(selector, fc.dictionary(key, value), (wanted, labels) => {
        expect(holdsFor(formulaOf(wanted), labels)).toBe(matchesLabels(wanted, labels));
      }),
    );
  });
});

describe('holdsFor', () => {
  const text = (operator: 'Contains' | 'StartsWith' | 'EndsWith'): LabelFormula => ({
    key: 'app',
    operator,
    values: ['web', 'api'],
  });

  it.each([
    ['Contains', { app: 'the-web-1' }, true],
    ['Contains', { app: 'db' }, false],
    ['Contains', {}, false],
    ['StartsWith', { app: 'web-1' }, true],
    ['StartsWith', { app: 'my-web' }, false],
    ['EndsWith', { app: 'my-api' }, true],
    ['EndsWith', { app: 'api-1' }, false],
  ] as const)('%s of %j is %s', (operator, labels, expected) => {
    expect(holdsFor(text(operator), labels)).toBe(expected);
  });

  it('holds all of nothing, and none of nothing', () => {
    expect([
      holdsFor({ all: [] }, {}),
      holdsFor({ any: [] }, {}),
      holdsFor({ not: { any: [] } }, {}),
    ]).toEqual([true, false, true]);
  });

  it('does not take what every object inherits for a label', () => {
    expect(holdsFor({ key: 'constructor', operator: 'Exists' }, {})).toBe(false);
  });
});
