import { approvalBytes, type SignedApproval } from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';

import { Failure, exitCode } from '../exit-code.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { listAll } from '../hub/list-all.ts';
import { listPendingApprovals, type PendingApproval, readSetText } from '../hub/operations.ts';
import { isSigned } from '../keys/approver-key.ts';

/** Clusters that wait for the same set and run the same: one look is enough for all of them. */
export interface Waiting {
  readonly clusters: readonly PendingApproval[];
  /** Canonical JSON, and the SHA-256 of it that was computed here. */
  readonly text: string;
  readonly digest: string;
  /** What runs, when the one who looks has approved it; absent: nobody but the hub says what runs. */
  readonly before: string | undefined;
}

export function listPending(hub: HubClient, project: string): Promise<PendingApproval[]> {
  return listAll(
    async (after) => (await hub.ask(listPendingApprovals, { project, after })).pendingApprovals,
  );
}

/** Fetches what is to be looked at. Throws when a set is not what the hub says that it is. */
export async function readWaiting(
  hub: HubClient,
  pending: readonly PendingApproval[],
  publicKey: string,
): Promise<Waiting[]> {
  const groups = Map.groupBy(
    pending,
    (each) => `${each.digest} ${isVouched(each, publicKey) ? each.runningDigest : ''}`,
  );
  const waiting: Waiting[] = [];
  for (const clusters of groups.values()) {
    const [first] = clusters;
    if (!first) continue;
    const { digest, runningDigest } = first;
    const text = await readText(hub, first, digest);
    const before =
      runningDigest !== null && isVouched(first, publicKey)
        ? await readText(hub, first, runningDigest)
        : undefined;
    waiting.push({ clusters, text, digest, before });
  }
  return waiting;
}

/** A hub that lies about what runs could hide a change: so only what was approved with the same key counts as running. */
function isVouched(
  { cluster, runningDigest, runningApprovals }: PendingApproval,
  publicKey: string,
): boolean {
  return runningApprovals.some(
    (approval: SignedApproval) =>
      approval.publicKey === publicKey &&
      approval.clusterId === cluster.id &&
      approval.digest === runningDigest &&
      isSigned(publicKey, approvalBytes(approval), approval.signature),
  );
}

async function readText(
  hub: HubClient,
  { cluster }: PendingApproval,
  digest: string,
): Promise<string> {
  const { policySetText } = await hub.ask(readSetText, { clusterId: cluster.id, digest });
  if (sha256Hex(policySetText) !== digest)
    throw new Failure(
      exitCode.refused,
      `The hub gave another policy set for ${cluster.name} than the one it names`,
    );
  return policySetText;
}
