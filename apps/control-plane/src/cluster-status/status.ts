import type { StoredStatus } from './status.repository.ts';

export type Phase = 'APPLIED' | 'PENDING' | 'FAILED' | 'DRIFTED' | 'BLOCKED' | 'UNKNOWN';

export interface ClusterStatus {
  readonly phase: Phase;
  readonly reason: string | null;
  readonly desiredDigest: string | null;
  readonly appliedDigest: string | null;
  readonly repairs: number;
  readonly counts: Readonly<Record<'applied' | 'pending' | 'failed' | 'drifted', number>>;
  readonly problems: readonly {
    kind: string;
    namespace: string | null;
    name: string;
    state: string;
    message: string | null;
  }[];
}

const NONE = { applied: 0, pending: 0, failed: 0, drifted: 0 };

/**
 * What a cluster has, from its last report and what it must have. What stands in the way of a newer set comes first. Everything is of one
 * moment: what it must have is read with the report and not with the cluster, or a set that was compiled between the two would hide.
 */
export function statusOf(stored: StoredStatus | undefined): ClusterStatus {
  return {
    phase: stored ? phaseOf(stored) : 'UNKNOWN',
    reason: stored?.reason ?? null,
    desiredDigest: stored?.desiredDigest ?? null,
    appliedDigest: stored?.runningDigest ?? null,
    repairs: stored?.repairs ?? 0,
    counts: stored?.counts ?? NONE,
    problems: stored?.outcomes ?? [],
  };
}

function phaseOf({ stale, blocked, digest, phase, desiredDigest, counts }: StoredStatus): Phase {
  // A change that touches it is saved, and its new set is not compiled yet.
  if (stale && phase !== null) return 'PENDING';
  if (blocked) return 'BLOCKED';
  if (digest === null || phase === null) return 'UNKNOWN';
  if (digest !== desiredDigest) return 'PENDING';
  if (phase === 'failed' || phase === 'refused') return 'FAILED';
  if (phase === 'pending' || (counts?.pending ?? 0) > 0) return 'PENDING';
  return (counts?.drifted ?? 0) > 0 ? 'DRIFTED' : 'APPLIED';
}
