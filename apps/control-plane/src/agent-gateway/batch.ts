/**
 * Groups calls that come while another group is under way: no timer, no waiting when idle, one call of `work` for any number under load.
 * At most `max` per group.
 */
export class NaturalBatch<Item, Result> {
  readonly #work: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #max: number;
  #waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] =
    [];
  #busy = false;

  constructor(work: (items: readonly Item[]) => Promise<readonly Result[]>, max: number) {
    this.#work = work;
    this.#max = max;
  }

  /** How many wait now. */
  get depth(): number {
    return this.#waiting.length;
  }

  add(item: Item): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ item, resolve, reject });
    if (!this.#busy) {
      this.#busy = true;
      // One turn of the event loop lets everything that is readable now join the group.
      setImmediate(() => void this.#drain());
    }
    return promise;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#busy) await new Promise((resolve) => setImmediate(resolve));
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#max);
      try {
        const results = await this.#work(group.map(({ item }) => item));
        for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#busy = false;
  }
}
