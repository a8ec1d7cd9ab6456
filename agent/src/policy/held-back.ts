import type { ObjectOutcome } from '@picket/agent-protocol';
import { isOfTeam, type Manifest } from '@picket/compiler';

interface Written {
  readonly key: string;
  readonly manifest: Manifest;
}

/**
 * Which keys may not go yet, because what could not be written may be what they stood in for: nothing goes after a failure of the platform's,
 * and after one of a team's nothing of that claim in that namespace.
 */
export function heldBack(
  desired: readonly Written[],
  outcomes: readonly ObjectOutcome[],
): (key: string) => boolean {
  const failed = new Set(
    outcomes
      .filter(({ state }) => state === 'failed')
      .map(({ kind, namespace, name }) => `${kind} ${namespace ?? ''}/${name}`),
  );
  const unwritten = desired.filter(({ key }) => failed.has(key));
  if (!unwritten.every(({ manifest }) => isOfTeam(manifest.metadata.labels))) return () => true;
  const places = new Set(unwritten.map(({ key }) => claimIn(key)));
  return (key) => places.has(claimIn(key));
}

/** Of `kind namespace/policy.claim.project` all but the policy. */
function claimIn(key: string): string {
  return key.replace(/\/[^/.]+\.([^/.]+\.[^/.]+)$/, '/$1');
}
