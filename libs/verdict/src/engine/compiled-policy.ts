import type { Direction, Policy, PolicyId, PortMatch, Rule } from '../model/policy.ts';
import type { Candidate } from './decisions.ts';
import { rangesOf, type PointRange } from './points.ts';
import type { Truth } from './truth.ts';

/** A policy and what was found out about it. */
export interface CompiledPolicy {
  /** Of all policies that the engine has ever seen; an edited policy is a new one. */
  readonly id: number;
  readonly policy: Policy;
  /** The text that policies of one order are sorted by. */
  readonly key: string;
  readonly rules: Readonly<Record<Direction, readonly CompiledRule[]>>;
}

export interface CompiledRule {
  /** Unique among those of its policy. */
  readonly id: string;
  readonly rule: Rule;
  /** In place of the rule's `ports`; absent: all. */
  readonly ports: readonly CompiledPort[] | undefined;
  readonly hasNamedPorts: boolean;
  /** Filled in by the first row that needs it. */
  picked?: Picked;
  /** What it decides where it surely matches; made when first needed. */
  candidate?: Candidate;
}

/** Classes of the other end that the rule's peers mean. */
export interface Picked {
  /** Of how many classes they were picked; there may be more by now. */
  readonly classCount: number;
  /** Rising ids; `all`: every class, and the truth is yes. */
  readonly ids: Int32Array | 'all';
  /** For each id; absent: yes for all. */
  readonly truths?: Int32Array;
}

export interface CompiledPort {
  readonly match: PortMatch;
  readonly ranges: readonly PointRange[];
}

/** One policy on its way into a program: it binds the ends, or may bind them. */
export interface Binding {
  readonly policy: CompiledPolicy;
  readonly truth: Truth;
}

export function compilePolicy(id: number, policy: Policy): CompiledPolicy {
  return {
    id,
    policy,
    key: keyOf(policy.id),
    rules: {
      egress: compileRules(policy, 'egress'),
      ingress: compileRules(policy, 'ingress'),
    },
  };
}

/** The order of `parsePolicies`. */
export function keyOf({ apiVersion, kind, namespace, name }: PolicyId): string {
  return `${apiVersion} ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Tier, then order, then name: ties are settled where a program is made. */
export function compareJudged(a: CompiledPolicy, b: CompiledPolicy): number {
  const byOrder = a.policy.tier.order - b.policy.tier.order || a.policy.order - b.policy.order;
  if (byOrder !== 0 || a.key === b.key) return byOrder;
  return a.key < b.key ? -1 : 1;
}

function compileRules(policy: Policy, direction: Direction): CompiledRule[] {
  const rules = policy[direction]?.rules ?? [];
  return rules.map((rule, place) => compileRule(rule, `${direction}${place}`));
}

function compileRule(rule: Rule, id: string): CompiledRule {
  const { ports } = rule;
  return {
    id,
    rule,
    ports: ports?.map((match) => ({
      match,
      ranges: match.kind === 'named' || match.kind === 'unknown' ? [] : rangesOf(match),
    })),
    hasNamedPorts: ports?.some(({ kind }) => kind === 'named') ?? false,
  };
}
