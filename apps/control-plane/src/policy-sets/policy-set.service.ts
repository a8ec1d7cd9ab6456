import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { type Binding, type BoundNamespacePolicy, compile } from '@picket/compiler';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import type { Blueprint } from '@picket/policy';
import { matchesLabels } from '@picket/selector';
import type { DataSource } from 'typeorm';

import type { Assignment } from '../assignments/assignment.ts';
import type { AssignmentRepository } from '../assignments/assignment.repository.ts';
import type { BlueprintRepository } from '../blueprints/blueprint.repository.ts';
import { loadIncludes } from '../blueprints/includes.ts';
import type { EffectivePolicy, ReachRepository } from '../namespace-policies/reach.repository.ts';
import { inTransaction, type Sql } from '../platform/database.ts';
import type { FanOut } from '../platform/fan-out.ts';
import type { Logger } from '../platform/logger.ts';
import type { PolicySetRepository, Render, StaleCluster } from './policy-set.repository.ts';

const gzipped = promisify(gzip);
// Small first, so that the first agents wake while the rest is under way; then large, because each batch costs a transaction.
const BATCH_FIRST = 250;
const BATCH_MAX = 2_500;
/** How long a pause is, and how often it is looked again, while others have the rows of stale clusters. */
const HELD_MS = 50;
const HELD_LOOKS = 200;
const DOCUMENTS_MAX = 500;

interface Parts {
  readonly dataSource: DataSource;
  readonly policySets: PolicySetRepository;
  readonly assignments: AssignmentRepository;
  readonly blueprints: BlueprintRepository;
  readonly reach: ReachRepository;
  readonly fanOut: FanOut;
  readonly logger: Logger;
}

interface Document {
  readonly document: Blueprint;
  readonly includes: Record<string, Blueprint>;
}

/** Clusters that must have the same, and what that comes from. */
interface Group {
  readonly members: string[];
  readonly bound: readonly Assignment[];
  readonly policies: readonly EffectivePolicy[];
  readonly capabilitiesHash: string;
}

/** Brings stale clusters up to date: one compilation per distinct input, one row per distinct result, and only changed digests wake agents. */
export class PolicySetService {
  readonly #parts: Parts;
  // Versions are immutable, so a document once read stays right.
  readonly #documents = new Map<string, Document>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Works until nothing is stale. Safe to run in several processes at once: what somebody else has is looked at again, because they may have
   * it for something else. Nobody can hold up the others by that, and after a while the rest is left to the sweep.
   */
  async recomputeStale(): Promise<void> {
    for (let looks = 0; looks < HELD_LOOKS; looks++) {
      await this.#recomputeFree();
      if ((await this.#parts.policySets.countStale()) === 0) return;
      await sleep(HELD_MS);
    }
  }

  async #recomputeFree(): Promise<void> {
    for (let limit = BATCH_FIRST; ; limit = Math.min(limit * 4, BATCH_MAX)) {
      const { clusters, changed } = await inTransaction(this.#parts.dataSource, (sql) =>
        this.#recomputeBatch(limit, sql),
      );
      if (changed.length > 0) await this.#parts.fanOut.publish('grants.changed', changed);
      if (clusters > 0)
        this.#parts.logger.info({ clusters, changed: changed.length }, 'policy sets recomputed');
      if (clusters < limit) return;
    }
  }

  async #recomputeBatch(limit: number, sql: Sql): Promise<{ clusters: number; changed: string[] }> {
    const stale = await this.#parts.policySets.lockStale(limit, sql);
    if (stale.length === 0) return { clusters: 0, changed: [] };
    const projects = [...new Set(stale.map(({ projectId }) => projectId))];
    const assignments = Map.groupBy(
      await this.#parts.assignments.listEffective(projects, sql),
      ({ projectId }) => projectId,
    );

    const reach = await this.#parts.reach.of(
      stale.map(({ id }) => id),
      sql,
    );

    // Clusters without facts cannot be compiled for; the facts report makes them stale again.
    const groups = new Map<string, Group>();
    for (const { id, projectId, labels, state, capabilitiesHash } of stale) {
      if (capabilitiesHash === null || state === 'REVOKED') continue;
      const bound = boundTo(labels, assignments.get(projectId) ?? []);
      const { key: reached, policies } = reach.of(id);
      const key = `${capabilitiesHash} ${bound.map((one) => `${one.id}@${one.revision}`).join(' ')} ${projectId} ${reached}`;
      const group = groups.get(key);
      if (group) group.members.push(id);
      else groups.set(key, { members: [id], bound, policies, capabilitiesHash });
    }
    const keyed = [...groups.values()].map((group) => ({ ...group, key: renderKey(group) }));
    const renders = await this.#parts.policySets.renders(
      keyed.map(({ key }) => key),
      sql,
    );
    for (const { key, ...group } of keyed)
      if (!renders.has(key)) renders.set(key, await this.#render(key, group, sql));

    const renderOf = new Map<string, Render | undefined>();
    for (const { key, members } of keyed)
      for (const id of members) renderOf.set(id, renders.get(key));
    const changed = await this.#parts.policySets.settle(
      stale.map(({ id }) => ({ id, render: renderOf.get(id) })),
      sql,
    );
    return { clusters: stale.length, changed };
  }

  async #render(
    key: string,
    { bound, policies, capabilitiesHash }: Group,
    sql: Sql,
  ): Promise<Render> {
    const capabilities = (await this.#parts.policySets.capabilities([capabilitiesHash], sql)).get(
      capabilitiesHash,
    );
    const bindings: Binding[] = [];
    for (const { name, blueprint, blueprintId, blueprintProjectId, version, parameters } of bound)
      bindings.push({
        assignment: name,
        blueprint,
        version,
        parameters,
        ...(await this.#document(blueprintProjectId, blueprintId, version, sql)),
      });
    const namespacePolicies = await this.#namespacePolicies(policies, sql);
    const result = compile({
      bindings,
      namespacePolicies,
      capabilities: capabilities?.apis ?? {},
    });
    const render = await this.#parts.policySets.addRender(
      key,
      result,
      await gzipped(result.text),
      sql,
    );
    this.#parts.logger.info(
      {
        digest: result.digest,
        blocked: result.blocked,
        bindings: bindings.length,
        namespacePolicies: namespacePolicies.length,
      },
      'policy set compiled',
    );
    return render;
  }

  async #namespacePolicies(
    policies: readonly EffectivePolicy[],
    sql: Sql,
  ): Promise<BoundNamespacePolicy[]> {
    if (policies.length === 0) return [];
    const specs = await this.#parts.reach.specs(policies, sql);
    return policies.flatMap(({ policyId, expiresAt, ...policy }) => {
      const spec = specs.get(policyId);
      return spec ? [{ ...policy, spec, ...(expiresAt !== null && { expiresAt }) }] : [];
    });
  }

  async #document(
    projectId: string,
    blueprintId: string,
    version: number,
    sql: Sql,
  ): Promise<Document> {
    const key = `${blueprintId}@${version}`;
    const cached = this.#documents.get(key);
    if (cached) return cached;
    const { document } = await this.#parts.blueprints.version(blueprintId, version, sql);
    const loaded = {
      document,
      includes: await loadIncludes(this.#parts.blueprints, projectId, document, sql),
    };
    if (this.#documents.size >= DOCUMENTS_MAX) this.#documents.clear();
    this.#documents.set(key, loaded);
    return loaded;
  }
}

function boundTo(labels: StaleCluster['labels'], assignments: readonly Assignment[]): Assignment[] {
  return assignments.filter(({ clusterSelector }) => matchesLabels(clusterSelector, labels));
}

/** Names the inputs of a compilation. Versions are immutable, so their ids stand for their documents. */
function renderKey({ bound, policies, capabilitiesHash }: Group): string {
  const bindings = bound.map(({ name, blueprintId, blueprint, version, parameters }) => ({
    name,
    blueprintId,
    blueprint,
    version,
    parameters,
  }));
  const inputs = {
    bindings,
    capabilitiesHash,
    // Where there are none the key stays what it was before there could be any.
    ...(policies.length > 0 && { policies }),
  };
  return sha256Hex(canonicalJson(inputs as unknown as Json));
}
