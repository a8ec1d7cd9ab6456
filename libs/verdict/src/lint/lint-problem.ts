import type { Problem } from '@picket/kernel';

import type { RuleId } from '../model/answer.ts';
import type { Direction, PolicyId } from '../model/policy.ts';

/**
 * `RULE_SHADOWED` others come first wherever it matches, so it never decides.
 * `RULE_REDUNDANT` others allow or deny all that it does.
 * `POLICY_REDUNDANT` the policy may go, isolation and all.
 * `SELECTOR_EMPTY` nothing can ever match. `POLICY_SELECTS_NOTHING`, `PEER_SELECTS_NOTHING`, `PORT_NAME_UNKNOWN`: none of this inventory does.
 * `PRIORITY_UNDECIDED` two policies of equal priority disagree about connections that both may judge: an error, as the verdict is unknown.
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

/** A problem of a policy that every API server takes. `path` leads into the object as the kinds of Kubernetes are written: `spec.ingress[2].from[0]`. */
export interface LintProblem extends Problem {
  readonly code: LintCode;
  readonly policy: PolicyId;
  readonly direction?: Direction;
  readonly rule?: RuleId;
  /** The policies and rules that make it so. */
  readonly others?: readonly { readonly policy: PolicyId; readonly rule?: RuleId }[];
}
