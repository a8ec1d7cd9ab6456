import { EVERY_LABEL_SET, implies, type LabelFormula } from '@picket/selector';

/** Number of the selectors that hold for everything. */
export const EVERYTHING = 0;

/** Gives selectors that mean the same one number, whatever they are written like. */
export class Meanings {
  readonly #always: readonly string[];
  readonly #byText = new Map<string, number>();
  readonly #byKeys = new Map<string, { readonly formula: LabelFormula; readonly id: number }[]>();
  #next = EVERYTHING + 1;

  constructor(always: readonly string[] = []) {
    this.#always = always;
  }

  idOf(formula: LabelFormula): number {
    const text = JSON.stringify(formula);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const id = this.#find(formula);
    this.#byText.set(text, id);
    return id;
  }

  #find(formula: LabelFormula): number {
    if (implies(EVERY_LABEL_SET, formula, this.#always)) return EVERYTHING;
    // What asks for other labels means something else, but for formulas that nobody writes.
    const keys = [...keysOf(formula)].toSorted().join(' ');
    const alike = this.#byKeys.get(keys) ?? [];
    this.#byKeys.set(keys, alike);
    const same = alike.find(
      (each) =>
        implies(each.formula, formula, this.#always) &&
        implies(formula, each.formula, this.#always),
    );
    if (same) return same.id;
    alike.push({ formula, id: this.#next });
    return this.#next++;
  }
}

function keysOf(formula: LabelFormula): Set<string> {
  if ('all' in formula) return new Set(formula.all.flatMap((part) => [...keysOf(part)]));
  if ('any' in formula) return new Set(formula.any.flatMap((part) => [...keysOf(part)]));
  if ('not' in formula) return keysOf(formula.not);
  return new Set([formula.key]);
}
