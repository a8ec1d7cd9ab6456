import { pathText } from '@picket/kernel';

import type { RuleId } from '../model/answer.ts';
import { DIRECTIONS, type Direction, type Policy, type Rule } from '../model/policy.ts';
import type { LintProblem } from './lint-problem.ts';

/** What a problem says of its place: the policy, the rule in it, and the peer in that. */
export function placeOf(
  { id }: Policy,
  direction?: Direction,
  rule?: Rule,
  peer?: number,
): Pick<LintProblem, 'policy' | 'direction' | 'rule' | 'path'> {
  const peers = direction === 'egress' ? 'to' : 'from';
  return {
    policy: id,
    ...(direction && { direction }),
    ...(rule && { rule: ruleIdOf(rule) }),
    path: pathText([
      'spec',
      ...(direction ? [direction] : []),
      ...(rule ? [rule.index] : []),
      ...(peer === undefined ? [] : [peers, peer]),
    ]),
  };
}

export function ruleIdOf({ index, name }: Rule): RuleId {
  return { index, ...(name !== undefined && { name }) };
}

/** Every rule of every policy, with its place. */
export function* rulesIn(
  policies: readonly Policy[],
): Generator<{ readonly policy: Policy; readonly direction: Direction; readonly rule: Rule }> {
  for (const policy of policies)
    for (const direction of DIRECTIONS)
      for (const rule of policy[direction]?.rules ?? []) yield { policy, direction, rule };
}
