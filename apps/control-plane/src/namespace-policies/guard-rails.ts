import { DomainError } from '@picket/kernel';
import type { GuardRails } from '@picket/policy';

/** The guard rails of a project. */
export interface ProjectRails {
  readonly organizationId: string;
  readonly projectId: string;
  readonly project: string;
  readonly rails: GuardRails;
  /** Rises with each change; 0: nothing was ever said. */
  readonly revision: number;
}

/** Somebody else changed them first. */
export class GuardRailsChanged extends DomainError {
  readonly code = 'GUARD_RAILS_CHANGED';
  readonly kind = 'conflict';
}
