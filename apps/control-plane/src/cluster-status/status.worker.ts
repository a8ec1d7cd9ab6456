import { reportsReceived } from '../agent-gateway/report.jobs.ts';
import { type JobHandler, on } from '../platform/jobs.ts';
import type { StatusRepository } from './status.repository.ts';

/** Moves reports from the inbox into the statuses. */
export class StatusWorker {
  readonly handlers: readonly JobHandler[];
  readonly #statuses: StatusRepository;

  constructor(statuses: StatusRepository) {
    this.#statuses = statuses;
    this.handlers = [on(reportsReceived, () => this.sweep())];
  }

  /** Takes in whatever waits; also finds reports whose job was lost. */
  async sweep(): Promise<void> {
    while ((await this.#statuses.takeIn()) > 0);
  }
}
