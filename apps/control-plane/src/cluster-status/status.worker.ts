import { reportsReceived } from '../agent-gateway/report.jobs.ts';
import type { FanOut } from '../platform/fan-out.ts';
import { type JobHandler, on } from '../platform/jobs.ts';
import { type StatusRepository, TAKE_MAX } from './status.repository.ts';

/** Moves reports from the inbox into the statuses. */
export class StatusWorker {
  readonly handlers: readonly JobHandler[];
  readonly #statuses: StatusRepository;
  readonly #fanOut: FanOut;

  constructor(statuses: StatusRepository, fanOut: FanOut) {
    this.#statuses = statuses;
    this.#fanOut = fanOut;
    this.handlers = [on(reportsReceived, () => this.#takeIn())];
  }

  /** Finds reports whose job was lost, and forgets what nobody asks for any more. */
  async sweep(): Promise<void> {
    await this.#takeIn();
    await this.#statuses.trimLedger();
  }

  /** What comes meanwhile is announced by a job of its own. */
  async #takeIn(): Promise<void> {
    for (;;) {
      const { taken, clusterIds } = await this.#statuses.takeIn();
      if (clusterIds.length > 0) await this.#fanOut.publish('statuses.changed', clusterIds);
      if (taken < TAKE_MAX) return;
    }
  }
}
