import { type LabelSelector, matchesLabels } from '@picket/selector';

import type { Sql } from '../platform/database.ts';
import { selectorSql } from '../platform/selector-sql.ts';

/** Which clusters of an organization a selector is asked of; `projectId` null: those of all its projects. */
export interface Picking {
  readonly organizationId: string;
  readonly projectId: string | null;
  readonly selector: LabelSelector;
}

/**
 * Held until the transaction ends. Whoever makes a selector, or changes what it brings to the clusters that it picks, holds it alone;
 * whoever changes the labels of a cluster shares it. Without it a cluster could miss what another has not yet committed.
 */
export async function lockSelectors(
  organizationId: string,
  how: 'alone' | 'shared',
  sql: Sql,
): Promise<void> {
  const lock = how === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
  await sql.query(`SELECT ${lock}(hashtextextended($1, 0))`, [`selectors ${organizationId}`]);
}

/** The id of a selector, which picks its clusters now if it is a new one. Equal ones are one. The caller holds `lockSelectors` alone. */
export async function keepSelector(
  { organizationId, projectId, selector }: Picking,
  sql: Sql,
): Promise<string> {
  const [made] = await sql.query(
    `INSERT INTO cluster_selectors (organization_id, project_id, selector) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id`,
    [organizationId, projectId, selector],
  );
  if (!made) {
    const [found] = await sql.query(
      `SELECT id FROM cluster_selectors WHERE organization_id = $1 AND project_id IS NOT DISTINCT FROM $2 AND selector = $3`,
      [organizationId, projectId, selector],
    );
    return found.id;
  }
  const values: unknown[] = [made.id, organizationId, projectId];
  await sql.query(
    `INSERT INTO selected_clusters (selector_id, cluster_id)
     SELECT $1, c.id FROM clusters c JOIN projects p ON p.id = c.project_id
     WHERE p.organization_id = $2 AND ($3::uuid IS NULL OR p.id = $3) AND (${selectorSql(selector, 'c.labels', values)})`,
    values,
  );
  return made.id;
}

/** Brings up to date which selectors pick a cluster, when it is new or its labels have changed. The caller shares `lockSelectors`. */
export async function pickCluster(clusterId: string, sql: Sql): Promise<void> {
  const selectors: { id: string; selector: LabelSelector; labels: Record<string, string> }[] =
    await sql.query(
      `SELECT s.id, s.selector, c.labels FROM clusters c JOIN projects p ON p.id = c.project_id
         JOIN cluster_selectors s ON s.organization_id = p.organization_id AND (s.project_id IS NULL OR s.project_id = p.id)
       WHERE c.id = $1`,
      [clusterId],
    );
  const picking = selectors.filter(({ selector, labels }) => matchesLabels(selector, labels));
  await sql.query(
    `WITH gone AS (DELETE FROM selected_clusters WHERE cluster_id = $1 AND NOT selector_id = ANY($2::uuid[]))
     INSERT INTO selected_clusters (selector_id, cluster_id) SELECT id, $1 FROM unnest($2::uuid[]) AS s (id) ON CONFLICT DO NOTHING`,
    [clusterId, picking.map(({ id }) => id)],
  );
}

/** Marks the clusters that a selector picks as stale, in id order so that two such changes cannot deadlock. */
export async function markSelectedStale(selectorId: string, sql: Sql): Promise<void> {
  await sql.query(
    `UPDATE clusters SET stale = true WHERE id IN
       (SELECT id FROM clusters WHERE id IN (SELECT cluster_id FROM selected_clusters WHERE selector_id = $1) ORDER BY id FOR NO KEY UPDATE)`,
    [selectorId],
  );
}
