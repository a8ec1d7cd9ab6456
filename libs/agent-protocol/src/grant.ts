import { canonicalJson } from '@picket/kernel';
import { z } from 'zod';

/** The statement that this cluster shall run this digest (decision 3). What is signed, and nothing else. */
export const Grant = z.object({
  clusterId: z.uuid(),
  /** Rises with every change of digest; an agent refuses one that is lower than what it runs. */
  sequence: z.int().nonnegative(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Seconds since the epoch after which this statement may no longer be accepted. */
  notAfter: z.int().positive(),
  /** Which of the pinned hub keys signed it. */
  keyId: z.string().min(1).max(64),
});
export type Grant = z.infer<typeof Grant>;

/** A grant with its Ed25519 signature (RFC 8032) over {@link grantBytes}, base64url. */
export const SignedGrant = Grant.extend({ signature: z.base64url().max(128) });
export type SignedGrant = z.infer<typeof SignedGrant>;

/** The text whose UTF-8 bytes are signed: a domain prefix, so that no other signature of this key can be replayed as a grant. */
export function grantBytes(grant: Grant): string {
  const { clusterId, sequence, digest, notAfter, keyId } = grant;
  return `picket.grant.v1\n${canonicalJson({ clusterId, sequence, digest, notAfter, keyId })}`;
}
