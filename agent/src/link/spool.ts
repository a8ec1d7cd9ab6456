import type { StatusReport } from '@picket/agent-protocol';
import { randomUUID } from 'node:crypto';

import type { StateStore } from './state-store.ts';

const REPORTS_MAX = 50;

interface Spooled {
  epoch: string;
  nextSequence: number;
  reports: StatusReport[];
  dropped: number;
}

export type Report = Omit<StatusReport, 'protocol' | 'epoch' | 'reportSequence' | 'reportsDropped'>;

/** Reports that the hub has not acknowledged yet, on disk. Bounded: the oldest go first and are counted; the newest says it all anyway. */
export class Spool {
  readonly #store: StateStore;
  #state: Spooled;

  private constructor(store: StateStore, state: Spooled) {
    this.#store = store;
    this.#state = state;
  }

  static async load(store: StateStore): Promise<Spool> {
    const text = await store.read('spool').catch(() => undefined);
    try {
      if (text !== undefined) return new Spool(store, JSON.parse(text) as Spooled);
    } catch {
      // A spool that cannot be read is as good as none: a new epoch tells the hub so.
    }
    return new Spool(store, { epoch: randomUUID(), nextSequence: 1, reports: [], dropped: 0 });
  }

  get size(): number {
    return this.#state.reports.length;
  }

  async add(report: Report): Promise<void> {
    const { epoch, nextSequence, dropped } = this.#state;
    this.#state.reports.push({
      ...report,
      protocol: '1.0',
      epoch,
      reportSequence: nextSequence,
      reportsDropped: dropped,
    });
    this.#state.nextSequence += 1;
    this.#state.dropped = 0;
    while (this.#state.reports.length > REPORTS_MAX) {
      this.#state.reports.shift();
      this.#state.dropped += 1;
    }
    await this.#save();
  }

  /** Sends what waits, oldest first; stops at the first that does not get through and keeps it. */
  async flush(send: (report: StatusReport) => Promise<void>): Promise<void> {
    for (let first = this.#state.reports[0]; first; first = this.#state.reports[0]) {
      await send(first);
      if (this.#state.reports[0] === first) this.#state.reports.shift();
      await this.#save();
    }
  }

  async #save(): Promise<void> {
    await this.#store.write('spool', JSON.stringify(this.#state));
  }
}
