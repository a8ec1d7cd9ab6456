/** Whether something matches: `NO`, `YES`, or the number of a list of reasons why that is not known. */
export type Truth = number;
export const NO = 0;
export const YES = 1;

/** In a reason, stands for the name of the end that the policies bind, so that one reason serves all ends that are alike. */
export const OWN_NAME = '\u0001';
/** In a reason, stands for the name of the other end. */
export const PEER_NAME = '\u0002';

/** The lists of reasons, each stored once. */
export class Truths {
  readonly #lists: (readonly string[])[] = [[], []];
  readonly #ids = new Map<string, Truth>();

  maybe(reasons: readonly string[]): Truth {
    const unique = [...new Set(reasons)];
    const key = unique.join('\n');
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#lists.length);
    return this.#lists.push(unique) - 1;
  }

  reasonsOf(truth: Truth): readonly string[] {
    return this.#lists[truth] ?? [];
  }

  /** Whether one of the two holds. */
  any(a: Truth, b: Truth): Truth {
    if (a === YES || b === YES) return YES;
    return this.#join(a, b);
  }

  /** Whether both hold. */
  all(a: Truth, b: Truth): Truth {
    if (a === NO || b === NO) return NO;
    if (a === YES) return b;
    return b === YES ? a : this.#join(a, b);
  }

  #join(a: Truth, b: Truth): Truth {
    if (a === NO || a === b) return b;
    if (b === NO) return a;
    return this.maybe([...this.reasonsOf(a), ...this.reasonsOf(b)]);
  }
}

export function not(truth: Truth): Truth {
  return truth > YES ? truth : YES - truth;
}
