import type { Approvers } from '@picket/agent-protocol';
import { LabelSelector, Labels, parseSelectorText } from '@picket/selector';

import { type Actor, authorize } from '../access/actor.ts';
import { type By, lookUp } from '../access/look-up.ts';
import { noClusterOf } from '../access/missing.ts';
import { newToken } from '../access/tokens.ts';
import type { Changes } from '../audit/changes.ts';
import type { Config } from '../config/config.ts';
import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import type { Sql } from '../platform/database.ts';
import type { FanOut } from '../platform/fan-out.ts';
import { checked, nameSchema } from '../platform/input.ts';
import type { JobQueue } from '../platform/jobs.ts';
import { clustersStale } from './cluster.jobs.ts';
import type { ClusterRepository } from './cluster.repository.ts';
import { type Cluster, ClusterMoveForbidden } from './cluster.ts';
import type { Project, ProjectRepository } from './project.repository.ts';
import { instanceOf, visibleProject } from './visible-project.ts';

export interface Invitation {
  readonly cluster: Cluster;
  readonly joinToken: string;
  readonly expiresAt: Date;
  readonly approvers: Approvers;
}

export interface ClusterFilter {
  readonly project?: string | null;
  readonly nameContains?: string | null;
  readonly labelSelector?: string | null;
  readonly state?: Cluster['state'] | null;
}

interface Parts {
  readonly changes: Changes;
  readonly clusters: ClusterRepository;
  readonly projects: ProjectRepository;
  readonly jobs: JobQueue;
  readonly fanOut: FanOut;
  readonly config: Config;
}

/** The use cases of clusters and projects. */
export class ClusterService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async createProject(actor: Actor, name: string, requiresApproval: boolean): Promise<Project> {
    authorize(actor, 'write', 'Project', { organizationId: actor.organizationId });
    checked(nameSchema, name, 'name');
    const { changes, projects } = this.#parts;
    return changes.make(actor, async (sql, record) => {
      const made = await projects.create(actor.organizationId, name, requiresApproval, sql);
      record({ id: made.id, name, projectId: made.id, after: { name, requiresApproval } });
      return made;
    });
  }

  listProjects(actor: Actor, first: number, after?: string): Promise<Connection<Project>> {
    const page = pageRequest(first, after);
    const { projects } = this.#parts;
    return projects.list(actor.ability, page.after, page.first + 1).then((items) =>
      connectionOf(
        items,
        page,
        ({ name }) => name,
        () => projects.count(actor.ability),
      ),
    );
  }

  get(actor: Actor, by: By): Promise<Cluster> {
    const { clusters, projects } = this.#parts;
    return lookUp(actor, 'Cluster', by, { projects, things: clusters, missing: noClusterOf });
  }

  async list(
    actor: Actor,
    filter: ClusterFilter,
    first: number,
    after?: string,
  ): Promise<Connection<Cluster>> {
    const page = pageRequest(first, after);
    const selector = filter.labelSelector ? parseSelectorText(filter.labelSelector) : undefined;
    return this.listMatching(actor, { ...filter, selector }, page.first, after);
  }

  /** Those of some clusters that the actor may read and the filter picks. */
  async changed(
    actor: Actor,
    ids: readonly string[],
    { project, nameContains, labelSelector, state }: ClusterFilter,
  ): Promise<Cluster[]> {
    if (ids.length === 0) return [];
    return this.#parts.clusters.list(
      {
        ability: actor.ability,
        project: project ?? undefined,
        nameContains: nameContains ?? undefined,
        state: state ?? undefined,
        selector: labelSelector ? parseSelectorText(labelSelector) : undefined,
        ids,
      },
      undefined,
      ids.length,
    );
  }

  async listMatching(
    actor: Actor,
    filter: Omit<ClusterFilter, 'labelSelector'> & {
      selector?: LabelSelector | undefined;
      selectorId?: string;
    },
    first: number,
    after?: string,
  ): Promise<Connection<Cluster>> {
    const page = pageRequest(first, after);
    const { clusters } = this.#parts;
    const question = {
      ability: actor.ability,
      project: filter.project ?? undefined,
      nameContains: filter.nameContains ?? undefined,
      state: filter.state ?? undefined,
      selector: filter.selector,
      selectorId: filter.selectorId,
    };
    const items = await clusters.list(question, page.after, page.first + 1);
    return connectionOf(
      items,
      page,
      ({ project, name }) => `${project.name}/${name}`,
      () => clusters.count(question),
    );
  }

  async register(
    actor: Actor,
    input: { project: string; name: string; labels: unknown },
  ): Promise<Invitation> {
    const { changes, clusters, projects } = this.#parts;
    const name = checked(nameSchema, input.name, 'name');
    const labels = checked(Labels, input.labels ?? {}, 'labels');
    return changes.make(actor, async (sql, record) => {
      const project = await visibleProject(actor, projects, input.project, sql);
      authorize(actor, 'write', 'Cluster', { ...instanceOf(project), labels });
      await projects.lockBindings(project.id, 'shared', sql);
      const cluster = await clusters.create(project.id, name, labels, sql);
      record({ ...cluster, after: { name, project: project.name, labels } });
      return this.#invite(cluster, sql);
    });
  }

  /** A new one-time token for a cluster that is lost or moves: whoever enrols with it replaces the old identity. */
  async reissueJoinToken(actor: Actor, clusterId: string): Promise<Invitation> {
    const { changes, clusters, jobs } = this.#parts;
    const { id, state } = await this.#writable(actor, clusterId);
    const invitation = await changes.make(actor, async (sql, record) => {
      await clusters.setState(id, ['REVOKED'], 'INVITED', sql);
      const made = await this.#invite(await clusters.get(id, sql), sql);
      const { cluster, expiresAt } = made;
      record({
        ...cluster,
        before: { state },
        after: { state: cluster.state, invitationEnds: expiresAt },
      });
      return made;
    });
    await jobs.enqueue(clustersStale, {});
    return invitation;
  }

  async approve(actor: Actor, clusterId: string): Promise<Cluster> {
    const { changes, clusters, jobs } = this.#parts;
    const cluster = await this.#writable(actor, clusterId);
    const now = await changes.make(actor, async (sql, record) => {
      const isMoved = await clusters.setState(cluster.id, ['PENDING'], 'APPROVED', sql);
      const { state, ...moved } = await clusters.get(cluster.id, sql);
      if (state !== 'APPROVED')
        throw new ClusterMoveForbidden(
          `Only a PENDING cluster can be approved; ${moved.name} is ${state}`,
          { state },
        );
      record({ ...moved, before: { state: isMoved ? 'PENDING' : state }, after: { state } });
      return { state, ...moved };
    });
    await jobs.enqueue(clustersStale, {});
    return now;
  }

  async revoke(actor: Actor, clusterId: string): Promise<Cluster> {
    const { changes, clusters, fanOut } = this.#parts;
    const cluster = await this.#writable(actor, clusterId);
    const revoked = await changes.make(actor, async (sql, record) => {
      await clusters.setState(cluster.id, ['INVITED', 'PENDING', 'APPROVED'], 'REVOKED', sql);
      record({ ...cluster, before: { state: cluster.state }, after: { state: 'REVOKED' } });
      return clusters.get(cluster.id, sql);
    });
    await fanOut.publish('clusters.revoked', [cluster.id]);
    return revoked;
  }

  async remove(actor: Actor, clusterId: string): Promise<string> {
    const { changes, clusters, fanOut } = this.#parts;
    const cluster = await this.#writable(actor, clusterId);
    await changes.make(actor, async (sql, record) => {
      await clusters.remove(cluster.id, sql);
      const { name, project, labels, state } = cluster;
      record({ ...cluster, before: { name, project: project.name, labels, state } });
    });
    await fanOut.publish('clusters.revoked', [cluster.id]);
    return cluster.id;
  }

  async label(actor: Actor, clusterId: string, labels: unknown): Promise<Cluster> {
    const { changes, clusters, projects, jobs } = this.#parts;
    const cluster = await this.#writable(actor, clusterId);
    const parsed = checked(Labels, labels, 'labels');
    // Neither may it leave the actor's scope, nor come into it, by its labels.
    authorize(actor, 'write', 'Cluster', { ...cluster, labels: parsed });
    const labelled = await changes.make(actor, async (sql, record) => {
      await projects.lockBindings(cluster.projectId, 'shared', sql);
      const { labels: before } = await clusters.get(cluster.id, sql);
      await clusters.label(cluster.id, parsed, sql);
      record({ ...cluster, before: { labels: before }, after: { labels: parsed } });
      return clusters.get(cluster.id, sql);
    });
    await jobs.enqueue(clustersStale, {});
    return labelled;
  }

  async #writable(actor: Actor, clusterId: string): Promise<Cluster> {
    const cluster = await this.#parts.clusters.get(clusterId);
    authorize(actor, 'write', 'Cluster', cluster, noClusterOf({ id: clusterId }));
    return cluster;
  }

  async #invite(cluster: Cluster, sql: Sql): Promise<Invitation> {
    const { token, hash } = newToken('picket_join_');
    const expiresAt = new Date(Date.now() + this.#parts.config.JOIN_TOKEN_TTL_S * 1_000);
    await this.#parts.clusters.addJoinToken(cluster.id, hash, expiresAt, sql);
    const approvers = await this.#parts.projects.approvers(cluster.projectId, sql);
    return { cluster, joinToken: token, expiresAt, approvers };
  }
}
