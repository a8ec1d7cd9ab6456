import { createPublicKey, verify } from 'node:crypto';

import { grantBytes, type SignedGrant } from '@picket/agent-protocol';

export interface GrantExpectation {
  readonly clusterId: string;
  readonly hubKeys: readonly { readonly keyId: string; readonly publicKey: string }[];
  /** Sequence of the grant that was accepted last; 0 before the first. */
  readonly sequence: number;
  /** Digest of that grant; null before the first. */
  readonly digest: string | null;
  readonly nowMs: number;
}

/** Why a grant must not be followed, or undefined when it must: for this cluster, signed by a pinned key, not expired, not older (decision 3). */
export function grantFault(grant: SignedGrant, expected: GrantExpectation): string | undefined {
  if (grant.clusterId !== expected.clusterId)
    return `it is for cluster ${grant.clusterId}, and this is ${expected.clusterId}`;
  const key = expected.hubKeys.find(({ keyId }) => keyId === grant.keyId);
  if (!key) return `it is signed with key ${grant.keyId}, which was not pinned at enrolment`;
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey },
    format: 'jwk',
  });
  if (
    !verify(
      null,
      Buffer.from(grantBytes(grant)),
      publicKey,
      Buffer.from(grant.signature, 'base64url'),
    )
  )
    return 'its signature is wrong';
  if (grant.notAfter * 1_000 < expected.nowMs)
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
