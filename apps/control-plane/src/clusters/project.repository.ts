import type { Approvers } from '@picket/agent-protocol';
import type { DataSource } from 'typeorm';

import { type Ability, abilitySql } from '../access/ability.ts';
import type { Sql } from '../platform/database.ts';
import { ProjectExists } from './cluster.ts';

export interface Project {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly requiresApproval: boolean;
  /** Whose approval the manifests of its clusters name. */
  readonly approvers: Approvers;
}

const APPROVERS = `json_build_object('keys', approver_keys, 'needed', approvals_needed) AS approvers`;
const COLUMNS = `id, organization_id AS "organizationId", name, requires_approval AS "requiresApproval", ${APPROVERS}`;

const READABLE = { organizationId: 'organization_id', projectId: 'id' };

/** Stores organizations and projects. */
export class ProjectRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async findByName(
    organizationId: string,
    name: string,
    sql: Sql = this.#dataSource,
  ): Promise<Project | undefined> {
    const [project] = await sql.query(
      `SELECT ${COLUMNS} FROM projects WHERE organization_id = $1 AND name = $2`,
      [organizationId, name],
    );
    return project;
  }

  /**
   * Held until the transaction ends. Who changes what binds clusters holds it alone; who changes what selectors see of a cluster shares it.
   * Without it each could mark clusters before it sees what the other has written, and a cluster would keep what it has.
   */
  async lockBindings(projectId: string, how: 'alone' | 'shared', sql: Sql): Promise<void> {
    const lock = how === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
    await sql.query(`SELECT ${lock}(hashtextextended($1, 0))`, [`bindings ${projectId}`]);
  }

  async create(
    organizationId: string,
    name: string,
    requiresApproval: boolean,
    sql: Sql,
  ): Promise<Project> {
    const [project] = await sql.query(
      `INSERT INTO projects (organization_id, name, requires_approval) VALUES ($1, $2, $3)
       ON CONFLICT (organization_id, name) DO NOTHING RETURNING ${COLUMNS}`,
      [organizationId, name, requiresApproval],
    );
    if (!project) throw new ProjectExists(`There is a project ${name} already`, { name });
    return project;
  }

  async approvers(id: string, sql: Sql): Promise<Approvers> {
    const [project] = await sql.query(`SELECT ${APPROVERS} FROM projects WHERE id = $1`, [id]);
    return project.approvers;
  }

  async setApprovers(id: string, { keys, needed }: Approvers, sql: Sql): Promise<void> {
    await sql.query('UPDATE projects SET approver_keys = $2, approvals_needed = $3 WHERE id = $1', [
      id,
      JSON.stringify(keys),
      needed,
    ]);
  }

  /** Those that the ability covers. */
  list(ability: Ability, after: string | undefined, limit: number): Promise<Project[]> {
    const values: unknown[] = [after ?? '', limit];
    const allowed = abilitySql(ability, 'read', 'Project', READABLE, values);
    return this.#dataSource.query(
      `SELECT ${COLUMNS} FROM projects WHERE ${allowed} AND name > $1 ORDER BY name LIMIT $2`,
      values,
    );
  }

  async count(ability: Ability): Promise<number> {
    const values: unknown[] = [];
    const allowed = abilitySql(ability, 'read', 'Project', READABLE, values);
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count FROM projects WHERE ${allowed}`,
      values,
    );
    return row.count;
  }

  async names(ids: readonly string[]): Promise<Map<string, string>> {
    const rows: { id: string; name: string }[] = await this.#dataSource.query(
      'SELECT id, name FROM projects WHERE id = ANY($1)',
      [ids],
    );
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  async organization(id: string): Promise<{ id: string; name: string }> {
    const [organization] = await this.#dataSource.query(
      'SELECT id, name FROM organizations WHERE id = $1',
      [id],
    );
    return organization;
  }
}
