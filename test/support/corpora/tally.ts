/** What passed and failed, per source; printed at the end of a suite. */
export class Tally {
  readonly #suite: string;
  readonly #sources = new Map<string, { cases: number; rows: number; failed: number }>();

  constructor(suite: string) {
    this.#suite = suite;
  }

  /** Counts a case as failed until it is taken back: `failed--`. */
  count(source: string, rows: number): { failed: number } {
    const count = this.#sources.get(source) ?? { cases: 0, rows: 0, failed: 0 };
    this.#sources.set(source, count);
    count.cases++;
    count.rows += rows;
    count.failed++;
    return count;
  }

  print(): void {
    for (const [source, { cases, rows, failed }] of this.#sources)
      process.stderr.write(
        `${this.#suite}, ${source}: ${cases - failed} cases passed, ${failed} failed (${rows} rows)\n`,
      );
  }
}
