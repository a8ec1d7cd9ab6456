import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import {
  approvalBytes,
  ApproverKey,
  type Approvers,
  APPROVERS_MAX,
  SignedApproval,
} from '@picket/agent-protocol';
import { z } from 'zod';

import { type Actor, authorize } from '../access/actor.ts';
import { noClusterOf } from '../access/missing.ts';
import type { Subject } from '../audit/attempt.ts';
import type { Changes } from '../audit/changes.ts';
import type { ClusterRepository } from '../clusters/cluster.repository.ts';
import type { Cluster } from '../clusters/cluster.ts';
import type { Project, ProjectRepository } from '../clusters/project.repository.ts';
import { instanceOf, visibleProject } from '../clusters/visible-project.ts';
import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import type { FanOut } from '../platform/fan-out.ts';
import { checked } from '../platform/input.ts';
import { isSigned } from '../platform/is-signed.ts';
import type { PolicySetRepository } from '../policy-sets/policy-set.repository.ts';
import type { ApprovalRepository, PendingApproval } from './approval.repository.ts';
import { ApprovalInvalid, ApprovalNotDue, PolicySetMissing } from './approval.ts';

const unzipped = promisify(gunzip);

interface Parts {
  readonly changes: Changes;
  readonly approvals: ApprovalRepository;
  readonly clusters: ClusterRepository;
  readonly projects: ProjectRepository;
  readonly policySets: PolicySetRepository;
  readonly fanOut: FanOut;
}

const Approvals = z.array(SignedApproval).min(1).max(200);
const Keys = z
  .array(ApproverKey)
  .max(APPROVERS_MAX)
  .refine((keys) => new Set(keys.map(({ publicKey }) => publicKey)).size === keys.length, {
    error: 'a key is there twice',
  });

/** The use cases of the second signer. The hub only carries what approvers sign: agents judge it by keys that they did not get from here. */
export class ApprovalService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whose approval the manifests of new clusters name from now on. Throws ProjectMissing, InputInvalid. */
  async setApprovers(
    actor: Actor,
    input: { project: string; keys: readonly object[]; needed: number },
  ): Promise<Project> {
    const { changes, projects } = this.#parts;
    const keys = checked(Keys, [...input.keys], 'keys');
    const most = Math.max(1, keys.length);
    const needed = checked(z.int().min(1).max(most), input.needed, 'needed');
    return changes.make(actor, async (sql, record) => {
      const project = await visibleProject(actor, projects, input.project, sql);
      authorize(actor, 'write', 'Cluster', instanceOf(project));
      const approvers: Approvers = { keys, needed };
      await projects.setApprovers(project.id, approvers, sql);
      const { id, name, approvers: before } = project;
      record({ id, name, projectId: id, before: { approvers: before }, after: { approvers } });
      return { ...project, approvers };
    });
  }

  async listPending(
    actor: Actor,
    project: string | undefined,
    first: number,
    after?: string,
  ): Promise<Connection<PendingApproval>> {
    const page = pageRequest(first, after);
    const question = { ability: actor.ability, project };
    const { approvals } = this.#parts;
    return connectionOf(
      await approvals.listPending(question, page.after, page.first + 1),
      page,
      ({ project: { name }, cluster }) => `${name}/${cluster.name}`,
      () => approvals.countPending(question),
    );
  }

  /** What let each of these clusters run what it runs. */
  approvalsOfRunning(clusterIds: readonly string[]): Promise<Map<string, SignedApproval[]>> {
    return this.#parts.approvals.ofRunning(clusterIds);
  }

  /** The canonical JSON of a set that the cluster must have or runs: its SHA-256 is the digest. Throws ClusterMissing, PolicySetMissing. */
  async text(actor: Actor, clusterId: string, digest: string): Promise<string> {
    const { approvals, clusters, policySets } = this.#parts;
    const cluster = await clusters.get(clusterId);
    authorize(actor, 'read', 'PolicySet', cluster, noClusterOf({ id: clusterId }));
    const isIts =
      digest === cluster.desiredDigest || digest === (await approvals.runningDigest(clusterId));
    const body = isIts ? await policySets.body(digest) : undefined;
    if (!body)
      throw new PolicySetMissing('The cluster neither must have this set nor runs it', { digest });
    return (await unzipped(body)).toString('utf8');
  }

  /** Takes all of them or none. Throws ClusterMissing, ApprovalInvalid, ApprovalNotDue. */
  async approve(actor: Actor, given: readonly object[]): Promise<string[]> {
    const { approvals, changes, fanOut } = this.#parts;
    const signed = checked(Approvals, [...given], 'approvals');
    const ids = [...new Set(signed.map(({ clusterId }) => clusterId))];
    await changes.make(actor, async (sql, record) => {
      const told = [];
      const projectIds = new Set<string>();
      let subject: Subject = {};
      for (const approval of signed) {
        const cluster = await this.#parts.clusters.get(approval.clusterId, sql);
        authorize(actor, 'write', 'Approval', cluster, noClusterOf({ id: cluster.id }));
        const approvers = await this.#parts.projects.approvers(cluster.projectId, sql);
        const { name } = judge(approval, cluster, approvers);
        told.push({ cluster: cluster.name, digest: approval.digest, approver: name });
        projectIds.add(cluster.projectId);
        subject = cluster;
      }
      await approvals.add(signed, sql);
      const several = ids.length === 1 ? {} : { id: undefined, name: `${ids.length} clusters` };
      // Who reads the log of one project is not to see clusters of another.
      const shared = projectIds.size === 1 ? {} : { projectId: undefined };
      record({ ...subject, ...several, ...shared, after: { approvals: told } });
    });
    await fanOut.publish('grants.changed', ids);
    return ids;
  }
}

/** Whose approval it is. Agents judge anew: this only keeps out what none of them could take. */
function judge(approval: SignedApproval, cluster: Cluster, { keys }: Approvers): ApproverKey {
  const { name, desiredDigest } = cluster;
  const key = keys.find(({ publicKey }) => publicKey === approval.publicKey);
  if (!key) throw new ApprovalInvalid(`The key approves nothing for ${name}`, { cluster: name });
  if (approval.digest !== desiredDigest)
    throw new ApprovalNotDue(`${name} must have another set: look at it again`, { cluster: name });
  const isIts = approval.clusterId === cluster.id;
  if (!isIts || !isSigned(approval.publicKey, approvalBytes(approval), approval.signature))
    throw new ApprovalInvalid(`The signature for ${name} is wrong`, { cluster: name });
  return key;
}
