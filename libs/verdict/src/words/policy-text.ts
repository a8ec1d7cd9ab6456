import type { RuleId } from '../model/answer.ts';
import type { PolicyId } from '../model/policy.ts';

/** `NetworkPolicy shop/allow-web`. */
export function policyText({ kind, namespace, name }: PolicyId): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** `rule "deny-all"`, or by its place, from 1: `rule #2`. */
export function ruleText({ index, name }: RuleId): string {
  return name === undefined ? `rule #${index + 1}` : `rule ${JSON.stringify(name)}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listText(items: readonly string[]): string {
  return items.length < 2
    ? items.join('')
    : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}
