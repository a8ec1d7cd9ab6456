import { setTimeout as sleep } from 'node:timers/promises';

import { reportsReceived } from '../agent-gateway/report.jobs.ts';
import { type JobHandler, on } from '../platform/jobs.ts';
import { type StatusRepository, TAKE_MAX } from './status.repository.ts';

const REST_MS = 25;

/** Moves reports from the inbox into the statuses. */
export class StatusWorker {
  readonly handlers: readonly JobHandler[];
  readonly #statuses: StatusRepository;

  constructor(statuses: StatusRepository) {
    this.#statuses = statuses;
    this.handlers = [on(reportsReceived, () => this.#takeIn())];
  }

  /** Finds reports whose job was lost, and forgets what nobody asks for any more. */
  async sweep(): Promise<void> {
    await this.#takeIn();
    await this.#statuses.trimLedger();
  }

  /** Rests after each handful: what comes in a hurry is taken in together, and what comes alone does not wait. */
  async #takeIn(): Promise<void> {
    for (
      let taken = await this.#statuses.takeIn();
      taken > 0;
      taken = await this.#statuses.takeIn()
    )
      if (taken < TAKE_MAX) await sleep(REST_MS);
  }
}
