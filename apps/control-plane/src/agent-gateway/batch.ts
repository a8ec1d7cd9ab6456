/**
 * Groups calls that come while another group is under way: no waiting when idle, one call of `work` for any number under load. Calls that can
 * wait a little are grouped when idle too. At most `max` per group.
 */
export class NaturalBatch<Item, Result> {
  readonly #work: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #max: number;
  #waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] =
    [];
  #busy = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(work: (items: readonly Item[]) => Promise<readonly Result[]>, max: number) {
    this.#work = work;
    this.#max = max;
  }

  /** How many wait now. */
  get depth(): number {
    return this.#waiting.length;
  }

  /** `patienceMs`: how long this call may wait for company. It goes along with the next group in any case. */
  add(item: Item, patienceMs = 0): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ item, resolve, reject });
    if (this.#busy) return promise;
    if (patienceMs === 0) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), patienceMs);
    return promise;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    if (this.#waiting.length > 0) this.#start();
    while (this.#busy) await new Promise((resolve) => setImmediate(resolve));
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#busy) return;
    this.#busy = true;
    // One turn of the event loop lets everything that is readable now join the group.
    setImmediate(() => void this.#drain());
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
