import type { Cluster } from '../clusters/cluster.ts';
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

/** What a cluster has, from its last report and what it must have. What stands in the way of a newer set comes first. */
export function statusOf(
  { desiredDigest }: Pick<Cluster, 'desiredDigest'>,
  stored: StoredStatus | undefined,
): ClusterStatus {
  return {
    phase: phaseOf(desiredDigest, stored),
    reason: stored?.reason ?? null,
    desiredDigest,
    appliedDigest: stored?.runningDigest ?? null,
    repairs: stored?.repairs ?? 0,
    counts: stored?.counts ?? NONE,
    problems: stored?.outcomes ?? [],
  };
}

function phaseOf(desiredDigest: string | null, stored: StoredStatus | undefined): Phase {
  // A change that touches it is saved, and its new set is not compiled yet.
  if (stored?.stale && stored.phase !== null) return 'PENDING';
  if (stored?.blocked) return 'BLOCKED';
  if (!stored?.digest || stored.phase === null) return 'UNKNOWN';
  if (stored.digest !== desiredDigest) return 'PENDING';
  if (stored.phase === 'failed' || stored.phase === 'refused') return 'FAILED';
  if (stored.phase === 'pending' || (stored.counts?.pending ?? 0) > 0) return 'PENDING';
  return (stored.counts?.drifted ?? 0) > 0 ? 'DRIFTED' : 'APPLIED';
}
