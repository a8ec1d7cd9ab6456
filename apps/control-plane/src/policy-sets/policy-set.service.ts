import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { type Binding, compile } from '@picket/compiler';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import type { Blueprint } from '@picket/policy';
import { matchesLabels } from '@picket/selector';
import type { DataSource } from 'typeorm';

import type { Assignment } from '../assignments/assignment.ts';
import type { AssignmentRepository } from '../assignments/assignment.repository.ts';
import type { BlueprintRepository } from '../blueprints/blueprint.repository.ts';
import { loadIncludes } from '../blueprints/includes.ts';
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
  readonly fanOut: FanOut;
  readonly logger: Logger;
}

interface Document {
  readonly document: Blueprint;
  readonly includes: Record<string, Blueprint>;
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

    // Clusters without facts cannot be compiled for; the facts report makes them stale again.
    const groups = new Map<
      string,
      { members: string[]; bound: Assignment[]; capabilitiesHash: string }
    >();
    for (const cluster of stale) {
      if (cluster.capabilitiesHash === null || cluster.state === 'REVOKED') continue;
      const bound = boundTo(cluster, assignments.get(cluster.projectId) ?? []);
      const key = `${cluster.capabilitiesHash} ${bound.map(({ id, revision }) => `${id}@${revision}`).join(' ')} ${cluster.projectId}`;
      const group = groups.get(key);
      if (group) group.members.push(cluster.id);
      else
        groups.set(key, {
          members: [cluster.id],
          bound,
          capabilitiesHash: cluster.capabilitiesHash,
        });
    }
    const keyed = [...groups.values()].map((group) => ({
      ...group,
      key: renderKey(group.bound, group.capabilitiesHash),
    }));
    const renders = await this.#parts.policySets.renders(
      keyed.map(({ key }) => key),
      sql,
    );
    for (const { key, bound, capabilitiesHash } of keyed)
      if (!renders.has(key))
        renders.set(key, await this.#render(key, bound, capabilitiesHash, sql));

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
    bound: readonly Assignment[],
    capabilitiesHash: string,
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
    const result = compile({ bindings, capabilities: capabilities?.apis ?? {} });
    const render = await this.#parts.policySets.addRender(
      key,
      result,
      await gzipped(result.text),
      sql,
    );
    this.#parts.logger.info(
      { digest: result.digest, blocked: result.blocked, bindings: bindings.length },
      'policy set compiled',
    );
    return render;
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

function boundTo(cluster: StaleCluster, assignments: readonly Assignment[]): Assignment[] {
  return assignments.filter(({ clusterSelector }) =>
    matchesLabels(clusterSelector, cluster.labels),
  );
}

/** Names the inputs of a compilation. Versions are immutable, so their ids stand for their documents. */
function renderKey(bound: readonly Assignment[], capabilitiesHash: string): string {
  const bindings = bound.map(({ name, blueprintId, blueprint, version, parameters }) => ({
    name,
    blueprintId,
    blueprint,
    version,
    parameters,
  }));
  return sha256Hex(canonicalJson({ bindings, capabilitiesHash } as unknown as Json));
}
