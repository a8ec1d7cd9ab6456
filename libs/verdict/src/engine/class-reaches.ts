import type { Direction } from '../model/policy.ts';
import type { ClassJudge } from './class-judge.ts';
import type { ReachId, Reaches } from './reaches.ts';
import type { Row } from './rows.ts';

/** Sources whose side of the table is turned at a time: as many as keep its lines in the processor's cache. */
const STRIPE = 64;

/**
 * What some classes reach of each other, row by row.
 *
 * Ingress rows lie by destination, so a source would touch as many rows as there are destinations, each somewhere else in memory. For whoever
 * asks for one source after the other a stripe of them is turned at once.
 */
export class ClassReaches {
  /** Classes by number; what is asked and answered here goes by number. */
  readonly #list: Int32Array;
  readonly #classes: ClassJudge;
  readonly #reaches: Reaches;
  readonly #lastClass: number;
  readonly #ingress: (Row | undefined)[] = [];
  readonly #row: Int32Array;
  #stripe: Int32Array | undefined;
  #stripeStart = 0;
  #asked = -1;

  /** `lastClass`: the highest class that there is. */
  constructor(
    list: readonly number[],
    { classes, reaches, lastClass }: { classes: ClassJudge; reaches: Reaches; lastClass: number },
  ) {
    this.#list = Int32Array.from(list);
    this.#classes = classes;
    this.#reaches = reaches;
    this.#lastClass = lastClass;
    this.#row = new Int32Array(list.length);
  }

  /** What number `from` reaches, by number. The same array each time. */
  rowOf(from: number): Int32Array {
    const sequential = from === this.#asked + 1;
    this.#asked = from;
    const [row, list, reaches] = [this.#row, this.#list, this.#reaches];
    const { nothing } = reaches;
    const out = this.#rowFor('egress', from);
    const own = list[from] ?? 0;
    const taken = this.#stripeOf(from, sequential);
    for (let to = 0; to < row.length; to++) {
      const sent = reaches.ofFunction(out[list[to] ?? 0] ?? 0);
      row[to] =
        sent === nothing
          ? nothing
          : reaches.both(sent, taken ? (taken[to] ?? nothing) : this.#taken(to, own));
    }
    return row;
  }

  /** The source's part of the stripe, if it has one. */
  #stripeOf(from: number, sequential: boolean): Int32Array | undefined {
    const size = this.#list.length;
    let place = from - this.#stripeStart;
    if (!this.#stripe || place < 0 || place >= STRIPE) {
      if (!sequential) return undefined;
      this.#turn(from);
      place = 0;
    }
    return this.#stripe?.subarray(place * size, (place + 1) * size);
  }

  #turn(start: number): void {
    const size = this.#list.length;
    const stripe = (this.#stripe ??= new Int32Array(STRIPE * size));
    this.#stripeStart = start;
    const reaches = this.#reaches;
    const sources = Int32Array.from(this.#list.slice(start, start + STRIPE));
    for (let to = 0; to < size; to++) {
      const row = this.#ingressRow(to);
      for (let place = 0, at = to; place < sources.length; place++, at += size)
        stripe[at] = reaches.ofFunction(row[sources[place] ?? 0] ?? 0);
    }
  }

  #taken(to: number, from: number): ReachId {
    return this.#reaches.ofFunction(this.#ingressRow(to)[from] ?? 0);
  }

  #ingressRow(to: number): Row {
    return (this.#ingress[to] ??= this.#rowFor('ingress', to));
  }

  /** Long enough for every class there is. */
  #rowFor(direction: Direction, number: number): Row {
    return this.#classes.rowOf(direction, this.#list[number] ?? 0, this.#lastClass);
  }
}
