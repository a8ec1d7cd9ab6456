import type { StandingPolicy } from '@picket/policy';

import type { NamespaceClaim } from '../namespace-claims/claim.ts';
import type { Sql } from '../platform/database.ts';

/**
 * What blueprints and other claims have in a namespace of the clusters of a claim, as far as the policy sets of those clusters say it now.
 * Of other projects' claims nothing is told but what is in a namespace that both have by name, and that without its name.
 * What stands to the right implements it (decision 12).
 */
export interface StandingInClusters {
  ofOthers(
    claim: Pick<NamespaceClaim, 'name' | 'project' | 'selectorId' | 'namespaces'>,
    namespace: string,
    sql: Sql,
  ): Promise<readonly StandingPolicy[]>;
}
