import { randomUUID } from 'node:crypto';

import { PROTOCOL_VERSION, StatusReport } from '@picket/agent-protocol';
import type { Logger } from 'pino';
import { z } from 'zod';

import { wordsOf } from '../words-of.ts';
import type { StateStore } from './state-store.ts';

const REPORTS_MAX = 50;
/** The folder of a pod holds 64 MiB, and a full one gets the pod evicted. */
const BYTES_MAX = 8 * 1_048_576;

const Spooled = z.object({
  epoch: z.uuid(),
  nextSequence: z.int().positive(),
  reports: z.array(StatusReport),
  dropped: z.int().nonnegative(),
});
type Spooled = z.infer<typeof Spooled>;

export type Report = Omit<StatusReport, 'protocol' | 'epoch' | 'reportSequence' | 'reportsDropped'>;

/**
 * Reports that the hub has not acknowledged yet, on disk. Bounded in number and size: the oldest go first and are counted; the newest says
 * it all anyway. A disk that takes nothing costs the restart, not the report.
 */
export class Spool {
  readonly #store: StateStore;
  readonly #logger: Logger;
  #state: Spooled;

  private constructor(store: StateStore, logger: Logger, state: Spooled) {
    this.#store = store;
    this.#logger = logger;
    this.#state = state;
  }

  /** One that cannot be read is as good as none: a new epoch tells the hub so. */
  static async load(store: StateStore, logger: Logger): Promise<Spool> {
    let state: Spooled = { epoch: randomUUID(), nextSequence: 1, reports: [], dropped: 0 };
    try {
      const text = await store.read('spool');
      if (text !== undefined) state = Spooled.parse(JSON.parse(text));
    } catch (error) {
      logger.warn({ error: wordsOf(error) }, 'the spool cannot be read and starts anew');
    }
    return new Spool(store, logger, state);
  }

  get size(): number {
    return this.#state.reports.length;
  }

  async add(report: Report): Promise<void> {
    const { epoch, nextSequence, dropped } = this.#state;
    this.#state.reports.push({
      ...report,
      protocol: PROTOCOL_VERSION,
      epoch,
      reportSequence: nextSequence,
      reportsDropped: dropped,
    });
    this.#state.nextSequence += 1;
    this.#state.dropped = 0;
    while (this.size > REPORTS_MAX) this.#drop();
    await this.#save();
  }

  /**
   * Sends what waits, oldest first; stops at the first that does not get through and keeps it. One that `isHopeless` says no repeat can
   * bring through is dropped and counted, so that it does not block those behind it.
   */
  async flush(
    send: (report: StatusReport) => Promise<void>,
    isHopeless: (error: unknown) => boolean,
  ): Promise<void> {
    for (let first = this.#state.reports[0]; first; first = this.#state.reports[0]) {
      try {
        await send(first);
        if (this.#state.reports[0] === first) this.#state.reports.shift();
      } catch (error) {
        if (!isHopeless(error)) throw error;
        this.#logger.error({ error: wordsOf(error) }, 'the hub will never take a report: dropped');
        if (this.#state.reports[0] === first) this.#drop();
      }
      await this.#save();
    }
  }

  /** What the oldest report itself counted as dropped goes with it, so it is counted on. */
  #drop(): void {
    this.#state.dropped += 1 + (this.#state.reports.shift()?.reportsDropped ?? 0);
  }

  async #save(): Promise<void> {
    let text = JSON.stringify(this.#state);
    while (text.length > BYTES_MAX && this.size > 1) {
      this.#drop();
      text = JSON.stringify(this.#state);
    }
    await this.#store
      .write('spool', text)
      .catch((error: unknown) =>
        this.#logger.warn({ error: wordsOf(error) }, 'the spool could not be written'),
      );
  }
}
