import type { Manifest } from '@picket/compiler';

import type { DesiredObject } from './desired.ts';

/** What was applied, and what it looked like afterwards. */
export interface Applied {
  readonly desired: string;
  readonly live: string;
}

export interface Plan {
  /** In the order in which they must be written. */
  readonly applies: readonly DesiredObject[];
  /** Keys, in the order in which they must be deleted, after all applies. */
  readonly prunes: readonly string[];
}

interface Situation {
  readonly desired: readonly DesiredObject[];
  /** Fingerprint of each live object that is ours, by key. */
  readonly live: ReadonlyMap<string, string>;
  readonly applied: ReadonlyMap<string, Applied>;
  readonly fingerprint: (manifest: Manifest) => string;
}

/**
 * What turns the live objects into the desired ones.
 *
 * An object is in place when it was applied as it is desired and still looks as it did right after; what other people's defaulting adds is
 * part of that look. Only objects of `live` are ever deleted, and those are ours alone. Applied twice it plans nothing.
 */
export function planChanges({ desired, live, applied, fingerprint }: Situation): Plan {
  const wanted = new Set(desired.map(({ key }) => key));
  const applies = desired
    .filter(({ key, manifest }) => {
      const before = applied.get(key);
      return (
        before === undefined ||
        before.live !== live.get(key) ||
        before.desired !== fingerprint(manifest)
      );
    })
    .toSorted((a, b) => effectRank(a.manifest) - effectRank(b.manifest));
  return { applies, prunes: [...live.keys()].filter((key) => !wanted.has(key)) };
}

/**
 * Where in the order of writes an object stands (decision 8): what only opens comes before what closes, so that no connection that both the
 * old and the new set allow is cut in between.
 */
export function effectRank({ kind, spec }: Manifest): number {
  if (kind === 'Tier') return 0;
  if (kind === 'ClusterNetworkPolicy') return opensOnly({ spec }) ? 1 : 4;
  // A policy with rules opens what it names; one without only isolates.
  return rulesOf(spec).length > 0 ? 2 : 3;
}

/** Whether no rule of it denies. */
export function opensOnly({ spec }: Pick<Manifest, 'spec'>): boolean {
  return rulesOf(spec).every((rule) => (rule as { action?: unknown }).action !== 'Deny');
}

function rulesOf(spec: Manifest['spec']): unknown[] {
  return [spec['ingress'], spec['egress']].flatMap((rules) =>
    Array.isArray(rules) ? (rules as unknown[]) : [],
  );
}
