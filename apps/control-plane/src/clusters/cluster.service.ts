import { LabelSelector, Labels, parseSelectorText } from '@picket/selector';
import type { DataSource } from 'typeorm';

import { type Actor, authorize } from '../access/actor.ts';
import { lookUp } from '../access/look-up.ts';
import { noClusterOf, noProjectOf } from '../access/missing.ts';
import { newToken } from '../access/tokens.ts';
import type { Config } from '../config/config.ts';
import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import { inTransaction, type Sql } from '../platform/database.ts';
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
}

export interface ClusterFilter {
  readonly project?: string | null;
  readonly nameContains?: string | null;
  readonly labelSelector?: string | null;
  readonly state?: Cluster['state'] | null;
}

interface Parts {
  readonly dataSource: DataSource;
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
    return this.#parts.projects.create(
      actor.organizationId,
      checked(nameSchema, name, 'name'),
      requiresApproval,
    );
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

  async get(actor: Actor, by: { id?: string; name?: string; project?: string }): Promise<Cluster> {
    const { clusters, projects } = this.#parts;
    if (by.id) {
      const cluster = await clusters.get(by.id);
      authorize(actor, 'read', 'Cluster', cluster, noClusterOf({ id: by.id }));
      return cluster;
    }
    const { name = '', project = 'default' } = by;
    return lookUp(actor, 'Cluster', {
      project: await projects.findByName(actor.organizationId, project),
      find: (projectId) => clusters.findByName(projectId, name),
      projectMissing: noProjectOf(project),
      missing: noClusterOf({ name }),
    });
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
    const { dataSource, clusters, projects } = this.#parts;
    const name = checked(nameSchema, input.name, 'name');
    const labels = checked(Labels, input.labels ?? {}, 'labels');
    return inTransaction(dataSource, async (sql) => {
      const project = await visibleProject(actor, projects, input.project, sql);
      authorize(actor, 'write', 'Cluster', { ...instanceOf(project), labels });
      await projects.lockBindings(project.id, 'shared', sql);
      return this.#invite(await clusters.create(project.id, name, labels, sql), sql);
    });
  }

  /** A new one-time token for a cluster that is lost or moves: whoever enrols with it replaces the old identity. */
  async reissueJoinToken(actor: Actor, clusterId: string): Promise<Invitation> {
    const { dataSource, clusters, jobs } = this.#parts;
    const { id } = await this.#writable(actor, clusterId);
    const invitation = await inTransaction(dataSource, async (sql) => {
      await clusters.setState(id, ['REVOKED'], 'INVITED', sql);
      return this.#invite(await clusters.get(id, sql), sql);
    });
    await jobs.enqueue(clustersStale, {});
    return invitation;
  }

  async approve(actor: Actor, clusterId: string): Promise<Cluster> {
    const { clusters, jobs } = this.#parts;
    const cluster = await this.#writable(actor, clusterId);
    const isMoved = await clusters.setState(cluster.id, ['PENDING'], 'APPROVED');
    const now = await clusters.get(cluster.id);
    if (isMoved) await jobs.enqueue(clustersStale, {});
    else if (now.state !== 'APPROVED')
      throw new ClusterMoveForbidden(
        `Only a PENDING cluster can be approved; ${now.name} is ${now.state}`,
        { state: now.state },
      );
    return now;
  }

  async revoke(actor: Actor, clusterId: string): Promise<Cluster> {
    const { clusters, fanOut } = this.#parts;
    const cluster = await this.#writable(actor, clusterId);
    await clusters.setState(cluster.id, ['INVITED', 'PENDING', 'APPROVED'], 'REVOKED');
    await fanOut.publish('clusters.revoked', [cluster.id]);
    return clusters.get(cluster.id);
  }

  async remove(actor: Actor, clusterId: string): Promise<string> {
    const { clusters, fanOut } = this.#parts;
    const cluster = await this.#writable(actor, clusterId);
    await clusters.remove(cluster.id);
    await fanOut.publish('clusters.revoked', [cluster.id]);
    return cluster.id;
  }

  async label(actor: Actor, clusterId: string, labels: unknown): Promise<Cluster> {
    const { dataSource, clusters, projects, jobs } = this.#parts;
    const cluster = await this.#writable(actor, clusterId);
    const parsed = checked(Labels, labels, 'labels');
    // Neither may it leave the actor's scope, nor come into it, by its labels.
    authorize(actor, 'write', 'Cluster', { ...cluster, labels: parsed });
    await inTransaction(dataSource, async (sql) => {
      await projects.lockBindings(cluster.projectId, 'shared', sql);
      await clusters.label(cluster.id, parsed, sql);
    });
    await jobs.enqueue(clustersStale, {});
    return clusters.get(cluster.id);
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
    return { cluster, joinToken: token, expiresAt };
  }
}
