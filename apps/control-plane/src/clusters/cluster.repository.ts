import type { LabelSelector } from '@picket/selector';
import type { DataSource } from 'typeorm';

import { noClusterOf } from '../access/missing.ts';
import { type Ability, abilitySql } from '../access/ability.ts';
import type { Sql } from '../platform/database.ts';
import { type Cluster, ClusterExists, type ClusterState } from './cluster.ts';
import { selectorSql } from '../platform/selector-sql.ts';
import { lockSelectors, pickCluster } from './selected-clusters.ts';

const COLUMNS = `c.id, c.project_id AS "projectId", json_build_object('name', p.name) AS project, p.organization_id AS "organizationId", c.name, c.labels, c.state,
  c.registered_at AS "registeredAt", c.approved_at AS "approvedAt", c.desired_digest AS "desiredDigest",
  c.desired_sequence::float8 AS "desiredSequence", c.render_key AS "renderKey", c.capabilities_hash AS "capabilitiesHash"`;
const FROM = 'FROM clusters c JOIN projects p ON p.id = c.project_id';

const READABLE = {
  organizationId: 'p.organization_id',
  projectId: 'c.project_id',
  labels: 'c.labels',
  clusterId: 'c.id',
};

// Of at most 1,000 parameters each; PostgreSQL takes 65,535.
const SELECTORS_PER_STATEMENT = 32;

export interface ClusterQuestion {
  /** Only what it may read is listed. */
  readonly ability: Ability;
  readonly project?: string | undefined;
  readonly nameContains?: string | undefined;
  readonly state?: ClusterState | undefined;
  readonly selector?: LabelSelector | undefined;
  /** Those that this kept selector picks. */
  readonly selectorId?: string | undefined;
  /** Those of these. */
  readonly ids?: readonly string[] | undefined;
}

/** Stores clusters and their join tokens. Lists are ordered by project and name. */
export class ClusterRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async get(id: string, sql: Sql = this.#dataSource): Promise<Cluster> {
    const [cluster] = await sql.query(`SELECT ${COLUMNS} ${FROM} WHERE c.id = $1`, [id]);
    if (!cluster) throw noClusterOf({ id });
    return cluster;
  }

  async findByName(
    projectId: string,
    name: string,
    sql: Sql = this.#dataSource,
  ): Promise<Cluster | undefined> {
    const [cluster] = await sql.query(
      `SELECT ${COLUMNS} ${FROM} WHERE c.project_id = $1 AND c.name = $2`,
      [projectId, name],
    );
    return cluster;
  }

  /**
   * Reads each project's clusters in the order of their index, from the cursor on, until there are enough: a page costs what a page
   * holds, however large the fleet.
   */
  list(question: ClusterQuestion, after = '/', limit: number): Promise<Cluster[]> {
    const values: unknown[] = [];
    const [project = '', name = ''] = after.split('/');
    const [ofProject, ofCluster] = conditions(question, values);
    const afterProject = `$${values.push(project)}`;
    const afterName = `CASE WHEN p.name = ${afterProject} THEN $${values.push(name)} ELSE '' END`;
    const count = `$${values.push(limit)}`;
    return this.#dataSource.query(
      `SELECT ${COLUMNS} FROM projects p CROSS JOIN LATERAL (
         SELECT * FROM clusters c WHERE ${['c.project_id = p.id', `c.name > ${afterName}`, ...ofCluster].join(' AND ')}
         ORDER BY c.name LIMIT ${count}
       ) c
       WHERE ${[...ofProject, `p.name >= ${afterProject}`].join(' AND ')} ORDER BY p.name, c.name LIMIT ${count}`,
      values,
    );
  }

  async count(question: ClusterQuestion, sql: Sql = this.#dataSource): Promise<number> {
    const values: unknown[] = [];
    const [row] = await sql.query(
      `SELECT count(*)::int AS count ${FROM} WHERE ${conditions(question, values).flat().join(' AND ')}`,
      values,
    );
    return row.count;
  }

  async create(
    projectId: string,
    name: string,
    labels: Readonly<Record<string, string>>,
    sql: Sql,
  ): Promise<Cluster> {
    await this.#shareSelectors(
      'SELECT organization_id FROM projects WHERE id = $1',
      projectId,
      sql,
    );
    const [row] = await sql.query(
      'INSERT INTO clusters (project_id, name, labels) VALUES ($1, $2, $3) ON CONFLICT (project_id, name) DO NOTHING RETURNING id',
      [projectId, name, labels],
    );
    if (!row) throw new ClusterExists(`There is a cluster ${name} already`, { name });
    await pickCluster(row.id, sql);
    return this.get(row.id, sql);
  }

  /** Replaces the labels; what the cluster must have may change, so it becomes stale. */
  async label(id: string, labels: Readonly<Record<string, string>>, sql: Sql): Promise<void> {
    await this.#shareSelectors(`SELECT p.organization_id ${FROM} WHERE c.id = $1`, id, sql);
    await sql.query('UPDATE clusters SET labels = $2, stale = true WHERE id = $1', [id, labels]);
    await pickCluster(id, sql);
  }

  async #shareSelectors(organizationOf: string, id: string, sql: Sql): Promise<void> {
    const [row] = await sql.query(organizationOf, [id]);
    if (row) await lockSelectors(row.organization_id, 'shared', sql);
  }

  /** Moves it, if it is still in one of the states `from`; answers whether it was. */
  async setState(
    id: string,
    from: readonly ClusterState[],
    state: ClusterState,
    sql: Sql,
  ): Promise<boolean> {
    const [, affected] = await sql.query(
      `UPDATE clusters SET state = $2, stale = true, approved_at = CASE WHEN $2 = 'APPROVED' THEN now() ELSE approved_at END
       WHERE id = $1 AND state = ANY($3)`,
      [id, state, from],
    );
    return affected > 0;
  }

  async remove(id: string, sql: Sql): Promise<void> {
    await sql.query('DELETE FROM clusters WHERE id = $1', [id]);
  }

  /**
   * Marks all clusters of the project that a selector picks as stale, in id order so that two such changes cannot deadlock. Those that are
   * marked already too: a worker may be computing them from what was there before this change; this waits for it and marks them again.
   */
  async markStale(projectId: string, selectors: readonly LabelSelector[], sql: Sql): Promise<void> {
    for (let start = 0; start < selectors.length; start += SELECTORS_PER_STATEMENT) {
      const values: unknown[] = [projectId];
      const picks = selectors
        .slice(start, start + SELECTORS_PER_STATEMENT)
        .map((selector) => `(${selectorSql(selector, 'labels', values)})`)
        .join(' OR ');
      await sql.query(
        `UPDATE clusters SET stale = true WHERE id IN
          (SELECT id FROM clusters WHERE project_id = $1 AND (${picks}) ORDER BY id FOR NO KEY UPDATE)`,
        values,
      );
    }
  }

  async addJoinToken(clusterId: string, hash: Buffer, expiresAt: Date, sql: Sql): Promise<void> {
    // A new invitation makes older ones void: at most one way in at a time.
    await sql.query('DELETE FROM join_tokens WHERE cluster_id = $1', [clusterId]);
    await sql.query(
      'INSERT INTO join_tokens (token_hash, cluster_id, expires_at) VALUES ($1, $2, $3)',
      [hash, clusterId, expiresAt],
    );
  }
}

/** What must hold for the project `p`, and for the cluster `c`. */
function conditions(
  { ability, project, nameContains, state, selector, selectorId, ids }: ClusterQuestion,
  values: unknown[],
): [ofProject: string[], ofCluster: string[]] {
  const ofProject: string[] = ['true'];
  if (project !== undefined) ofProject.push(`p.name = $${values.push(project)}`);
  const ofCluster = [abilitySql(ability, 'read', 'Cluster', READABLE, values)];
  if (nameContains !== undefined)
    ofCluster.push(`strpos(c.name, $${values.push(nameContains)}) > 0`);
  if (state !== undefined) ofCluster.push(`c.state = $${values.push(state)}`);
  if (selector !== undefined) ofCluster.push(`(${selectorSql(selector, 'c.labels', values)})`);
  if (selectorId !== undefined)
    ofCluster.push(
      `c.id IN (SELECT cluster_id FROM selected_clusters WHERE selector_id = $${values.push(selectorId)})`,
    );
  if (ids !== undefined) ofCluster.push(`c.id = ANY($${values.push(ids)})`);
  return [ofProject, ofCluster];
}
