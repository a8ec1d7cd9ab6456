import type { NamespacePolicyContent, StandingPolicy } from '@picket/policy';
import type { DataSource } from 'typeorm';

import { type Ability, abilitySql } from '../access/ability.ts';
import type { Sql } from '../platform/database.ts';
import {
  type NamespacePolicy,
  type NamespacePolicyVersion,
  noPolicyOf,
  type PolicyState,
} from './namespace-policy.ts';

const SHARED_WITH =
  'ARRAY(SELECT s.project_id FROM namespace_policy_shares s WHERE s.policy_id = m.id ORDER BY s.project_id)';
const READABLE = {
  organizationId: 'n.organization_id',
  projectId: 'n.project_id',
  claimId: 'n.id',
  sharedWith: SHARED_WITH,
};
const CONTENT = `v.namespaces, v.spec, extract(epoch FROM v.expires_at)::float8 AS "expiresAt", v.owner, v.reason, v.author`;
const COLUMNS = `m.id, n.organization_id AS "organizationId", n.project_id AS "projectId", p.name AS project, n.id AS "claimId", n.name AS claim,
  n.selector_id AS "selectorId", m.name, m.version, m.state, ${CONTENT}, v.created_at AS "changedAt", ${SHARED_WITH} AS "sharedWith"`;
const FROM = `FROM namespace_policies m JOIN namespace_claims n ON n.id = m.claim_id JOIN projects p ON p.id = n.project_id
  JOIN namespace_policy_versions v ON v.policy_id = m.id AND v.number = m.version`;
const VERSION = `v.policy_id AS "policyId", v.number AS version, ${CONTENT}, v.created_at AS "createdAt"`;

/** Versions of a policy, and policies of a claim that are in force no more. */
const VERSIONS_KEPT = 200;
const PAST_KEPT = 200;

export interface PolicyQuestion {
  /** Only what it may read is listed. */
  readonly ability: Ability;
  readonly project?: string | undefined;
  readonly claim?: string | undefined;
  readonly state: PolicyState;
  /** Exceptions alone, or all but them. */
  readonly expiring?: boolean | undefined;
}

/** Stores namespace policies and their versions. Lists are ordered by project, claim and name. */
export class NamespacePolicyRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async get(id: string, sql: Sql = this.#dataSource): Promise<NamespacePolicy> {
    const [policy] = await sql.query(`SELECT ${COLUMNS} ${FROM} WHERE m.id = $1`, [id]);
    if (!policy) throw noPolicyOf({ id });
    return policy;
  }

  async findByName(
    claimId: string,
    name: string,
    sql: Sql = this.#dataSource,
  ): Promise<NamespacePolicy | undefined> {
    const [policy] = await sql.query(
      `SELECT ${COLUMNS} ${FROM} WHERE m.claim_id = $1 AND m.name = $2`,
      [claimId, name],
    );
    return policy;
  }

  list(
    question: PolicyQuestion,
    after: string | undefined,
    limit: number,
  ): Promise<NamespacePolicy[]> {
    const [project = '', claim = '', name = ''] = (after ?? '//').split('/');
    const values: unknown[] = [];
    const wanted = conditions(question, values);
    const bind = (value: unknown): string => `$${values.push(value)}`;
    return this.#dataSource.query(
      `SELECT ${COLUMNS} ${FROM} WHERE ${wanted} AND (p.name, n.name, m.name) > (${bind(project)}, ${bind(claim)}, ${bind(name)})
       ORDER BY p.name, n.name, m.name LIMIT ${bind(limit)}`,
      values,
    );
  }

  async count(question: PolicyQuestion): Promise<number> {
    const values: unknown[] = [];
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count ${FROM} WHERE ${conditions(question, values)}`,
      values,
    );
    return row.count;
  }

  /** What the claim has in force besides one name, by name; of a namespace, where one is given. */
  standing(
    claimId: string,
    { namespace, except = '' }: { namespace?: string; except?: string },
    sql: Sql,
  ): Promise<StandingPolicy[]> {
    return sql.query(
      `SELECT m.name, v.spec, v.expires_at IS NULL AS "isSure" ${FROM} WHERE m.claim_id = $1 AND m.state = 'ACTIVE' AND m.name <> $2
         AND ($3::text IS NULL OR v.namespaces IS NULL OR $3 = ANY(v.namespaces)) ORDER BY m.name`,
      [claimId, except, namespace ?? null],
    );
  }

  /** Puts a new version in force; its number counts on. The caller holds `lockSelectors` alone. */
  async put(
    { claimId, name }: { readonly claimId: string; readonly name: string },
    content: NamespacePolicyContent,
    { author, reason }: { readonly author: string; readonly reason: string | null },
    sql: Sql,
  ): Promise<NamespacePolicy> {
    const [{ id, version }] = await sql.query(
      `INSERT INTO namespace_policies (claim_id, name, version) VALUES ($1, $2, 1)
       ON CONFLICT (claim_id, name) DO UPDATE SET version = namespace_policies.version + 1, state = 'ACTIVE' RETURNING id, version`,
      [claimId, name],
    );
    const { namespaces, spec, expiresAt, owner } = content;
    await sql.query(
      `INSERT INTO namespace_policy_versions (policy_id, number, namespaces, spec, expires_at, owner, reason, author)
       VALUES ($1, $2, $3, $4, to_timestamp($5), $6, $7, $8)`,
      [id, version, namespaces, spec, expiresAt, owner, reason, author],
    );
    await sql.query(
      'DELETE FROM namespace_policy_versions WHERE policy_id = $1 AND number <= $2 - $3::integer',
      [id, version, VERSIONS_KEPT],
    );
    return this.get(id, sql);
  }

  /** Of those of a claim that are in force no more the last ones are kept. */
  async setState(id: string, state: PolicyState, sql: Sql): Promise<NamespacePolicy> {
    await sql.query('UPDATE namespace_policies SET state = $2 WHERE id = $1', [id, state]);
    await sql.query(
      `DELETE FROM namespace_policies WHERE id IN (
         SELECT m.id FROM namespace_policies m JOIN namespace_policy_versions v ON v.policy_id = m.id AND v.number = m.version
         WHERE m.claim_id = (SELECT claim_id FROM namespace_policies WHERE id = $1) AND m.state <> 'ACTIVE' AND m.id <> $1
         ORDER BY v.created_at DESC OFFSET $2)`,
      [id, PAST_KEPT],
    );
    return this.get(id, sql);
  }

  async version(
    id: string,
    number: number,
    sql: Sql = this.#dataSource,
  ): Promise<NamespacePolicyVersion | undefined> {
    const [version] = await sql.query(
      `SELECT ${VERSION} FROM namespace_policy_versions v WHERE v.policy_id = $1 AND v.number = $2::bigint`,
      [id, number],
    );
    return version;
  }

  /** The newest versions of each policy, newest first, at most `limit` of each, in one query. */
  async listVersions(
    ids: readonly string[],
    limit: number,
  ): Promise<Map<string, NamespacePolicyVersion[]>> {
    const rows: NamespacePolicyVersion[] = await this.#dataSource.query(
      `SELECT v.* FROM unnest($1::uuid[]) AS wanted (id) CROSS JOIN LATERAL
         (SELECT ${VERSION} FROM namespace_policy_versions v WHERE v.policy_id = wanted.id ORDER BY v.number DESC LIMIT $2) v`,
      [ids, limit],
    );
    return Map.groupBy(rows, ({ policyId }) => policyId);
  }

  /** Exceptions whose time is over and that nobody has ended yet. */
  listOver(limit: number): Promise<NamespacePolicy[]> {
    return this.#dataSource.query(
      `SELECT ${COLUMNS} ${FROM} WHERE m.state = 'ACTIVE' AND v.expires_at <= now() ORDER BY v.expires_at LIMIT $1`,
      [limit],
    );
  }

  async share(id: string, projectId: string, sql: Sql): Promise<void> {
    await sql.query(
      'INSERT INTO namespace_policy_shares (policy_id, project_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [id, projectId],
    );
  }

  async unshare(id: string, projectId: string, sql: Sql): Promise<void> {
    await sql.query(
      'DELETE FROM namespace_policy_shares WHERE policy_id = $1 AND project_id = $2',
      [id, projectId],
    );
  }
}

function conditions(
  { ability, project, claim, state, expiring }: PolicyQuestion,
  values: unknown[],
): string {
  const parts = [
    abilitySql(ability, 'read', 'NamespacePolicy', READABLE, values),
    `m.state = $${values.push(state)}`,
  ];
  if (project !== undefined) parts.push(`p.name = $${values.push(project)}`);
  if (claim !== undefined) parts.push(`n.name = $${values.push(claim)}`);
  if (expiring !== undefined)
    parts.push(expiring ? 'v.expires_at IS NOT NULL' : 'v.expires_at IS NULL');
  return parts.join(' AND ');
}
