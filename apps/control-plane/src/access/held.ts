import type { LabelSelector } from '@picket/selector';

import type { Sql } from '../platform/database.ts';
import type { Held } from './ability.ts';
import { type Permission, ROLES } from './permissions.ts';
import type { Claim, Scope } from './scope.ts';

/** A role binding as it is stored; `permissions` are those of a custom role. */
export interface StoredBinding {
  readonly role: string;
  readonly permissions: readonly Permission[] | null;
  readonly projectId: string | null;
  readonly selector: LabelSelector | null;
  readonly claimId: string | null;
}

/** One binding `b` and its role `r` as JSON: a {@link StoredBinding}. */
export const BINDING_JSON = `json_build_object('role', b.role, 'permissions', r.permissions, 'projectId', b.project_id, 'selector', b.cluster_selector, 'claimId', b.claim_id)`;

/** What bindings give, with the claims that {@link claimsOf} found. A role that nobody knows any more gives nothing. */
export function heldBy(bindings: readonly StoredBinding[], claims: readonly Claim[]): Held[] {
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  const byProject = Map.groupBy(claims, ({ projectId }) => projectId);
  const scopeOf = ({ projectId, selector, claimId }: StoredBinding): Scope | undefined => {
    if (claimId !== null) {
      const claim = byId.get(claimId);
      return claim && { kind: 'claim', claim };
    }
    if (selector !== null) return { kind: 'clusters', projectId, selector };
    if (projectId === null) return { kind: 'organization' };
    return { kind: 'project', projectId, claims: byProject.get(projectId) ?? [] };
  };
  return bindings.flatMap((binding) => {
    const scope = scopeOf(binding);
    const { role, permissions } = binding;
    const own = Object.hasOwn(ROLES, role) ? ROLES[role as keyof typeof ROLES] : permissions;
    return scope ? [{ permissions: own ?? [], scope }] : [];
  });
}

/** The claims that bindings speak of, and those of the projects that they speak of; asks nothing when there are none. */
export async function claimsOf(bindings: readonly StoredBinding[], sql: Sql): Promise<Claim[]> {
  const ids = bindings.flatMap(({ claimId }) => claimId ?? []);
  const projectIds = bindings.flatMap(({ projectId, selector, claimId }) =>
    projectId !== null && selector === null && claimId === null ? [projectId] : [],
  );
  if (ids.length + projectIds.length === 0) return [];
  return sql.query(
    `SELECT n.id, n.name, n.project_id AS "projectId", json_build_object('selectorId', s.id, 'projectId', s.project_id, 'selector', s.selector) AS reach
     FROM namespace_claims n JOIN cluster_selectors s ON s.id = n.selector_id WHERE n.id = ANY($1) OR n.project_id = ANY($2)`,
    [[...new Set(ids)], [...new Set(projectIds)]],
  );
}
