import { holdsFor, type LabelFormula, type LabelTest } from './label-formula.ts';
import type { Labels } from './label-selector.ts';

/** Above this many combinations of label values a question is not worth its answer. */
const MAX_COMBINATIONS = 4_096;

/**
 * Whether the formula can hold for any object at all, labels in `always` being on every object. `true` also where that takes too long to
 * find out, so only `false` is a proof.
 */
export function mayHold(formula: LabelFormula, always: readonly string[] = []): boolean {
  const keys = [...valuesByKey(formula)].map(([key, tests]) => ({
    key,
    choices: choicesOf(key, tests, always),
  }));
  let combinations = 1;
  for (const { choices } of keys) {
    combinations *= choices?.length ?? Infinity;
    if (combinations > MAX_COMBINATIONS) return true;
  }
  const search = (index: number, labels: Labels): boolean => {
    const next = keys[index];
    if (!next) return holdsFor(formula, labels);
    return (next.choices ?? []).some((choice) =>
      search(index + 1, choice === undefined ? labels : { ...labels, [next.key]: choice }),
    );
  };
  return search(0, {});
}

/** Whether `wide` holds for every object that `narrow` holds for. `false` also where that takes too long to find out. */
export function implies(
  narrow: LabelFormula,
  wide: LabelFormula,
  always: readonly string[] = [],
): boolean {
  // Every part of the wide one stands in the narrow one too: no need to try labels.
  const parts = new Set(partsOf(narrow));
  if (partsOf(wide).every((part) => parts.has(part))) return true;
  return !mayHold({ all: [narrow, { not: wide }] }, always);
}

/** What has to hold all together, as texts. */
function partsOf(formula: LabelFormula): string[] {
  return 'all' in formula ? formula.all.flatMap(partsOf) : [JSON.stringify(formula)];
}

function valuesByKey(formula: LabelFormula): Map<string, LabelTest[]> {
  const tests = new Map<string, LabelTest[]>();
  const walk = (part: LabelFormula): void => {
    if ('all' in part) part.all.forEach(walk);
    else if ('any' in part) part.any.forEach(walk);
    else if ('not' in part) walk(part.not);
    else tests.set(part.key, [...(tests.get(part.key) ?? []), part]);
  };
  walk(formula);
  return tests;
}

/**
 * Values of a label that stand for all that its tests can tell apart: absent (undefined), each value that one of them names, and one that
 * none names. Undefined where parts of values are asked for: which of these go together is a question about texts.
 */
function choicesOf(
  key: string,
  tests: readonly LabelTest[],
  always: readonly string[],
): (string | undefined)[] | undefined {
  const isWhole = tests.every(
    ({ operator }) =>
      operator !== 'Contains' && operator !== 'StartsWith' && operator !== 'EndsWith',
  );
  if (!isWhole) return undefined;
  const named = new Set(tests.flatMap(({ values = [] }) => values));
  let other = 'other';
  while (named.has(other)) other += '-';
  return [...(always.includes(key) ? [] : [undefined]), ...named, other];
}
