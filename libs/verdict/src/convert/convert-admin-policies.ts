import type { ObjectProblem, SourceObject } from '../parse/source-object.ts';

export interface ConvertedPolicies {
  /** The whole input, each AdminNetworkPolicy and BaselineAdminNetworkPolicy replaced by its ClusterNetworkPolicies. */
  readonly objects: readonly SourceObject[];
  /** With an error among them the set as a whole cannot be converted, and `objects` is the input. */
  readonly problems: readonly ObjectProblem[];
}

/**
 * Rewrites AdminNetworkPolicy and BaselineAdminNetworkPolicy as ClusterNetworkPolicy v1alpha2, so that every verdict stays.
 *
 * A ClusterNetworkPolicy has 25 rules, peers and ports where the old kinds have 100: rules are split, policies too, over neighbouring
 * priorities. Priorities stay where they can; else the tier is renumbered, ClusterNetworkPolicies of the input included.
 */
export function convertAdminPolicies(_objects: readonly SourceObject[]): ConvertedPolicies {
  throw new Error('convertAdminPolicies: the next commits fill this in');
}
