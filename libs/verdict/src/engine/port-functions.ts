import { GrowingArray } from './growing-array.ts';
import type { Point } from './points.ts';

/**
 * Functions from points to small numbers that change at few points, each stored once.
 * They lie end to end in flat arrays, so that reading one touches little memory.
 */
export class PortFunctions {
  readonly #offsets = new GrowingArray();
  readonly #starts = new GrowingArray();
  readonly #values = new GrowingArray();
  readonly #ids = new Map<string, number>();

  constructor() {
    this.#offsets.push(0);
  }

  /** `starts` rise from 0; each value holds up to the next start. */
  idOf(starts: readonly Point[], values: readonly number[]): number {
    const kept = starts
      .map((_, index) => index)
      .filter((index) => index === 0 || values[index] !== values[index - 1]);
    const key = kept.map((index) => `${starts[index]}:${values[index]}`).join();
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#offsets.length - 1;
    this.#ids.set(key, id);
    for (const index of kept) {
      this.#starts.push(starts[index] ?? 0);
      this.#values.push(values[index] ?? 0);
    }
    this.#offsets.push(this.#starts.length);
    return id;
  }

  get count(): number {
    return this.#offsets.length - 1;
  }

  at(id: number, point: Point): number {
    const offsets = this.#offsets.values;
    let low = offsets[id] ?? 0;
    let size = (offsets[id + 1] ?? 0) - low;
    const starts = this.#starts.values;
    // A binary search without a branch to guess: the shift gives all ones where the start is not above the point, else none.
    while (size > 1) {
      const half = size >> 1;
      low += half & (((starts[low + half] ?? 0) - point - 1) >> 31);
      size -= half;
    }
    return this.#values.values[low] ?? 0;
  }

  startsOf(id: number): Int32Array {
    const offsets = this.#offsets.values;
    return this.#starts.values.subarray(offsets[id], offsets[id + 1]);
  }

  valuesOf(id: number): Int32Array {
    const offsets = this.#offsets.values;
    return this.#values.values.subarray(offsets[id], offsets[id + 1]);
  }
}
