import type { Policy } from '../model/policy.ts';
import { listText, policyText, ruleText } from '../words/policy-text.ts';
import type { LintProblem } from './lint-problem.ts';
import { placeOf, ruleIdOf } from './place.ts';
import { listUnneeded, type Author, type Unneeded } from './unneeded.ts';

export function listUnneededProblems(policies: readonly Policy[]): LintProblem[] {
  return listUnneeded(policies).map((found): LintProblem => {
    const { policy, direction, rule, because } = found;
    return {
      ...placeOf(policy, direction, rule),
      code: codeOf(found),
      severity: 'warning',
      message: messageOf(found),
      others: because.map((author) => ({
        policy: author.policy.id,
        ...(author.rule && { rule: ruleIdOf(author.rule) }),
      })),
    };
  });
}

function codeOf({ rule, isShadowed }: Unneeded): LintProblem['code'] {
  if (!rule) return 'POLICY_REDUNDANT';
  return isShadowed ? 'RULE_SHADOWED' : 'RULE_REDUNDANT';
}

function messageOf({ policy, rule, isShadowed, because }: Unneeded): string {
  const authors = listText(because.slice(0, 3).map((author) => authorText(author, policy)));
  const more = because.length > 3 ? ` and ${because.length - 3} more` : '';
  if (!rule && because.length === 0)
    return 'the policy has no rules and isolates nothing: it has no effect';
  if (!rule) return `the policy has no effect beside ${authors}${more}`;
  if (isShadowed) return `the rule never decides: ${authors}${more} come first wherever it matches`;
  return `the rule has no effect beside ${authors}${more}`;
}

function authorText({ policy, rule }: Author, own: Policy): string {
  if (!rule) return `the isolation of ${policyText(policy.id)}`;
  return policy === own ? ruleText(rule) : `${policyText(policy.id)} ${ruleText(rule)}`;
}
