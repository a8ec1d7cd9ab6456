import type { NetworkPolicySpec } from '@picket/policy';
import type { LabelSelector } from '@picket/selector';

import type { Sql } from '../platform/database.ts';
import { selectedNamespaces } from './namespace-policy.ts';

/** A policy in force, without its spec: what of it depends on the claim, and its version, which never changes. */
export interface EffectivePolicy {
  readonly policyId: string;
  readonly project: string;
  readonly claim: string;
  readonly name: string;
  readonly version: number;
  readonly namespaceSelector: LabelSelector;
  /** Seconds since the epoch; null: it does not end. */
  readonly expiresAt: number | null;
}

/** What reaches each cluster. Clusters with the same `key` are reached by the same. */
export interface Reached {
  of(clusterId: string): { readonly key: string; readonly policies: readonly EffectivePolicy[] };
}

interface Row extends Omit<EffectivePolicy, 'namespaceSelector'> {
  readonly selectorId: string;
  readonly own: readonly string[] | null;
  readonly claimed: readonly string[] | null;
  readonly claimedBy: LabelSelector | null;
}

/** Finds which namespace policies reach which clusters: by the selectors of their claims, never cluster by cluster. */
export class ReachRepository {
  /** Two statements, however many clusters and policies there are. */
  async of(clusterIds: readonly string[], sql: Sql): Promise<Reached> {
    const picked: { clusterId: string; selectorIds: string[] }[] = await sql.query(
      `SELECT s.cluster_id AS "clusterId", array_agg(s.selector_id::text ORDER BY s.selector_id) AS "selectorIds" FROM selected_clusters s
       WHERE s.cluster_id = ANY($1) AND s.selector_id IN
         (SELECT n.selector_id FROM namespace_claims n JOIN namespace_policies m ON m.claim_id = n.id WHERE m.state = 'ACTIVE')
       GROUP BY s.cluster_id`,
      [clusterIds],
    );
    const selectorsOf = new Map(picked.map((row) => [row.clusterId, row.selectorIds]));
    const distinct = [...new Set(picked.flatMap(({ selectorIds }) => selectorIds))];
    const bySelector = await this.#inForce(distinct, sql);
    return {
      of(clusterId) {
        const selectorIds = selectorsOf.get(clusterId) ?? [];
        const policies = selectorIds.flatMap((id) => bySelector.get(id) ?? []);
        return { key: selectorIds.join(' '), policies };
      },
    };
  }

  /** The specs of these versions, by policy. */
  async specs(
    policies: readonly EffectivePolicy[],
    sql: Sql,
  ): Promise<Map<string, NetworkPolicySpec>> {
    const rows: { policyId: string; spec: NetworkPolicySpec }[] = await sql.query(
      `SELECT v.policy_id AS "policyId", v.spec FROM unnest($1::uuid[], $2::integer[]) AS w (id, version)
       JOIN namespace_policy_versions v ON v.policy_id = w.id AND v.number = w.version`,
      [policies.map(({ policyId }) => policyId), policies.map(({ version }) => version)],
    );
    return new Map(rows.map(({ policyId, spec }) => [policyId, spec]));
  }

  async #inForce(
    selectorIds: readonly string[],
    sql: Sql,
  ): Promise<Map<string, EffectivePolicy[]>> {
    if (selectorIds.length === 0) return new Map();
    const rows: Row[] = await sql.query(
      `SELECT n.selector_id AS "selectorId", m.id AS "policyId", p.name AS project, n.name AS claim, m.name, m.version, v.namespaces AS own,
         extract(epoch FROM v.expires_at)::float8 AS "expiresAt", n.namespaces AS claimed, n.namespace_selector AS "claimedBy"
       FROM namespace_claims n JOIN projects p ON p.id = n.project_id JOIN namespace_policies m ON m.claim_id = n.id
         JOIN namespace_policy_versions v ON v.policy_id = m.id AND v.number = m.version
       WHERE n.selector_id = ANY($1) AND m.state = 'ACTIVE' AND (v.expires_at IS NULL OR v.expires_at > now())
       ORDER BY p.name, n.name, m.name`,
      [selectorIds],
    );
    const effective = rows.flatMap(({ own, claimed, claimedBy, ...row }) => {
      const claim = { namespaces: claimed, namespaceSelector: claimedBy };
      const namespaceSelector = selectedNamespaces(claim, own);
      return namespaceSelector ? [{ ...row, namespaceSelector }] : [];
    });
    const bySelector = Map.groupBy(effective, ({ selectorId }) => selectorId);
    return new Map(
      [...bySelector].map(([id, members]) => [
        id,
        members.map(({ selectorId: _selectorId, ...policy }) => policy),
      ]),
    );
  }
}
