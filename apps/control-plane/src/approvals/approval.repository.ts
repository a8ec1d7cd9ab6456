import type { SignedApproval } from '@picket/agent-protocol';
import type { DataSource } from 'typeorm';

import { type Ability, abilitySql } from '../access/ability.ts';
import type { Sql } from '../platform/database.ts';

/** A cluster that waits for somebody's word before it runs what it must have. */
export interface PendingApproval {
  readonly organizationId: string;
  readonly projectId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cluster: { readonly id: string; readonly name: string };
  readonly project: { readonly name: string };
  readonly digest: string;
  readonly runningDigest: string | null;
  readonly given: number;
  readonly needed: number;
}

export interface PendingQuestion {
  readonly ability: Ability;
  readonly project?: string | undefined;
}

/** Most that are kept of one cluster: the newest. */
const KEPT_MAX = 16;

const COLUMNS = `a.cluster_id AS "clusterId", a.digest, a.signed_at_ms::float8 AS "signedAtMs", a.not_after::float8 AS "notAfter",
  a.public_key AS "publicKey", a.signature`;
const READABLE = {
  organizationId: 'p.organization_id',
  projectId: 'c.project_id',
  labels: 'c.labels',
};
// Counts as the agents do: by keys of the project, not ended, and newer than what let the cluster run what it runs.
const GIVEN = `(SELECT count(*)::int FROM approvals a WHERE a.cluster_id = c.id AND a.digest = c.desired_digest
  AND (a.not_after IS NULL OR a.not_after > extract(epoch FROM now()))
  AND p.approver_keys @> jsonb_build_array(jsonb_build_object('publicKey', a.public_key))
  AND a.signed_at_ms > coalesce((SELECT min(r.signed_at_ms) FROM approvals r WHERE r.cluster_id = c.id AND r.digest = s.running_digest), 0))`;
const PENDING = `FROM projects p JOIN clusters c ON c.project_id = p.id JOIN cluster_statuses s ON s.cluster_id = c.id
  CROSS JOIN LATERAL (SELECT ${GIVEN} AS given) g
  WHERE p.approver_keys <> '[]' AND c.state = 'APPROVED' AND c.desired_digest IS NOT NULL AND s.running_digest IS DISTINCT FROM c.desired_digest
    AND g.given < p.approvals_needed`;

/** Stores what approvers signed. Lists are ordered by project and name. */
export class ApprovalRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** What goes with a grant of this digest; at most 8, newest first. */
  of(clusterId: string, digest: string): Promise<SignedApproval[]> {
    return this.#dataSource.query(
      `SELECT ${COLUMNS} FROM approvals a WHERE a.cluster_id = $1 AND a.digest = $2 ORDER BY a.signed_at_ms DESC LIMIT 8`,
      [clusterId, digest],
    );
  }

  /** What let each of these clusters run what it runs, in one query. */
  async ofRunning(clusterIds: readonly string[]): Promise<Map<string, SignedApproval[]>> {
    const rows: SignedApproval[] = await this.#dataSource.query(
      `SELECT ${COLUMNS} FROM approvals a JOIN cluster_statuses s ON s.cluster_id = a.cluster_id AND s.running_digest = a.digest
       WHERE a.cluster_id = ANY($1)`,
      [clusterIds],
    );
    return Map.groupBy(rows, ({ clusterId }) => clusterId);
  }

  /** Of several by one key for one digest the newest stays. */
  async add(approvals: readonly SignedApproval[], sql: Sql): Promise<void> {
    await sql.query(
      `INSERT INTO approvals AS a (cluster_id, digest, public_key, signed_at_ms, not_after, signature)
       SELECT DISTINCT ON (id, digest, key) * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[])
         AS w (id, digest, key, at_ms, not_after, signature) ORDER BY id, digest, key, at_ms DESC
       ON CONFLICT (cluster_id, digest, public_key) DO UPDATE SET signed_at_ms = excluded.signed_at_ms, not_after = excluded.not_after,
         signature = excluded.signature WHERE a.signed_at_ms < excluded.signed_at_ms`,
      [
        approvals.map(({ clusterId }) => clusterId),
        approvals.map(({ digest }) => digest),
        approvals.map(({ publicKey }) => publicKey),
        approvals.map(({ signedAtMs }) => signedAtMs),
        approvals.map(({ notAfter }) => notAfter),
        approvals.map(({ signature }) => signature),
      ],
    );
    await sql.query(
      `DELETE FROM approvals WHERE (cluster_id, digest, public_key) IN (
         SELECT cluster_id, digest, public_key FROM (
           SELECT *, row_number() OVER (PARTITION BY cluster_id ORDER BY signed_at_ms DESC) AS place FROM approvals WHERE cluster_id = ANY($1)
         ) ranked WHERE place > ${KEPT_MAX})`,
      [approvals.map(({ clusterId }) => clusterId)],
    );
  }

  listPending(question: PendingQuestion, after = '/', limit: number): Promise<PendingApproval[]> {
    const values: unknown[] = [];
    const [project = '', name = ''] = after.split('/');
    const where = conditions(question, values);
    return this.#dataSource.query(
      `SELECT p.organization_id AS "organizationId", c.project_id AS "projectId", c.labels,
         json_build_object('id', c.id, 'name', c.name) AS cluster, json_build_object('name', p.name) AS project,
         c.desired_digest AS digest, s.running_digest AS "runningDigest", g.given, p.approvals_needed AS needed
       ${PENDING} AND ${where} AND (p.name, c.name) > ($${values.push(project)}, $${values.push(name)})
       ORDER BY p.name, c.name LIMIT $${values.push(limit)}`,
      values,
    );
  }

  async countPending(question: PendingQuestion): Promise<number> {
    const values: unknown[] = [];
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count ${PENDING} AND ${conditions(question, values)}`,
      values,
    );
    return row.count;
  }

  /** What the cluster says that it runs; null before its first set. */
  async runningDigest(clusterId: string): Promise<string | null> {
    const [row] = await this.#dataSource.query(
      'SELECT running_digest AS digest FROM cluster_statuses WHERE cluster_id = $1',
      [clusterId],
    );
    return row?.digest ?? null;
  }
}

function conditions({ ability, project }: PendingQuestion, values: unknown[]): string {
  const parts = [abilitySql(ability, 'read', 'Approval', READABLE, values)];
  if (project !== undefined) parts.push(`p.name = $${values.push(project)}`);
  return parts.join(' AND ');
}
