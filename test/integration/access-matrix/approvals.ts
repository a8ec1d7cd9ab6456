import { generateKeyPairSync, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { approvalBytes } from '@picket/agent-protocol';
import { canonicalJson, sha256Hex } from '@picket/kernel';

import { among, mutation, type Operation, query } from './operation.ts';
import type { Place } from './place.ts';

/** A key for all approvers: each project keeps its own. */
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const KEY = { name: 'boss', publicKey: publicKey.export({ format: 'jwk' }).x ?? '' };

/** A cluster that must have a set and waits for an approver. */
async function waiting(place: Place): Promise<{ clusterId: string; digest: string }> {
  const { project, world } = place;
  await place.do('setApprovers', { project, keys: [KEY] }, '{ name }');
  const { id: clusterId } = await place.cluster();
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: clusterId } };
  const objects = [{ adoption: 'IfNoDiff', manifest }];
  const text = canonicalJson({ format: 1, objects, templates: [] });
  const digest = sha256Hex(text);
  await world.sql('INSERT INTO policy_sets (digest, body, size_bytes) VALUES ($1, $2, 1)', [
    digest,
    gzipSync(text),
  ]);
  await world.sql(`UPDATE clusters SET state = 'APPROVED', desired_digest = $2 WHERE id = $1`, [
    clusterId,
    digest,
  ]);
  await world.sql(
    `INSERT INTO cluster_statuses (cluster_id, epoch, report_sequence, sequence, digest, phase, counts, outcomes, outcomes_dropped, repairs, reported_at)
     VALUES ($1, gen_random_uuid(), 1, 1, '', 'applied', '{"applied":0,"pending":0,"failed":0,"drifted":0}', '[]', 0, 0, now())`,
    [clusterId],
  );
  return { clusterId, digest };
}

export const APPROVALS: Readonly<Record<string, Operation>> = {
  pendingApprovals: among(
    '{ pendingApprovals(first: 200) { edges { node { cluster { id } runningApprovals { digest } } } totalCount } }',
    async (place) => (await waiting(place)).clusterId,
    ({ cluster }) => cluster.id,
  ),
  policySetText: query(
    'query ($clusterId: ID!, $digest: String!) { policySetText(clusterId: $clusterId, digest: $digest) }',
    'CLUSTER_MISSING',
    waiting,
  ),
  setApprovers: mutation('setApprovers', '{ name }', '', ({ project, world }) => ({
    project,
    keys: [{ ...KEY, name: world.name() }],
  })),
  approvePolicySets: mutation('approvePolicySets', '', 'CLUSTER_MISSING', async (place) => {
    const approval = { ...(await waiting(place)), signedAtMs: Date.now(), notAfter: null };
    const signature = sign(null, Buffer.from(approvalBytes(approval)), privateKey);
    const { publicKey: key } = KEY;
    return {
      approvals: [{ ...approval, publicKey: key, signature: signature.toString('base64url') }],
    };
  }),
};
