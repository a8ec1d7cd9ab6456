import type { Labels, LabelSelector } from './label-selector.ts';

/** One test of one label. `NotIn`, `DoesNotExist` hold for objects without the key too; the text operators do not. */
export interface LabelTest {
  readonly key: string;
  readonly operator:
    | 'In'
    | 'NotIn'
    | 'Exists'
    | 'DoesNotExist'
    | 'Contains'
    | 'StartsWith'
    | 'EndsWith';
  /** One of them is enough. Absent for `Exists` and `DoesNotExist`. */
  readonly values?: readonly string[];
}

/**
 * What every selector language means: a boolean formula over labels.
 *
 * `{ all: [] }` holds for everything, `{ any: [] }` for nothing. Plain data, so it can be printed, compared and compiled.
 */
export type LabelFormula =
  | LabelTest
  | { readonly all: readonly LabelFormula[] }
  | { readonly any: readonly LabelFormula[] }
  | { readonly not: LabelFormula };

export const EVERY_LABEL_SET: LabelFormula = { all: [] };

/** The formula of a `metav1.LabelSelector`: all of its labels and all of its expressions. */
export function formulaOf(selector: LabelSelector): LabelFormula {
  return {
    all: [
      ...Object.entries(selector.matchLabels ?? {}).map(([key, value]): LabelTest => ({
        key,
        operator: 'In',
        values: [value],
      })),
      ...(selector.matchExpressions ?? []).map(({ key, operator, values }): LabelTest => ({
        key,
        operator,
        ...(values && { values }),
      })),
    ],
  };
}

/** Whether the formula holds for an object with these labels. */
export function holdsFor(formula: LabelFormula, labels: Labels): boolean {
  if ('all' in formula) return formula.all.every((part) => holdsFor(part, labels));
  if ('any' in formula) return formula.any.some((part) => holdsFor(part, labels));
  if ('not' in formula) return !holdsFor(formula.not, labels);
  return passesTest(formula, labels);
}

function passesTest({ key, operator, values = [] }: LabelTest, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Contains':
      return values.some((part) => value?.includes(part));
    case 'StartsWith':
      return values.some((part) => value?.startsWith(part));
    case 'EndsWith':
      return values.some((part) => value?.endsWith(part));
  }
}
