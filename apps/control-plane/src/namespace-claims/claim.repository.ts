import type { DataSource } from 'typeorm';

import { type Ability, abilitySql } from '../access/ability.ts';
import { noClaimOf } from '../access/missing.ts';
import type { Sql } from '../platform/database.ts';
import type { ClaimContent } from './claim-input.ts';
import { type NamespaceClaim, NamespaceClaimExists, NamespaceClaimInUse } from './claim.ts';

const COLUMNS = `n.id, n.id AS "claimId", n.organization_id AS "organizationId", n.project_id AS "projectId", p.name AS project, n.name, q.name AS "clusterProject",
  s.selector AS "clusterSelector", s.id AS "selectorId", n.namespaces, n.namespace_selector AS "namespaceSelector", n.created_at AS "createdAt"`;
const FROM = `FROM namespace_claims n JOIN projects p ON p.id = n.project_id
  JOIN cluster_selectors s ON s.id = n.selector_id LEFT JOIN projects q ON q.id = s.project_id`;
const READABLE = {
  organizationId: 'n.organization_id',
  projectId: 'n.project_id',
  claimId: 'n.id',
};
const FOREIGN_KEY_VIOLATION = '23503';

/** Stores namespace claims. Lists are ordered by project and name. */
export class ClaimRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async get(id: string, sql: Sql = this.#dataSource): Promise<NamespaceClaim> {
    const [claim] = await sql.query(`SELECT ${COLUMNS} ${FROM} WHERE n.id = $1`, [id]);
    if (!claim) throw noClaimOf({ id });
    return claim;
  }

  async findByName(
    projectId: string,
    name: string,
    sql: Sql = this.#dataSource,
  ): Promise<NamespaceClaim | undefined> {
    const [claim] = await sql.query(
      `SELECT ${COLUMNS} ${FROM} WHERE n.project_id = $1 AND n.name = $2`,
      [projectId, name],
    );
    return claim;
  }

  list(
    ability: Ability,
    project: string | undefined,
    after: string | undefined,
    limit: number,
  ): Promise<NamespaceClaim[]> {
    const [afterProject = '', afterName = ''] = (after ?? '/').split('/');
    const values: unknown[] = [project ?? null, afterProject, afterName, limit];
    const allowed = abilitySql(ability, 'read', 'NamespaceClaim', READABLE, values);
    return this.#dataSource.query(
      `SELECT ${COLUMNS} ${FROM} WHERE ${allowed} AND ($1::text IS NULL OR p.name = $1) AND (p.name, n.name) > ($2, $3)
       ORDER BY p.name, n.name LIMIT $4`,
      values,
    );
  }

  async count(ability: Ability, project: string | undefined): Promise<number> {
    const values: unknown[] = [project ?? null];
    const allowed = abilitySql(ability, 'read', 'NamespaceClaim', READABLE, values);
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count ${FROM} WHERE ${allowed} AND ($1::text IS NULL OR p.name = $1)`,
      values,
    );
    return row.count;
  }

  async countOf(projectId: string, sql: Sql): Promise<number> {
    const [row] = await sql.query(
      'SELECT count(*)::int AS count FROM namespace_claims WHERE project_id = $1',
      [projectId],
    );
    return row.count;
  }

  async create(
    claim: { organizationId: string; projectId: string; name: string; selectorId: string },
    { namespaces, namespaceSelector }: ClaimContent,
    sql: Sql,
  ): Promise<NamespaceClaim> {
    const { organizationId, projectId, name, selectorId } = claim;
    const [row] = await sql.query(
      `INSERT INTO namespace_claims (organization_id, project_id, name, selector_id, namespaces, namespace_selector) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (project_id, name) DO NOTHING RETURNING id`,
      [organizationId, projectId, name, selectorId, namespaces, namespaceSelector],
    );
    if (!row)
      throw new NamespaceClaimExists(`There is a namespace claim ${name} already`, { name });
    return this.get(row.id, sql);
  }

  async change(
    id: string,
    selectorId: string,
    { namespaces, namespaceSelector }: ClaimContent,
    sql: Sql,
  ): Promise<NamespaceClaim> {
    await sql.query(
      'UPDATE namespace_claims SET selector_id = $2, namespaces = $3, namespace_selector = $4 WHERE id = $1',
      [id, selectorId, namespaces, namespaceSelector],
    );
    return this.get(id, sql);
  }

  /** Throws NamespaceClaimInUse while something refers to it. */
  async remove({ id, name }: NamespaceClaim, sql: Sql): Promise<void> {
    try {
      await sql.query('DELETE FROM namespace_claims WHERE id = $1', [id]);
    } catch (error) {
      if ((error as { code?: string }).code !== FOREIGN_KEY_VIOLATION) throw error;
      throw new NamespaceClaimInUse(
        `Namespace claim ${name} still has policies; delete those first`,
        { name },
      );
    }
  }

  /** Forgets a kept selector that no claim has any more. */
  async dropUnused(selectorId: string, sql: Sql): Promise<void> {
    await sql.query(
      'DELETE FROM cluster_selectors s WHERE s.id = $1 AND NOT EXISTS (SELECT 1 FROM namespace_claims n WHERE n.selector_id = s.id)',
      [selectorId],
    );
  }

  /** One of the claim's namespaces that another project has claimed by name, in a cluster of both. */
  async takenNamespace(
    { id, organizationId, projectId, selectorId, namespaces }: NamespaceClaim,
    sql: Sql,
  ): Promise<string | undefined> {
    const [row] = await sql.query(
      `SELECT taken.namespace FROM namespace_claims n
         CROSS JOIN LATERAL (SELECT unnest(n.namespaces) INTERSECT SELECT unnest($4::text[])) AS taken (namespace)
       WHERE n.organization_id = $1 AND n.project_id <> $2 AND n.id <> $3 AND n.namespaces && $4
         AND (n.selector_id = $5 OR EXISTS (
           SELECT 1 FROM selected_clusters theirs JOIN selected_clusters ours USING (cluster_id)
           WHERE theirs.selector_id = n.selector_id AND ours.selector_id = $5))
       ORDER BY taken.namespace LIMIT 1`,
      [organizationId, projectId, id, namespaces, selectorId],
    );
    return row?.namespace;
  }

  async trustedLabels(organizationId: string, sql: Sql = this.#dataSource): Promise<string[]> {
    const [row] = await sql.query(
      'SELECT trusted_namespace_labels AS labels FROM organizations WHERE id = $1',
      [organizationId],
    );
    return row.labels;
  }

  async trustLabels(organizationId: string, labels: readonly string[], sql: Sql): Promise<void> {
    await sql.query('UPDATE organizations SET trusted_namespace_labels = $2 WHERE id = $1', [
      organizationId,
      labels,
    ]);
  }

  /** Label keys by which claims select namespaces. */
  async selectedKeys(organizationId: string, sql: Sql): Promise<Set<string>> {
    const rows: { key: string }[] = await sql.query(
      `SELECT jsonb_object_keys(namespace_selector->'matchLabels') AS key FROM namespace_claims WHERE organization_id = $1 AND namespace_selector ? 'matchLabels'
       UNION SELECT e->>'key' FROM namespace_claims, jsonb_array_elements(namespace_selector->'matchExpressions') AS e WHERE organization_id = $1`,
      [organizationId],
    );
    return new Set(rows.map(({ key }) => key));
  }
}
