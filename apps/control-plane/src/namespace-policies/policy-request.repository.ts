import type { Problem } from '@picket/kernel';
import { diffNamespacePolicies, type NamespacePolicyContent } from '@picket/policy';
import type { DataSource } from 'typeorm';

import { type Ability, abilitySql } from '../access/ability.ts';
import type { Caller } from '../access/actor.ts';
import type { Sql } from '../platform/database.ts';
import { noRequestOf, type PolicyRequest, type RequestState } from './policy-request.ts';

const READABLE = {
  organizationId: 'n.organization_id',
  projectId: 'n.project_id',
  claimId: 'n.id',
};
const IN_FORCE = `(SELECT m.version FROM namespace_policies m WHERE m.claim_id = r.claim_id AND m.name = r.name AND m.state = 'ACTIVE')`;
const COLUMNS = `r.id, n.organization_id AS "organizationId", n.project_id AS "projectId", p.name AS project, n.id AS "claimId", n.name AS claim,
  r.name, r.base_version AS "baseVersion", r.content, r.problems, r.reason, r.state, r.decided_by AS "decidedBy", r.decision_reason AS "decisionReason",
  r.decided_at AS "decidedAt", r.created_at AS "createdAt", (extract(epoch FROM r.created_at) * 1000000)::bigint::text AS micros,
  json_build_object('kind', r.requester_kind, 'id', r.requester_id, 'name', r.requester_name) AS requester, r.requester_name AS "requestedBy",
  r.state = 'PENDING' AND r.base_version IS DISTINCT FROM ${IN_FORCE} AS stale,
  (SELECT json_build_object('namespaces', v.namespaces, 'spec', v.spec, 'expiresAt', extract(epoch FROM v.expires_at)::float8, 'owner', v.owner)
   FROM namespace_policies m JOIN namespace_policy_versions v ON v.policy_id = m.id AND v.number = r.base_version
   WHERE m.claim_id = r.claim_id AND m.name = r.name) AS base`;
const FROM =
  'FROM policy_requests r JOIN namespace_claims n ON n.id = r.claim_id JOIN projects p ON p.id = n.project_id';

/** Decided requests of a claim; the audit log has all. */
const DECIDED_KEPT = 1_000;

interface Row extends Omit<PolicyRequest, 'changes'> {
  readonly base: NamespacePolicyContent | null;
  readonly micros: string;
}
/** A request with its place in a list. */
export type ListedRequest = PolicyRequest & { readonly micros: string };

export interface RequestQuestion {
  /** Only what it may read is listed. */
  readonly ability: Ability;
  readonly project?: string | undefined;
  readonly claim?: string | undefined;
  readonly state?: RequestState | undefined;
}

export interface NewRequest {
  readonly claimId: string;
  readonly name: string;
  readonly baseVersion: number | null;
  readonly content: NamespacePolicyContent | null;
  readonly problems: readonly Problem[];
  readonly reason: string | null;
  readonly requester: Caller;
}

/** Stores policy requests. Lists are ordered by time, newest first. */
export class PolicyRequestRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async get(id: string, sql: Sql = this.#dataSource): Promise<PolicyRequest> {
    const [row] = await sql.query(`SELECT ${COLUMNS} ${FROM} WHERE r.id = $1`, [id]);
    if (!row) throw noRequestOf(id);
    return requestOf(row);
  }

  async list(
    question: RequestQuestion,
    after: string | undefined,
    limit: number,
  ): Promise<ListedRequest[]> {
    const values: unknown[] = [];
    const parts = [conditions(question, values)];
    const [micros, id] = after?.split('/') ?? [];
    if (micros !== undefined)
      parts.push(
        `((extract(epoch FROM r.created_at) * 1000000)::bigint, r.id::text) < ($${values.push(micros)}::bigint, $${values.push(id ?? '')})`,
      );
    const rows: Row[] = await this.#dataSource.query(
      `SELECT ${COLUMNS} ${FROM} WHERE ${parts.join(' AND ')} ORDER BY r.created_at DESC, r.id::text DESC LIMIT $${values.push(limit)}`,
      values,
    );
    return rows.map(requestOf);
  }

  async count(question: RequestQuestion): Promise<number> {
    const values: unknown[] = [];
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count ${FROM} WHERE ${conditions(question, values)}`,
      values,
    );
    return row.count;
  }

  async countPending(claimId: string, sql: Sql): Promise<number> {
    const [row] = await sql.query(
      `SELECT count(*)::int AS count FROM policy_requests WHERE claim_id = $1 AND state = 'PENDING'`,
      [claimId],
    );
    return row.count;
  }

  /** What the same requester has pending for the same policy. */
  async findPending(
    { claimId, name, requester }: Pick<NewRequest, 'claimId' | 'name' | 'requester'>,
    sql: Sql,
  ): Promise<PolicyRequest | undefined> {
    const [row] = await sql.query(
      `SELECT ${COLUMNS} ${FROM} WHERE r.claim_id = $1 AND r.name = $2 AND r.requester_kind = $3 AND r.requester_id = $4 AND r.state = 'PENDING'`,
      [claimId, name, requester.kind, requester.id],
    );
    return row && requestOf(row);
  }

  async add(request: NewRequest, sql: Sql): Promise<PolicyRequest> {
    const { claimId, name, baseVersion, content, problems, reason, requester } = request;
    const [row] = await sql.query(
      `INSERT INTO policy_requests (claim_id, name, base_version, content, problems, reason, requester_kind, requester_id, requester_name)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
      [
        claimId,
        name,
        baseVersion,
        content,
        JSON.stringify(problems),
        reason,
        requester.kind,
        requester.id,
        requester.name,
      ],
    );
    return this.get(row.id, sql);
  }

  /** The caller has seen it pending, under `lockSelectors`. Of what was decided in a claim the last ones are kept. */
  async decide(
    id: string,
    state: Exclude<RequestState, 'PENDING'>,
    { by, reason }: { readonly by: string; readonly reason: string | null },
    sql: Sql,
  ): Promise<PolicyRequest> {
    await sql.query(
      'UPDATE policy_requests SET state = $2, decided_by = $3, decision_reason = $4, decided_at = now() WHERE id = $1',
      [id, state, by, reason],
    );
    await sql.query(
      `DELETE FROM policy_requests WHERE id IN (
         SELECT id FROM policy_requests WHERE state <> 'PENDING' AND claim_id = (SELECT claim_id FROM policy_requests WHERE id = $1)
         ORDER BY decided_at DESC OFFSET $2)`,
      [id, DECIDED_KEPT],
    );
    return this.get(id, sql);
  }
}

function requestOf({ base, ...row }: Row): ListedRequest {
  const changes = diffNamespacePolicies(base ?? undefined, row.content ?? undefined);
  return { ...row, changes };
}

function conditions(
  { ability, project, claim, state }: RequestQuestion,
  values: unknown[],
): string {
  const parts = [abilitySql(ability, 'read', 'PolicyRequest', READABLE, values)];
  if (project !== undefined) parts.push(`p.name = $${values.push(project)}`);
  if (claim !== undefined) parts.push(`n.name = $${values.push(claim)}`);
  if (state !== undefined) parts.push(`r.state = $${values.push(state)}`);
  return parts.join(' AND ');
}
