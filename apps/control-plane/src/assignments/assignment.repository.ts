import type { DataSource } from 'typeorm';

import { type Ability, abilitySql } from '../access/ability.ts';
import type { Sql } from '../platform/database.ts';
import {
  type Assignment,
  AssignmentChanged,
  AssignmentExists,
  noAssignmentOf,
} from './assignment.ts';

const READABLE = { organizationId: 'p.organization_id', projectId: 'a.project_id' };
const COLUMNS = `a.id, p.organization_id AS "organizationId", a.project_id AS "projectId", p.name AS project, a.name, a.blueprint_id AS "blueprintId",
  b.name AS blueprint, b.project_id AS "blueprintProjectId", a.version, a.cluster_selector AS "clusterSelector", a.parameters, a.revision`;
const FROM =
  'FROM assignments a JOIN projects p ON p.id = a.project_id JOIN blueprints b ON b.id = a.blueprint_id';

export type AssignmentContent = Pick<
  Assignment,
  'blueprintId' | 'version' | 'clusterSelector' | 'parameters'
>;

/** Stores assignments. Lists are ordered by project and name. */
export class AssignmentRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async get(id: string, sql: Sql = this.#dataSource): Promise<Assignment> {
    const [assignment] = await sql.query(`SELECT ${COLUMNS} ${FROM} WHERE a.id = $1`, [id]);
    if (!assignment) throw noAssignmentOf({ id });
    return assignment;
  }

  async findByName(
    projectId: string,
    name: string,
    sql: Sql = this.#dataSource,
  ): Promise<Assignment | undefined> {
    const [assignment] = await sql.query(
      `SELECT ${COLUMNS} ${FROM} WHERE a.project_id = $1 AND a.name = $2`,
      [projectId, name],
    );
    return assignment;
  }

  list(
    ability: Ability,
    project: string | undefined,
    after: string | undefined,
    limit: number,
  ): Promise<Assignment[]> {
    const [afterProject = '', afterName = ''] = (after ?? '/').split('/');
    const values: unknown[] = [project ?? null, afterProject, afterName, limit];
    const allowed = abilitySql(ability, 'read', 'Assignment', READABLE, values);
    return this.#dataSource.query(
      `SELECT ${COLUMNS} ${FROM} WHERE ${allowed} AND ($1::text IS NULL OR p.name = $1) AND (p.name, a.name) > ($2, $3)
       ORDER BY p.name, a.name LIMIT $4`,
      values,
    );
  }

  async count(ability: Ability, project: string | undefined): Promise<number> {
    const values: unknown[] = [project ?? null];
    const allowed = abilitySql(ability, 'read', 'Assignment', READABLE, values);
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count ${FROM} WHERE ${allowed} AND ($1::text IS NULL OR p.name = $1)`,
      values,
    );
    return row.count;
  }

  /** Those that pin this version of a blueprint. */
  listPinning(blueprintId: string, version: number, sql: Sql): Promise<Assignment[]> {
    return sql.query(
      `SELECT ${COLUMNS} ${FROM} WHERE a.blueprint_id = $1 AND a.version = $2 ORDER BY a.name`,
      [blueprintId, version],
    );
  }

  /** Those of a project that bind any version of a blueprint. */
  listBinding(blueprintId: string, projectId: string, sql: Sql): Promise<Assignment[]> {
    return sql.query(
      `SELECT ${COLUMNS} ${FROM} WHERE a.blueprint_id = $1 AND a.project_id = $2 ORDER BY a.name`,
      [blueprintId, projectId],
    );
  }

  /** Those of some projects that contribute: what pins a retired version does not. */
  listEffective(projectIds: readonly string[], sql: Sql): Promise<Assignment[]> {
    return sql.query(
      `SELECT ${COLUMNS} ${FROM} JOIN blueprint_versions v ON v.blueprint_id = a.blueprint_id AND v.number = a.version
       WHERE a.project_id = ANY($1) AND v.state <> 'RETIRED' ORDER BY a.name`,
      [projectIds],
    );
  }

  async create(
    projectId: string,
    name: string,
    content: AssignmentContent,
    sql: Sql,
  ): Promise<Assignment> {
    const [row] = await sql.query(
      `INSERT INTO assignments (project_id, name, blueprint_id, version, cluster_selector, parameters) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (project_id, name) DO NOTHING RETURNING id`,
      [
        projectId,
        name,
        content.blueprintId,
        content.version,
        content.clusterSelector,
        content.parameters,
      ],
    );
    if (!row) throw new AssignmentExists(`There is an assignment ${name} already`, { name });
    return this.get(row.id, sql);
  }

  /** Writes only if the revision is still `expected`. */
  async save(
    id: string,
    expected: number,
    content: AssignmentContent,
    sql: Sql,
  ): Promise<Assignment> {
    const [, affected] = await sql.query(
      `UPDATE assignments SET blueprint_id = $3, version = $4, cluster_selector = $5, parameters = $6, revision = revision + 1
       WHERE id = $1 AND revision = $2`,
      [
        id,
        expected,
        content.blueprintId,
        content.version,
        content.clusterSelector,
        content.parameters,
      ],
    );
    const stored = await this.get(id, sql);
    if (affected === 0)
      throw new AssignmentChanged(
        `Assignment ${stored.name} is at revision ${stored.revision}, not ${expected}`,
        { expected, actual: stored.revision },
      );
    return stored;
  }

  async remove(id: string, sql: Sql): Promise<void> {
    await sql.query('DELETE FROM assignments WHERE id = $1', [id]);
  }
}
