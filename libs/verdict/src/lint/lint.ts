import type { Problem } from '@picket/kernel';

import type { RuleId } from '../model/answer.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Direction, Policy, PolicyId } from '../model/policy.ts';

/**
 * `RULE_SHADOWED` rules before it match all that it matches, so it never decides.
 * `RULE_REDUNDANT` others allow or deny all that it does.
 * `POLICY_REDUNDANT` the policy may go, isolation and all.
 * `SELECTOR_EMPTY` no pod can ever match. `POLICY_SELECTS_NOTHING`, `PEER_SELECTS_NOTHING`, `PORT_NAME_UNKNOWN`: none of this inventory does.
 * `PRIORITY_UNDECIDED` two policies of equal priority disagree about the same connections.
 * `RULE_ALLOWS_EVERYONE`, `RULE_ALLOWS_ANY_ADDRESS`, `RULE_ALLOWS_ALL_PORTS` over-broad.
 */
export type LintCode =
  | 'RULE_SHADOWED'
  | 'RULE_REDUNDANT'
  | 'POLICY_REDUNDANT'
  | 'SELECTOR_EMPTY'
  | 'POLICY_SELECTS_NOTHING'
  | 'PEER_SELECTS_NOTHING'
  | 'PORT_NAME_UNKNOWN'
  | 'PRIORITY_UNDECIDED'
  | 'RULE_ALLOWS_EVERYONE'
  | 'RULE_ALLOWS_ANY_ADDRESS'
  | 'RULE_ALLOWS_ALL_PORTS';

/** A problem of a policy that every API server takes. `path` is that of the rule or peer in the model's terms: `ingress[2].peers[0]`. */
export interface LintProblem extends Problem {
  readonly code: LintCode;
  readonly policy: PolicyId;
  readonly direction?: Direction;
  readonly rule?: RuleId;
  /** The policies and rules that make it so. */
  readonly others?: readonly { readonly policy: PolicyId; readonly rule?: RuleId }[];
}

/**
 * What is suspicious about policies, decided by meaning and not by text; sorted by policy, direction and rule.
 *
 * Redundant and shadowed hold in every cluster, not only in this one, and for all that are reported together: without all of them no
 * verdict that is known changes. What selects nothing is asked of the inventory; an inventory without workloads is not asked.
 */
export function lint(_policies: readonly Policy[], _inventory: Inventory): LintProblem[] {
  throw new Error('lint: the next commits fill this in');
}
