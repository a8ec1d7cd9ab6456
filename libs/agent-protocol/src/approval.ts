import { canonicalJson } from '@picket/kernel';
import { z } from 'zod';

import type { IsSigned } from './key-statement.ts';

/** Whose approval a cluster may want: a name for people, and the raw Ed25519 public key (32 bytes), base64url. */
export const ApproverKey = z.object({
  name: z.string().regex(/^[A-Za-z0-9@._-]{1,64}$/, {
    error: 'must be 1 to 64 letters, digits, "@", ".", "_" or "-"',
  }),
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/, {
    error: 'must be a raw Ed25519 public key in base64url: 43 characters',
  }),
});
export type ApproverKey = z.infer<typeof ApproverKey>;

export const APPROVERS_MAX = 8;

/** Whose word counts besides the hub's, and how many of them are needed. */
export interface Approvers {
  readonly keys: readonly ApproverKey[];
  readonly needed: number;
}

/** The statement of a person that this cluster may run this digest: what is signed, and nothing else. */
export const Approval = z.object({
  clusterId: z.uuid(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Milliseconds since the epoch. What is older than what runs already opens no way back. */
  signedAtMs: z.int().positive(),
  /** Seconds since the epoch after which it may no longer be accepted; null: no end. */
  notAfter: z.int().positive().nullable(),
});
export type Approval = z.infer<typeof Approval>;

/** An approval with the approver's public key and the Ed25519 signature over {@link approvalBytes}, base64url. */
export const SignedApproval = Approval.extend({
  publicKey: ApproverKey.shape.publicKey,
  signature: z.base64url().max(128),
});
export type SignedApproval = z.infer<typeof SignedApproval>;

/** The text whose UTF-8 bytes are signed. Its prefix keeps it apart from everything else that the same key signs, SSH logins for one. */
export function approvalBytes({ clusterId, digest, signedAtMs, notAfter }: Approval): string {
  return `picket.approval.v1\n${canonicalJson({ clusterId, digest, signedAtMs, notAfter })}`;
}

/** How long after its end an approval still counts, and how far it may be of the future (ms): clocks differ. */
const GRACE_MS = 300_000;

export interface ApprovalExpectation {
  readonly clusterId: string;
  readonly digest: string;
  readonly approvers: Approvers;
  /** When what runs now was approved (ms); 0 when it was not. */
  readonly sinceMs: number;
  readonly nowMs: number;
}

/** What came of counting approvals: since when they hold (the oldest that counted, ms), or why they do not. */
export type Counted =
  | { readonly sinceMs: number; readonly fault?: undefined }
  | { readonly fault: string };

/** Counts the approvers who let this cluster run this digest. Everybody counts once; what does not count is told. */
export function countApprovals(
  approvals: readonly SignedApproval[],
  expected: ApprovalExpectation,
  isSigned: IsSigned,
): Counted {
  const { approvers } = expected;
  const times = new Map<string, number>();
  const faults: string[] = [];
  for (const approval of approvals) {
    const fault = faultOf(approval, expected, isSigned);
    if (fault === undefined)
      times.set(
        approval.publicKey,
        Math.max(approval.signedAtMs, times.get(approval.publicKey) ?? 0),
      );
    else faults.push(fault);
  }
  if (times.size >= approvers.needed) return { sinceMs: Math.min(...times.values()) };
  const told = faults.length === 0 ? '' : ` (not counted: ${[...new Set(faults)].join('; ')})`;
  return { fault: `${times.size} of ${approvers.needed} approvals are there${told}` };
}

function faultOf(
  approval: SignedApproval,
  { clusterId, digest, approvers, sinceMs, nowMs }: ApprovalExpectation,
  isSigned: IsSigned,
): string | undefined {
  const key = approvers.keys.find(({ publicKey }) => publicKey === approval.publicKey);
  if (!key) return 'one by a key that is not pinned';
  if (approval.clusterId !== clusterId) return `${key.name}’s, for another cluster`;
  if (approval.digest !== digest) return `${key.name}’s, for another set`;
  if (!isSigned(key.publicKey, approvalBytes(approval), approval.signature))
    return `${key.name}’s, whose signature is wrong`;
  if (approval.notAfter !== null && approval.notAfter * 1_000 + GRACE_MS < nowMs)
    return `${key.name}’s, which has ended`;
  if (approval.signedAtMs > nowMs + GRACE_MS) return `${key.name}’s, which is of the future`;
  if (approval.signedAtMs <= sinceMs) return `${key.name}’s, which is older than what runs`;
  return undefined;
}
