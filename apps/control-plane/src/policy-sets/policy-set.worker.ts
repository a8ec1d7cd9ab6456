import { clustersStale } from '../clusters/cluster.jobs.ts';
import { type JobHandler, on } from '../platform/jobs.ts';
import type { PolicySetService } from './policy-set.service.ts';

/** Recomputes policy sets when clusters are stale. */
export class PolicySetWorker {
  readonly handlers: readonly JobHandler[];
  readonly #policySets: PolicySetService;

  constructor(policySets: PolicySetService) {
    this.#policySets = policySets;
    this.handlers = [on(clustersStale, () => policySets.recomputeStale())];
  }

  /** Finds stale clusters whose job was lost. */
  sweep(): Promise<void> {
    return this.#policySets.recomputeStale();
  }
}
