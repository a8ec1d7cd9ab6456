import { EVERY_LABEL_SET, implies, type LabelFormula } from '@picket/selector';

/** Number of the selectors that hold for everything. */
export const EVERYTHING = 0;

interface Meaning {
  readonly formula: LabelFormula;
  readonly isNormal: boolean;
  readonly id: number;
}

/** Gives selectors that mean the same one number, whatever they are written like. */
export class Meanings {
  readonly #always: readonly string[];
  readonly #byText = new Map<string, number>();
  readonly #byKeys = new Map<string, Meaning[]>();
  #next = EVERYTHING + 1;

  constructor(always: readonly string[] = []) {
    this.#always = always;
  }

  idOf(formula: LabelFormula): number {
    const normal = normalText(formula);
    const text = normal ?? JSON.stringify(formula);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const id = this.#find(formula, normal !== undefined);
    this.#byText.set(text, id);
    return id;
  }

  #find(formula: LabelFormula, isNormal: boolean): number {
    if (implies(EVERY_LABEL_SET, formula, this.#always)) return EVERYTHING;
    // What asks for other labels means something else, but for formulas that nobody writes.
    const keys = [...keysOf(formula)].toSorted().join(' ');
    const alike = this.#byKeys.get(keys) ?? [];
    this.#byKeys.set(keys, alike);
    const same = alike.find(
      (each) =>
        // Two normal texts that differ mean something else.
        !(isNormal && each.isNormal) &&
        implies(each.formula, formula, this.#always) &&
        implies(formula, each.formula, this.#always),
    );
    if (same) return same.id;
    alike.push({ formula, isNormal, id: this.#next });
    return this.#next++;
  }
}

/** The one text of what most selectors are, one test for each of some labels; undefined for all others. */
function normalText(formula: LabelFormula): string | undefined {
  const tests = 'all' in formula ? formula.all : [formula];
  const texts = new Map<string, string>();
  for (const test of tests) {
    if (!('operator' in test) || texts.has(test.key)) return undefined;
    const { key, operator, values = [] } = test;
    if (operator === 'Contains' || operator === 'StartsWith' || operator === 'EndsWith')
      return undefined;
    texts.set(key, JSON.stringify([key, operator, [...new Set(values)].toSorted()]));
  }
  return [...texts.values()].toSorted().join(' ');
}

function keysOf(formula: LabelFormula): Set<string> {
  if ('all' in formula) return new Set(formula.all.flatMap((part) => [...keysOf(part)]));
  if ('any' in formula) return new Set(formula.any.flatMap((part) => [...keysOf(part)]));
  if ('not' in formula) return keysOf(formula.not);
  return new Set([formula.key]);
}
