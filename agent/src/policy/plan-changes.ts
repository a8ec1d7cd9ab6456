import type { DesiredObject } from './desired.ts';

/** Fingerprints of what was applied, and of what it looked like right after. */
export interface Applied {
  readonly desired: string;
  readonly live: string;
}

/** What planning needs to know of an object that is there and carries our marks. */
export interface LiveState {
  readonly fingerprint: string;
  /** See {@link effectRank}. */
  readonly rank: number;
}

export interface Plan {
  /** In the order in which they must be written. */
  readonly applies: readonly DesiredObject[];
  /** Keys, in the order in which they must go, after all applies. */
  readonly prunes: readonly string[];
}

interface Situation {
  readonly desired: readonly DesiredObject[];
  /** Live objects with our marks, by key. */
  readonly live: ReadonlyMap<string, LiveState>;
  /** The inventory: keys of what this agent made or adopted. Nothing else is ever pruned (decision 7). */
  readonly owned: ReadonlySet<string>;
  readonly applied: ReadonlyMap<string, Applied>;
}

/**
 * What turns the live objects into the desired ones.
 *
 * An object is in place when it was applied as it is desired and still looks as it did right after; what other people's defaulting adds is
 * part of that look. Applied twice it plans nothing. What opens is written first and goes last.
 */
export function planChanges({ desired, live, owned, applied }: Situation): Plan {
  const wanted = new Set(desired.map(({ key }) => key));
  const applies = desired
    .filter(({ key, fingerprint }) => {
      const before = applied.get(key);
      return before?.desired !== fingerprint || before.live !== live.get(key)?.fingerprint;
    })
    .toSorted((a, b) => effectRank(a.manifest) - effectRank(b.manifest));
  const prunes = [...live]
    .filter(([key]) => owned.has(key) && !wanted.has(key))
    .toSorted(([, a], [, b]) => b.rank - a.rank)
    .map(([key]) => key);
  return { applies, prunes };
}

interface Effective {
  readonly kind: string;
  readonly spec?: unknown;
}

/** From this rank on an object closes and opens nothing. */
export const CLOSES = 3;

/**
 * Where in the order of writes an object stands (decision 8): what only opens comes before what closes, so that no connection that both the
 * old and the new set allow is cut in between. Prunes go the other way round.
 */
export function effectRank({ kind, spec }: Effective): number {
  if (kind === 'Tier') return 0;
  if (denies(spec)) return 4;
  if (kind === 'ClusterNetworkPolicy') return 1;
  // A policy with rules opens what it names; one without only isolates.
  return rulesOf(spec, 'ingress', 'egress').length > 0 ? 2 : CLOSES;
}

/** Whether some rule denies: `action: Deny` of ClusterNetworkPolicy and Calico, `ingressDeny` and `egressDeny` of Cilium. */
export function denies(spec: unknown): boolean {
  return (
    rulesOf(spec, 'ingressDeny', 'egressDeny').length > 0 ||
    rulesOf(spec, 'ingress', 'egress').some(
      (rule) => (rule as { action?: unknown } | null)?.action === 'Deny',
    )
  );
}

function rulesOf(spec: unknown, ...fields: readonly string[]): unknown[] {
  const members = (spec ?? {}) as Readonly<Record<string, unknown>>;
  return fields.flatMap((field) => {
    const rules = members[field];
    return Array.isArray(rules) ? (rules as unknown[]) : [];
  });
}
