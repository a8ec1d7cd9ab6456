import type { LabelSelector } from '@picket/selector';
import type { DataSource } from 'typeorm';

import type { Sql } from '../platform/database.ts';
import { type Ability, abilitySql, type Instance } from './ability.ts';
import type { Caller } from './actor.ts';
import { BINDING_JSON, claimsOf, type StoredBinding } from './held.ts';
import type { Permission } from './permissions.ts';
import type { Claim } from './scope.ts';

export type SubjectKind = 'TOKEN' | 'USER' | 'GROUP';

export interface ApiToken {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export interface SubjectBindings {
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly bindings: readonly StoredBinding[];
}

export interface RoleBinding {
  readonly id: string;
  readonly organizationId: string;
  readonly role: string;
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly projectId: string | null;
  readonly project: string | null;
  readonly clusterSelector: LabelSelector | null;
  readonly claimId: string | null;
  readonly claim: string | null;
  readonly createdAt: Date;
}

const TOKEN = `t.id, t.organization_id AS "organizationId", t.name, t.created_at AS "createdAt", t.expires_at AS "expiresAt", t.last_used_at AS "lastUsedAt"`;
const TOKEN_COLUMNS = { organizationId: 't.organization_id' };
const BINDING = `b.id, b.organization_id AS "organizationId", b.role, b.subject_kind AS "subjectKind", b.subject, b.project_id AS "projectId", p.name AS project,
  b.cluster_selector AS "clusterSelector", b.claim_id AS "claimId", n.name AS claim, b.created_at AS "createdAt"`;
const BINDING_FROM =
  'FROM role_bindings b LEFT JOIN projects p ON p.id = b.project_id LEFT JOIN namespace_claims n ON n.id = b.claim_id';
const BINDING_COLUMNS = { organizationId: 'b.organization_id', projectId: 'b.project_id' };

/** Stores tokens, roles and role bindings. */
export class AccessRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  listTokens(ability: Ability, after: string | undefined, limit: number): Promise<ApiToken[]> {
    const [afterName = '', afterId = NIL] = after?.split('/') ?? [];
    const values: unknown[] = [afterName, afterId, limit];
    const allowed = abilitySql(ability, 'read', 'Token', TOKEN_COLUMNS, values);
    return this.#dataSource.query(
      `SELECT ${TOKEN} FROM api_tokens t WHERE ${allowed} AND t.revoked_at IS NULL AND (t.name, t.id) > ($1, $2) ORDER BY t.name, t.id LIMIT $3`,
      values,
    );
  }

  async countTokens(ability: Ability): Promise<number> {
    const values: unknown[] = [];
    const allowed = abilitySql(ability, 'read', 'Token', TOKEN_COLUMNS, values);
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count FROM api_tokens t WHERE ${allowed} AND t.revoked_at IS NULL`,
      values,
    );
    return row.count;
  }

  async findToken(id: string, sql: Sql = this.#dataSource): Promise<ApiToken | undefined> {
    const [token] = await sql.query(
      `SELECT ${TOKEN} FROM api_tokens t WHERE t.id = $1 AND t.revoked_at IS NULL`,
      [id],
    );
    return token;
  }

  async addToken(
    organizationId: string,
    name: string,
    hash: Buffer,
    expiresAt: Date | null,
    sql: Sql,
  ): Promise<ApiToken> {
    const [token] = await sql.query(
      `INSERT INTO api_tokens AS t (organization_id, name, token_hash, expires_at) VALUES ($1, $2, $3, $4) RETURNING ${TOKEN}`,
      [organizationId, name, hash, expiresAt],
    );
    return token;
  }

  /** Ends a token and what was bound to it. */
  async revokeToken(id: string, sql: Sql): Promise<void> {
    await sql.query('UPDATE api_tokens SET revoked_at = now() WHERE id = $1', [id]);
    await sql.query(`DELETE FROM role_bindings WHERE subject_kind = 'TOKEN' AND subject = $1`, [
      id,
    ]);
  }

  listBindings(ability: Ability, after: string | undefined, limit: number): Promise<RoleBinding[]> {
    const values: unknown[] = [after ?? NIL, limit];
    const allowed = abilitySql(ability, 'read', 'RoleBinding', BINDING_COLUMNS, values);
    return this.#dataSource.query(
      `SELECT ${BINDING} ${BINDING_FROM} WHERE ${allowed} AND b.id > $1 ORDER BY b.id LIMIT $2`,
      values,
    );
  }

  async countBindings(ability: Ability): Promise<number> {
    const values: unknown[] = [];
    const allowed = abilitySql(ability, 'read', 'RoleBinding', BINDING_COLUMNS, values);
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count FROM role_bindings b WHERE ${allowed}`,
      values,
    );
    return row.count;
  }

  async findBinding(id: string, sql: Sql = this.#dataSource): Promise<RoleBinding | undefined> {
    const [binding] = await sql.query(`SELECT ${BINDING} ${BINDING_FROM} WHERE b.id = $1`, [id]);
    return binding;
  }

  /** Gives what is there already when it is the same. */
  async addBinding(
    binding: Omit<RoleBinding, 'id' | 'project' | 'claim' | 'createdAt'>,
    sql: Sql,
  ): Promise<RoleBinding> {
    const { organizationId, subjectKind, subject, role, projectId, clusterSelector, claimId } =
      binding;
    const [row] = await sql.query(
      `INSERT INTO role_bindings (organization_id, subject_kind, subject, role, project_id, cluster_selector, claim_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT ON CONSTRAINT role_bindings_once DO UPDATE SET role = excluded.role RETURNING id`,
      [organizationId, subjectKind, subject, role, projectId, clusterSelector, claimId],
    );
    return (await this.findBinding(row.id, sql)) as RoleBinding;
  }

  async removeBinding(id: string, sql: Sql): Promise<void> {
    await sql.query('DELETE FROM role_bindings WHERE id = $1', [id]);
  }

  /**
   * Bindings that give somebody who is known to be there the whole organization: a token that has not ended, or the caller. Who knows
   * whether another person still is, or whether anybody is in a group? Locks, so that two removals cannot each see the other's.
   */
  async countAdmins(
    organizationId: string,
    { kind, id, name, groups = [] }: Caller,
    sql: Sql,
  ): Promise<number> {
    await sql.query('SELECT 1 FROM organizations WHERE id = $1 FOR NO KEY UPDATE', [
      organizationId,
    ]);
    const [row] = await sql.query(
      `SELECT count(*)::int AS count FROM role_bindings b
         LEFT JOIN api_tokens t ON b.subject_kind = 'TOKEN' AND t.id::text = b.subject
       WHERE b.organization_id = $1 AND b.role = 'OrgAdmin' AND b.project_id IS NULL AND b.cluster_selector IS NULL
         AND ((t.revoked_at IS NULL AND t.id IS NOT NULL AND (t.expires_at IS NULL OR t.expires_at > now()))
           OR (b.subject_kind = 'USER' AND b.subject = ANY($2)) OR (b.subject_kind = 'GROUP' AND b.subject = ANY($3)))`,
      [organizationId, kind === 'USER' ? [id, name] : [], groups],
    );
    return row.count;
  }

  async customRoles(
    organizationId: string,
  ): Promise<{ name: string; permissions: Permission[] }[]> {
    return this.#dataSource.query(
      'SELECT name, permissions FROM roles WHERE organization_id = $1 ORDER BY name',
      [organizationId],
    );
  }

  async saveRole(
    organizationId: string,
    name: string,
    permissions: readonly Permission[],
    sql: Sql,
  ): Promise<void> {
    await sql.query(
      `INSERT INTO roles (organization_id, name, permissions) VALUES ($1, $2, $3)
       ON CONFLICT (organization_id, name) DO UPDATE SET permissions = excluded.permissions`,
      [organizationId, name, permissions],
    );
  }

  /** Ends a role and what was bound to it. */
  async removeRole(organizationId: string, name: string, sql: Sql): Promise<void> {
    await sql.query('DELETE FROM role_bindings WHERE organization_id = $1 AND role = $2', [
      organizationId,
      name,
    ]);
    await sql.query('DELETE FROM roles WHERE organization_id = $1 AND name = $2', [
      organizationId,
      name,
    ]);
  }

  /** How many bindings somebody has in a project, or in all of them (null): of claims, or of anything else. */
  async countBindingsOf(
    {
      organizationId,
      subjectKind,
      subject,
    }: Pick<RoleBinding, 'organizationId' | 'subjectKind' | 'subject'>,
    projectId: string | null,
    ofClaims: boolean,
  ): Promise<number> {
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count FROM role_bindings
       WHERE organization_id = $1 AND subject_kind = $2 AND subject = $3 AND project_id IS NOT DISTINCT FROM $4::uuid AND (claim_id IS NOT NULL) = $5`,
      [organizationId, subjectKind, subject, projectId, ofClaims],
    );
    return row.count;
  }

  /**
   * Bindings of these roles by subject: those of the organization, and those of these projects or of all (`undefined`). Of a token that
   * has ended there are none.
   */
  async bindingsBySubject(
    organizationId: string,
    roles: readonly string[],
    projectIds: readonly string[] | undefined,
  ): Promise<SubjectBindings[]> {
    return this.#dataSource.query(
      `SELECT b.subject_kind AS "subjectKind", b.subject, json_agg(${BINDING_JSON}) AS bindings
       FROM role_bindings b
         LEFT JOIN roles r ON r.organization_id = b.organization_id AND r.name = b.role
         LEFT JOIN api_tokens t ON b.subject_kind = 'TOKEN' AND t.id::text = b.subject
       WHERE b.organization_id = $1 AND b.role = ANY($2) AND ($3::uuid[] IS NULL OR b.project_id IS NULL OR b.project_id = ANY($3))
         AND (b.subject_kind <> 'TOKEN' OR t.expires_at IS NULL OR t.expires_at > now())
       GROUP BY b.subject_kind, b.subject ORDER BY b.subject_kind, b.subject`,
      [organizationId, roles, projectIds ?? null],
    );
  }

  /** What the rules of access need to know of a cluster. */
  async findCluster(id: string): Promise<Instance | undefined> {
    const [cluster] = await this.#dataSource.query(
      `SELECT p.organization_id AS "organizationId", p.id AS "projectId", c.labels FROM clusters c JOIN projects p ON p.id = c.project_id WHERE c.id = $1`,
      [id],
    );
    return cluster;
  }

  async organizationName(id: string): Promise<string> {
    const [organization] = await this.#dataSource.query(
      'SELECT name FROM organizations WHERE id = $1',
      [id],
    );
    return organization.name;
  }

  async findProject(
    organizationId: string,
    name: string,
  ): Promise<{ id: string; name: string } | undefined> {
    const [project] = await this.#dataSource.query(
      'SELECT id, name FROM projects WHERE organization_id = $1 AND name = $2',
      [organizationId, name],
    );
    return project;
  }

  async findClaim(projectId: string, name: string): Promise<{ id: string } | undefined> {
    const [claim] = await this.#dataSource.query(
      'SELECT id FROM namespace_claims WHERE project_id = $1 AND name = $2',
      [projectId, name],
    );
    return claim;
  }

  /** What access needs to know of the claims that bindings speak of. */
  claimsOf(bindings: readonly StoredBinding[]): Promise<Claim[]> {
    return claimsOf(bindings, this.#dataSource);
  }

  async projectNames(ids: readonly string[]): Promise<Map<string, string>> {
    const rows: { id: string; name: string }[] = await this.#dataSource.query(
      'SELECT id, name FROM projects WHERE id = ANY($1)',
      [ids],
    );
    return new Map(rows.map(({ id, name }) => [id, name]));
  }
}

/** Before every id. */
const NIL = '00000000-0000-0000-0000-000000000000';
