import type { LabelSelector } from '@picket/selector';

/** The clusters that a selector picks, of one project or of all. The database keeps which they are under `selectorId`. */
export interface Reach {
  readonly selectorId: string;
  readonly projectId: string | null;
  readonly selector: LabelSelector;
}

/** A namespace claim as far as access goes: whose it is, and which clusters its namespaces are in. */
export interface Claim {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly reach: Reach;
}

/**
 * Where a role holds: in the whole organization, in one project and where its claims reach, for the clusters that a selector picks (of one
 * project or of all), or for the namespaces of one claim.
 */
export type Scope =
  | { readonly kind: 'organization' }
  | { readonly kind: 'project'; readonly projectId: string; readonly claims: readonly Claim[] }
  | {
      readonly kind: 'clusters';
      readonly projectId: string | null;
      readonly selector: LabelSelector;
    }
  | { readonly kind: 'claim'; readonly claim: Claim };
