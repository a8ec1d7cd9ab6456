import { grantBytes, type HubKey, type SignedGrant } from '@picket/agent-protocol';

import { isSigned } from './is-signed.ts';

/** How long after its end a grant is still accepted: as far as the clocks of replicas may differ, with the way of the answer. */
const GRACE_S = 60;

export interface GrantExpectation {
  readonly clusterId: string;
  readonly hubKeys: readonly HubKey[];
  /** Sequence of the grant that was accepted last; 0 before the first. */
  readonly sequence: number;
  /** Digest of that grant; null before the first. */
  readonly digest: string | null;
  readonly nowMs: number;
}

/**
 * Why a grant must not be followed, or undefined when it must: for this cluster, signed by a pinned key, not expired, not older (decision 3).
 * It is asked when a grant comes. What was accepted goes on after its end: an end keeps an old grant from being played back, and is no
 * reason to open a cluster whose hub is away.
 */
export function grantFault(grant: SignedGrant, expected: GrantExpectation): string | undefined {
  if (grant.clusterId !== expected.clusterId)
    return `it is for cluster ${grant.clusterId}, and this is ${expected.clusterId}`;
  const key = expected.hubKeys.find(({ keyId }) => keyId === grant.keyId);
  if (!key) return `it is signed with key ${grant.keyId}, which is not pinned`;
  if (!isSigned(key.publicKey, grantBytes(grant), grant.signature)) return 'its signature is wrong';
  if ((grant.notAfter + GRACE_S) * 1_000 < expected.nowMs)
    return `it ended at ${new Date(grant.notAfter * 1_000).toISOString()}`;
  if (grant.sequence < expected.sequence)
    return `its sequence ${grant.sequence} is older than ${expected.sequence}`;
  if (
    grant.sequence === expected.sequence &&
    expected.digest !== null &&
    grant.digest !== expected.digest
  )
    return `its sequence ${grant.sequence} was used for another digest`;
  return undefined;
}
