import { z } from 'zod';

import { APPROVERS_MAX, SignedApproval } from './approval.ts';
import { Capabilities } from './capabilities.ts';
import { SignedGrant } from './grant.ts';
import { HubKeys, KEY_STATEMENTS_MAX, KeyStatement } from './key-statement.ts';
import { Text } from './text.ts';

/** Minor version of the protocol that this code speaks; the major one is in the path. Unknown fields are ignored on both sides. */
export const PROTOCOL_VERSION = '1.0';

/** SHA-256 of a policy set's canonical JSON, 64 lower-case hex digits. */
export const Digest = z.string().regex(/^[0-9a-f]{64}$/);

const Base64Url = z.base64url().max(256);

/** How many: fits a 32-bit integer, which is what GraphQL and the columns of the hub can say. */
const Count = z.int().nonnegative().max(2_147_483_647);

/** Trades a one-time join token for an identity. The signature proves that the sender holds the key. */
export const EnrolRequest = z.object({
  protocol: Text(16),
  joinToken: z.string().min(16).max(256),
  /** Raw Ed25519 public key (32 bytes), base64url. */
  publicKey: Base64Url,
  /** Ed25519 signature over `picket.enrol.v1\n${joinToken}\n${publicKey}`, base64url. */
  proof: Base64Url,
  agentVersion: Text(64),
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

/** The same answer to a repeated request with the same token and key, so a lost answer costs nothing. */
export const EnrolResponse = z.object({
  clusterId: z.uuid(),
  state: z.enum(['pending', 'approved']),
  /** Keys that sign grants, pinned by the agent from now on. */
  hubKeys: HubKeys,
  /** Of the last key statement before: the next one continues from here. Absent: the hub makes none. */
  keysCounter: Count.optional(),
});
export type EnrolResponse = z.infer<typeof EnrolResponse>;

/** A client assertion (RFC 7523, EdDSA JWT): `iss` and `sub` the cluster id, `aud` `picket-hub`, `iat`, `exp` within 120 s, `jti`. Works once. */
export const TokenRequest = z.object({ assertion: Text(2_048) });
export type TokenRequest = z.infer<typeof TokenRequest>;

export const TokenResponse = z.object({
  accessToken: Text(2_048),
  /** Seconds. */
  expiresIn: z.int().positive(),
});
export type TokenResponse = z.infer<typeof TokenResponse>;

/** The heartbeat: what runs here. */
export const SyncRequest = z.object({
  protocol: Text(16),
  agentVersion: Text(64),
  /** Digest that is applied and confirmed now; null before the first one. */
  digest: Digest.nullable(),
  /** Sequence of the last grant that was accepted; 0 before the first one. */
  sequence: z.int().nonnegative(),
  /** Not-after of that grant (s), so that the hub can leave a good one alone; 0 before the first one. */
  notAfter: z.int().nonnegative(),
  /** SHA-256 of the canonical capabilities that were last reported, null when none were. */
  capabilitiesHash: Digest.nullable(),
  /** Up to which size (bytes, compressed) a new policy set may come with its grant, which saves a request; absent: never. */
  inlineBytes: z.int().nonnegative().optional(),
  /** Where the agent stands in the chain of key statements; absent: it follows none. */
  keys: z
    .object({
      counter: Count,
      /** Why it goes no further; null when nothing is in its way. */
      fault: Text(500).nullable(),
    })
    .optional(),
  /** True when this cluster runs another digest only with approvals; absent: it needs none. */
  wantsApprovals: z.boolean().optional(),
});
export type SyncRequest = z.infer<typeof SyncRequest>;

/** Largest policy set (bytes, compressed) that comes with its grant: most are smaller. */
export const INLINE_BYTES_MAX = 16_384;

export const SyncResponse = z.object({
  /** Null: nothing to run yet, or the grant that the agent holds is still the right one and not near its end. */
  grant: SignedGrant.nullable(),
  /** The policy set of the grant, gzip in base64, when the agent may have it so; absent: fetch it by its digest. */
  set: z
    .base64()
    .max((INLINE_BYTES_MAX * 4) / 3 + 4)
    .optional(),
  /** What approvers said of the grant's digest, for agents that want that. */
  approvals: z.array(SignedApproval).max(APPROVERS_MAX).optional(),
  /** The key statements that this agent has not followed, oldest first, to be followed before the grant is judged; absent: none. */
  keyStatements: z.array(KeyStatement).max(KEY_STATEMENTS_MAX).optional(),
  /** True when the hub does not know these capabilities: send a facts report. */
  wantsFacts: z.boolean(),
  heartbeatMs: z.int().positive(),
  /** Milliseconds since the epoch, for agents with a wrong clock. */
  hubTimeMs: z.int().positive(),
});
export type SyncResponse = z.infer<typeof SyncResponse>;

/** One object that is not simply in place. */
export const ObjectOutcome = z.object({
  /** `apiVersion/Kind` and name as in the policy set: `networking.k8s.io/v1/NetworkPolicy`. */
  kind: Text(256),
  namespace: Text(253).nullable(),
  name: Text(253),
  state: z.enum(['pending', 'failed', 'drifted', 'foreign']),
  /** The API server's own words, cut at 2,000 characters; for `foreign` which adoption mode keeps us away. */
  message: Text(2_000),
});
export type ObjectOutcome = z.infer<typeof ObjectOutcome>;

/** What became of a grant. Exactly-once in effect by (cluster, epoch, sequence of the report). */
export const StatusReport = z.object({
  protocol: Text(16),
  /** Chosen at random when an agent starts without its spool; report sequences rise within it. */
  epoch: z.uuid(),
  reportSequence: z.int().positive(),
  /** The grant that this speaks of. */
  sequence: z.int().nonnegative(),
  digest: Digest,
  /** Digest that is in force after it: that one, the one before when it was refused or failed, null when there is none. */
  running: Digest.nullable(),
  phase: z.enum(['applied', 'pending', 'failed', 'refused']),
  /** How many objects, namespace templates expanded, are in each state. */
  counts: z.object({
    applied: Count,
    pending: Count,
    failed: Count,
    drifted: Count,
  }),
  /** Everything that is not `applied`, at most 500; what did not fit is counted. */
  outcomes: z.array(ObjectOutcome).max(500),
  outcomesDropped: Count,
  /** How often drift was repaired since the last report. */
  repairs: Count,
  /** Reports that the spool had to drop since the last one. */
  reportsDropped: Count,
  /** Milliseconds since the epoch by the agent's corrected clock. */
  atMs: z.int().positive(),
  /** Why the whole set was refused (bad grant, wrong digest, …); null otherwise. */
  reason: Text(2_000).nullable(),
});
export type StatusReport = z.infer<typeof StatusReport>;

export const FactsReport = z.object({ protocol: Text(16), capabilities: Capabilities });
export type FactsReport = z.infer<typeof FactsReport>;

/** Body of every answer that is not 2xx. `code` is stable, `message` is for people. */
export const Refusal = z.object({
  code: Text(64),
  message: Text(2_000),
  /** Present with 401 CLOCK_SKEW: milliseconds since the epoch by the hub's clock. */
  hubTimeMs: z.int().positive().optional(),
});
export type Refusal = z.infer<typeof Refusal>;

/**
 * The codes that an agent acts upon: PENDING_APPROVAL (403, ask again later), REVOKED (403, stop asking, keep enforcing), CLOCK_SKEW (401),
 * TOKEN_EXPIRED (401, get a new token), JOIN_TOKEN_USED, JOIN_TOKEN_EXPIRED, JOIN_TOKEN_UNKNOWN (403), UNSUPPORTED_PROTOCOL (400),
 * NOT_DUE (404), TOO_LARGE (413), OVERLOADED (429 or 503 with Retry-After).
 */
export type RefusalCode =
  | 'PENDING_APPROVAL'
  | 'REVOKED'
  | 'CLOCK_SKEW'
  | 'TOKEN_EXPIRED'
  | 'JOIN_TOKEN_USED'
  | 'JOIN_TOKEN_EXPIRED'
  | 'JOIN_TOKEN_UNKNOWN'
  | 'UNSUPPORTED_PROTOCOL'
  | 'NOT_DUE'
  | 'TOO_LARGE'
  | 'OVERLOADED';
