import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { implies, mayHold } from './formula-reach.ts';
import { formulaOf, holdsFor, type LabelFormula } from './label-formula.ts';

const is = (key: string, ...values: string[]): LabelFormula => ({ key, operator: 'In', values });

const test = fc
  .record({
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.subarray(['a', 'b', ''], { minLength: 1 }),
  })
  .chain((whole) =>
    fc.constantFrom<LabelFormula>(
      whole,
      { key: whole.key, operator: 'Exists' },
      { key: whole.key, operator: 'DoesNotExist' },
    ),
  );
const formula: fc.Arbitrary<LabelFormula> = fc.letrec<{ formula: LabelFormula }>((tie) => ({
  formula: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    test,
    fc.array(tie('formula'), { maxLength: 3 }).map((all): LabelFormula => ({ all })),
    fc.array(tie('formula'), { maxLength: 3 }).map((any): LabelFormula => ({ any })),
    tie('formula').map((not): LabelFormula => ({ not })),
  ),
})).formula;
const labels = fc.dictionary(
  fc.constantFrom('app', 'tier', 'more'),
  fc.constantFrom('a', 'b', '', 'c'),
);

describe('what a formula can hold for', () => {
  it('is nothing where its tests contradict each other', () => {
    expect(mayHold({ all: [is('app', 'a'), is('app', 'b')] })).toBe(false);
    expect(mayHold({ all: [is('app', 'a'), { key: 'app', operator: 'DoesNotExist' }] })).toBe(
      false,
    );
    expect(mayHold({ key: 'name', operator: 'DoesNotExist' }, ['name'])).toBe(false);
  });

  it('is implied by what is narrower, however it is written', () => {
    const written = formulaOf({
      matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }],
    });

    expect(implies(written, formulaOf({ matchLabels: { app: 'a' } }))).toBe(true);
    expect(implies(is('app', 'a'), is('app', 'a', 'b'))).toBe(true);
    expect(implies(is('app', 'a', 'b'), is('app', 'a'))).toBe(false);
    expect(implies({ all: [] }, { key: 'name', operator: 'Exists' }, ['name'])).toBe(true);
  });

  it('claims no implication that an object refutes', () => {
    fc.assert(
      fc.property(formula, formula, fc.array(labels, { maxLength: 20 }), (narrow, wide, all) => {
        const isRefuted = all.some((each) => holdsFor(narrow, each) && !holdsFor(wide, each));

        if (isRefuted) expect(implies(narrow, wide)).toBe(false);
        expect(implies(narrow, { any: [narrow, wide] })).toBe(true);
      }),
    );
  });

  it('is not proven where parts of values are asked for or there are too many labels, unless the text says so', () => {
    const part: LabelFormula = { key: 'app', operator: 'StartsWith', values: ['a'] };
    const many: LabelFormula = {
      all: Array.from({ length: 20 }, (_, index) => is(`label-${index}`, 'a')),
    };

    expect(implies(part, { any: [part, is('app', 'b')] })).toBe(false);
    expect(implies(many, { any: [many, part] })).toBe(false);
    expect(implies({ all: [part, many] }, many)).toBe(true);
  });
});
