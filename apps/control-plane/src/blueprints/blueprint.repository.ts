import type { Json } from '@picket/kernel';
import type { Blueprint as BlueprintDocument } from '@picket/policy';
import type { DataSource } from 'typeorm';

import { type Ability, abilitySql } from '../access/ability.ts';
import type { Sql } from '../platform/database.ts';
import {
  type Blueprint,
  BlueprintChanged,
  noBlueprintOf,
  type BlueprintVersion,
  VersionMissing,
  type VersionState,
} from './blueprint.ts';

const SHARED_WITH =
  'ARRAY(SELECT s.project_id FROM blueprint_shares s WHERE s.blueprint_id = b.id ORDER BY s.project_id)';
const READABLE = {
  organizationId: 'p.organization_id',
  projectId: 'b.project_id',
  sharedWith: SHARED_WITH,
};
const COLUMNS = `b.id, p.organization_id AS "organizationId", b.project_id AS "projectId", p.name AS project, b.name, b.draft, b.draft_version AS "draftVersion",
  ${SHARED_WITH} AS "sharedWith"`;
const FROM = 'FROM blueprints b JOIN projects p ON p.id = b.project_id';
const VERSION =
  'v.blueprint_id AS "blueprintId", v.number AS version, v.document, v.state, v.published_at AS "publishedAt"';

/** Stores blueprints and their versions. Lists are ordered by project and name. */
export class BlueprintRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async get(id: string, sql: Sql = this.#dataSource): Promise<Blueprint> {
    const [blueprint] = await sql.query(`SELECT ${COLUMNS} ${FROM} WHERE b.id = $1`, [id]);
    if (!blueprint) throw noBlueprintOf({ id });
    return blueprint;
  }

  async findByName(
    projectId: string,
    name: string,
    sql: Sql = this.#dataSource,
  ): Promise<Blueprint | undefined> {
    const [blueprint] = await sql.query(
      `SELECT ${COLUMNS} ${FROM} WHERE b.project_id = $1 AND b.name = $2`,
      [projectId, name],
    );
    return blueprint;
  }

  async getByName(projectId: string, name: string, sql?: Sql): Promise<Blueprint> {
    const blueprint = await this.findByName(projectId, name, sql);
    if (!blueprint) throw noBlueprintOf({ name });
    return blueprint;
  }

  list(
    ability: Ability,
    project: string | undefined,
    after: string | undefined,
    limit: number,
  ): Promise<Blueprint[]> {
    const [afterProject = '', afterName = ''] = (after ?? '/').split('/');
    const values: unknown[] = [project ?? null, afterProject, afterName, limit];
    const allowed = abilitySql(ability, 'read', 'Blueprint', READABLE, values);
    return this.#dataSource.query(
      `SELECT ${COLUMNS} ${FROM} WHERE ${allowed} AND ($1::text IS NULL OR p.name = $1) AND (p.name, b.name) > ($2, $3)
       ORDER BY p.name, b.name LIMIT $4`,
      values,
    );
  }

  async count(ability: Ability, project: string | undefined): Promise<number> {
    const values: unknown[] = [project ?? null];
    const allowed = abilitySql(ability, 'read', 'Blueprint', READABLE, values);
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count ${FROM} WHERE ${allowed} AND ($1::text IS NULL OR p.name = $1)`,
      values,
    );
    return row.count;
  }

  async create(
    projectId: string,
    name: string,
    draft: BlueprintDocument,
    sql: Sql = this.#dataSource,
  ): Promise<Blueprint> {
    const [row] = await sql.query(
      'INSERT INTO blueprints (project_id, name, draft) VALUES ($1, $2, $3) ON CONFLICT (project_id, name) DO NOTHING RETURNING id',
      [projectId, name, draft],
    );
    const id: string = row?.id ?? (await this.getByName(projectId, name, sql)).id;
    const blueprint = await this.get(id, sql);
    if (!row)
      throw new BlueprintChanged(
        name,
        0,
        blueprint.draftVersion,
        blueprint.draft as unknown as Json,
      );
    return blueprint;
  }

  /** Writes only if nobody saved since `expected` was read; otherwise throws BlueprintChanged with the draft that is there. */
  async saveDraft(
    id: string,
    draft: BlueprintDocument,
    expected: number,
    sql: Sql = this.#dataSource,
  ): Promise<Blueprint> {
    const [, affected] = await sql.query(
      'UPDATE blueprints SET draft = $2, draft_version = draft_version + 1 WHERE id = $1 AND draft_version = $3',
      [id, draft, expected],
    );
    const stored = await this.get(id, sql);
    if (affected === 0)
      throw new BlueprintChanged(
        stored.name,
        expected,
        stored.draftVersion,
        stored.draft as unknown as Json,
      );
    return stored;
  }

  /** Makes the draft the next version; the row lock gives numbers without gaps. */
  async publish(
    id: string,
    expectedDraftVersion: number | undefined,
    sql: Sql,
  ): Promise<BlueprintVersion> {
    const [row] = await sql.query(
      'SELECT name, draft, draft_version FROM blueprints WHERE id = $1 FOR NO KEY UPDATE',
      [id],
    );
    if (expectedDraftVersion !== undefined && row.draft_version !== expectedDraftVersion)
      throw new BlueprintChanged(row.name, expectedDraftVersion, row.draft_version, row.draft);
    const [version] = await sql.query(
      `INSERT INTO blueprint_versions AS v (blueprint_id, number, document)
       SELECT $1, coalesce(max(number), 0) + 1, $2::jsonb FROM blueprint_versions WHERE blueprint_id = $1 RETURNING ${VERSION}`,
      [id, row.draft],
    );
    return version;
  }

  async version(
    id: string,
    number: number,
    sql: Sql = this.#dataSource,
  ): Promise<BlueprintVersion> {
    const [version] = await sql.query(
      `SELECT ${VERSION} FROM blueprint_versions v WHERE v.blueprint_id = $1 AND v.number = $2::bigint`,
      [id, number],
    );
    if (!version)
      throw new VersionMissing(`The blueprint has no version ${number}`, { id, version: number });
    return version;
  }

  /** The newest versions of each blueprint, newest first, at most `limit` of each, in one query. */
  async listVersions(
    ids: readonly string[],
    limit: number,
  ): Promise<Map<string, BlueprintVersion[]>> {
    const rows: BlueprintVersion[] = await this.#dataSource.query(
      `SELECT v.* FROM unnest($1::uuid[]) AS wanted (id) CROSS JOIN LATERAL
         (SELECT ${VERSION} FROM blueprint_versions v WHERE v.blueprint_id = wanted.id ORDER BY v.number DESC LIMIT $2) v`,
      [ids, limit],
    );
    return Map.groupBy(rows, ({ blueprintId }) => blueprintId);
  }

  /** The newest version of each blueprint, in one query; `active` asks for the newest ACTIVE one. */
  async newestVersions(
    ids: readonly string[],
    sql: Sql = this.#dataSource,
    active = false,
  ): Promise<Map<string, BlueprintVersion>> {
    const rows: BlueprintVersion[] = await sql.query(
      `SELECT DISTINCT ON (v.blueprint_id) ${VERSION} FROM blueprint_versions v
       WHERE v.blueprint_id = ANY($1) AND (NOT $2 OR v.state = 'ACTIVE') ORDER BY v.blueprint_id, v.number DESC`,
      [ids, active],
    );
    return new Map(rows.map((row) => [row.blueprintId, row]));
  }

  async setState(
    id: string,
    number: number,
    state: VersionState,
    sql: Sql,
  ): Promise<BlueprintVersion> {
    await sql.query(
      'UPDATE blueprint_versions SET state = $3 WHERE blueprint_id = $1 AND number = $2',
      [id, number, state],
    );
    return this.version(id, number, sql);
  }

  /**
   * Held until the transaction ends, before any lock of bindings. Who pins versions of a blueprint shares it; who retires one, or takes the
   * blueprint from a project, holds it alone: assignments of several projects may pin it.
   */
  async lockVersions(id: string, how: 'alone' | 'shared', sql: Sql): Promise<void> {
    const lock = how === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
    await sql.query(`SELECT ${lock}(hashtextextended($1, 0))`, [`versions ${id}`]);
  }

  async share(id: string, projectId: string, sql: Sql): Promise<void> {
    await sql.query(
      'INSERT INTO blueprint_shares (blueprint_id, project_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [id, projectId],
    );
  }

  async unshare(id: string, projectId: string, sql: Sql): Promise<void> {
    await sql.query('DELETE FROM blueprint_shares WHERE blueprint_id = $1 AND project_id = $2', [
      id,
      projectId,
    ]);
  }

  /** `name@version` → document, for names and versions of a project. What does not exist is left out. */
  async documents(
    projectId: string,
    wanted: readonly { blueprint: string; version: number }[],
    sql: Sql = this.#dataSource,
  ): Promise<Record<string, BlueprintDocument>> {
    const rows: { name: string; number: number; document: BlueprintDocument }[] = await sql.query(
      `SELECT b.name, v.number, v.document FROM unnest($2::text[], $3::bigint[]) AS w (name, number)
       JOIN blueprints b ON b.project_id = $1 AND b.name = w.name JOIN blueprint_versions v ON v.blueprint_id = b.id AND v.number = w.number`,
      [projectId, wanted.map(({ blueprint }) => blueprint), wanted.map(({ version }) => version)],
    );
    return Object.fromEntries(
      rows.map(({ name, number, document }) => [`${name}@${number}`, document]),
    );
  }
}
