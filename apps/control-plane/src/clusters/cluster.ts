import { DomainError, type Problem, type Json } from '@picket/kernel';

export type ClusterState = 'INVITED' | 'PENDING' | 'APPROVED' | 'REVOKED';

/** A member of the fleet, as people see it. */
export interface Cluster {
  readonly id: string;
  readonly projectId: string;
  readonly project: { readonly name: string };
  readonly organizationId: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: ClusterState;
  readonly registeredAt: Date;
  readonly approvedAt: Date | null;
  readonly desiredDigest: string | null;
  readonly desiredSequence: number;
  readonly renderKey: string | null;
  readonly capabilitiesHash: string | null;
}

export class ProjectMissing extends DomainError {
  readonly code = 'PROJECT_MISSING';
  readonly kind = 'notFound';
}

export class ProjectExists extends DomainError {
  readonly code = 'PROJECT_EXISTS';
  readonly kind = 'conflict';
}

export class ClusterMissing extends DomainError {
  readonly code = 'CLUSTER_MISSING';
  readonly kind = 'notFound';
}

export class ClusterExists extends DomainError {
  readonly code = 'CLUSTER_EXISTS';
  readonly kind = 'conflict';
}

/** The cluster is not in a state from which this move is possible. */
export class ClusterMoveForbidden extends DomainError {
  readonly code = 'CLUSTER_MOVE_FORBIDDEN';
  readonly kind = 'conflict';
}

/** An input has problems; `details.problems` lists all of them with their paths. */
export class InputInvalid extends DomainError {
  readonly code = 'INPUT_INVALID';
  readonly kind = 'invalid';

  constructor(what: string, problems: readonly Problem[]) {
    super(
      `${what}: ${problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ')}`.slice(
        0,
        2_000,
      ),
      {
        problems: problems as unknown as Json,
      },
    );
  }
}
