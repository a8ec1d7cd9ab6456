import { DIRECTIONS, type Direction, type Policy, type Rule } from '../model/policy.ts';
import { policyText, ruleText } from '../words/policy-text.ts';
import type { LintProblem } from './lint-problem.ts';
import { mayMeet, mayMeetPorts } from './overlaps.ts';
import { placeOf, ruleIdOf } from './place.ts';

/** Pairs of policies whose order is not defined and that disagree about connections which both may judge; one problem for each pair. */
export function listUndecided(policies: readonly Policy[]): LintProblem[] {
  const groups = Map.groupBy(policies, ({ tier, order }) => `${order} ${tier.name}`);
  return [...groups.values()].flatMap((group) =>
    group.every((policy) => policy.tie !== undefined) || isAdditive(group)
      ? []
      : group.flatMap((policy, index) =>
          group.slice(index + 1).flatMap((other) => problemsBetween(policy, other)),
        ),
  );
}

function problemsBetween(policy: Policy, other: Policy): LintProblem[] {
  if (!mayMeet(policy.subject, other.subject)) return [];
  const found = DIRECTIONS.map((direction) => disagreement(policy, other, direction)).find(Boolean);
  if (!found) return [];
  const { direction, rule, contrary } = found;
  return [
    {
      ...placeOf(policy, direction, rule),
      code: 'PRIORITY_UNDECIDED',
      severity: 'error',
      message: `${policyText(other.id)} has the same priority and its ${ruleText(contrary)} says otherwise: which of them decides is not defined`,
      others: [{ policy: other.id, rule: ruleIdOf(contrary) }],
    },
  ];
}

function disagreement(
  policy: Policy,
  other: Policy,
  direction: Direction,
): { readonly direction: Direction; readonly rule: Rule; readonly contrary: Rule } | undefined {
  for (const rule of policy[direction]?.rules ?? [])
    for (const contrary of other[direction]?.rules ?? []) {
      const isContrary =
        rule.action !== contrary.action &&
        mayMeetPorts(rule.ports, contrary.ports) &&
        rule.peers.some((one) => contrary.peers.some((peer) => mayMeet(one, peer)));
      if (isContrary) return { direction, rule, contrary };
    }
  return undefined;
}

/** NetworkPolicies are many, have no priority and cannot disagree. */
function isAdditive(group: readonly Policy[]): boolean {
  return group.every((policy) =>
    DIRECTIONS.every((direction) =>
      (policy[direction]?.rules ?? []).every(({ action }) => action === 'Accept'),
    ),
  );
}
