import { reportsReceived } from '../agent-gateway/report.jobs.ts';
import { type JobHandler, on } from '../platform/jobs.ts';
import { type StatusRepository, TAKE_MAX } from './status.repository.ts';

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

  /** What comes meanwhile is announced by a job of its own. */
  async #takeIn(): Promise<void> {
    while ((await this.#statuses.takeIn()) === TAKE_MAX);
  }
}
