import type { Direction, Policy, Rule, RuleList } from '../model/policy.ts';
import { DIRECTIONS, NETWORK_POLICY } from '../model/policy.ts';
import { coversPeer, coversSubject } from './covers-peer.ts';
import { coversPorts } from './covers-ports.ts';

/** A rule, or with `rule` absent the isolation of a policy, that makes another one unneeded. */
export interface Author {
  readonly policy: Policy;
  readonly rule?: Rule;
}

/** `isShadowed`: what others say comes first, so it never decides. Else others decide the same where it does. `rule` absent: the policy. */
export interface Unneeded {
  readonly policy: Policy;
  readonly direction?: Direction;
  readonly rule?: Rule;
  readonly isShadowed: boolean;
  readonly because: readonly Author[];
}

/**
 * Rules and policies without which no known verdict changes, in any cluster. Each is tried without those found before it, so that all of
 * them can go together.
 */
export function listUnneeded(policies: readonly Policy[]): Unneeded[] {
  const set = new ShrinkingSet(policies);
  return policies.flatMap((policy): Unneeded[] => {
    const whole = set.findPolicy(policy);
    if (whole) return [whole];
    return DIRECTIONS.flatMap((direction) =>
      (policy[direction]?.rules ?? []).flatMap(
        (rule) => set.findRule(policy, direction, rule) ?? [],
      ),
    );
  });
}

/** Lists with more rules are not compared: it would cost their square. */
const MAX_RULES = 1_000;

/** The policies and rules that are left. */
class ShrinkingSet {
  readonly #byNamespace: ReadonlyMap<string, readonly Policy[]>;
  readonly #parts: ReadonlyMap<string, number>;
  /** Policies with a rule that passes, by tier and direction. */
  readonly #passing: ReadonlyMap<string, readonly Policy[]>;
  readonly #gone = new Set<Policy>();
  #asked: Policy | undefined;
  #others: readonly Policy[] = [];
  readonly #goneRules = new Map<RuleList, Set<Rule>>();

  constructor(policies: readonly Policy[]) {
    this.#byNamespace = Map.groupBy(policies, ({ id }) => id.namespace ?? '');
    this.#parts = new Map(
      [...Map.groupBy(policies, textOf)].map(([text, parts]) => [text, parts.length]),
    );
    const passing = DIRECTIONS.flatMap((direction) =>
      policies
        .filter((policy) => policy[direction]?.rules.some(({ action }) => action === 'Pass'))
        .map((policy) => ({ policy, key: passKey(policy, direction) })),
    );
    this.#passing = new Map(
      [...Map.groupBy(passing, ({ key }) => key)].map(([key, all]) => [
        key,
        all.map(({ policy }) => policy),
      ]),
    );
  }

  findPolicy(policy: Policy): Unneeded | undefined {
    // Of an object that was read as several policies, none is the whole.
    if (this.#parts.get(textOf(policy)) !== 1) return undefined;
    const because: Author[] = [];
    for (const direction of DIRECTIONS) {
      const list = policy[direction];
      if (!list) continue;
      const keeper = this.#keeperOf(policy, direction, list);
      if (!keeper) return undefined;
      because.push(...keeper);
      if (list.rules.length > MAX_RULES) return undefined;
      for (const rule of this.#rulesOf(list)) {
        const found = this.#authorsOf(policy, direction, rule, (author) => author !== policy);
        if (!found) return undefined;
        because.push(...found.because);
      }
    }
    this.#gone.add(policy);
    return { policy, isShadowed: false, because: distinct(because) };
  }

  findRule(policy: Policy, direction: Direction, rule: Rule): Unneeded | undefined {
    const found = this.#authorsOf(policy, direction, rule, () => true);
    if (!found) return undefined;
    const list = policy[direction];
    if (list) this.#goneRules.set(list, (this.#goneRules.get(list) ?? new Set()).add(rule));
    return { policy, direction, rule, ...found };
  }

  /** Who else does to the subject what the list does beside its rules: isolate, and leave things open. Nobody needs to: an empty list. */
  #keeperOf(policy: Policy, direction: Direction, list: RuleList): Author[] | undefined {
    if (!list.isolates && !list.icmpUndefined && !list.sparesOwnNode) return [];
    const keeper = this.#othersFor(policy).find((other) => {
      const own = other[direction];
      return (
        other !== policy &&
        own !== undefined &&
        other.tier.name === policy.tier.name &&
        isInOneGroup(other, policy) &&
        own.isolates === list.isolates &&
        own.icmpUndefined === list.icmpUndefined &&
        own.sparesOwnNode === list.sparesOwnNode
      );
    });
    return keeper && [{ policy: keeper }];
  }

  /** Who says it already; undefined: nobody, or there are too many to ask. */
  #authorsOf(
    policy: Policy,
    direction: Direction,
    rule: Rule,
    isAsked: (author: Policy) => boolean,
  ): { readonly isShadowed: boolean; readonly because: readonly Author[] } | undefined {
    if ((policy[direction]?.rules.length ?? 0) > MAX_RULES) return undefined;
    const others = this.#othersFor(policy).filter(isAsked);
    const before = others.flatMap((other) => this.#rulesBefore(other, policy, direction, rule));
    const shadow = coverOf(rule, before);
    if (shadow) return { isShadowed: true, because: shadow };
    const beside = others.flatMap((other) => this.#rulesBeside(other, policy, direction, rule));
    const cover = coverOf(rule, [...before, ...beside]);
    return cover && { isShadowed: false, because: cover };
  }

  /** Rules that decide before this one wherever they match, and isolations that let nothing come to it. */
  #rulesBefore(other: Policy, policy: Policy, direction: Direction, rule: Rule): Author[] {
    const list = other[direction];
    if (!list) return [];
    const rules = this.#rulesOf(list);
    if (other === policy)
      return rules
        .slice(0, rules.indexOf(rule))
        .map((earlier) => ({ policy: other, rule: earlier }));
    const isSameTier = other.tier.name === policy.tier.name;
    if (!(isSameTier ? isOrderedBefore : isTierBefore)(other, policy)) return [];
    const passing = isSameTier ? [] : (this.#passing.get(passKey(other, direction)) ?? []);
    // Nothing leaves a tier without a pass that isolates the subject.
    if (!isSameTier && list.isolates && passing.length === 0) return [{ policy: other }];
    if (!leavesNoMoreOpen(list, policy[direction])) return [];
    if (passing.some((each) => each !== other && each.order <= other.order)) return [];
    const firstPass = isSameTier ? -1 : rules.findIndex(({ action }) => action === 'Pass');
    return rules
      .slice(0, firstPass < 0 ? rules.length : firstPass)
      .map((each) => ({ policy: other, rule: each }));
  }

  /** Rules that do the same as this one where it decides, and would decide if it did not. */
  #rulesBeside(other: Policy, policy: Policy, direction: Direction, rule: Rule): Author[] {
    const list = other[direction];
    if (!list) return [];
    const rules = this.#rulesOf(list);
    if (other === policy) {
      const later = rules.slice(rules.indexOf(rule) + 1);
      const otherAction = later.findIndex(({ action }) => action !== rule.action);
      return later
        .slice(0, otherAction < 0 ? later.length : otherAction)
        .map((each) => ({ policy: other, rule: each }));
    }
    const isAdditive =
      other.tier.name === NETWORK_POLICY.name &&
      policy.tier.name === NETWORK_POLICY.name &&
      isInOneGroup(other, policy) &&
      [list, policy[direction]].every((each) =>
        each?.rules.every(({ action }) => action === 'Accept'),
      );
    if (!isAdditive || !leavesNoMoreOpen(list, policy[direction])) return [];
    return rules.map((each) => ({ policy: other, rule: each }));
  }

  /** Itself, and those left that bind every end that it binds: of its own namespace, or cluster-wide. */
  #othersFor(policy: Policy): Policy[] {
    if (this.#asked !== policy) {
      const { namespace } = policy.id;
      const own = namespace === undefined ? [] : (this.#byNamespace.get(namespace) ?? []);
      this.#others = [...own, ...(this.#byNamespace.get('') ?? [])].filter(
        (each) => each === policy || coversSubject(each.subject, policy.subject),
      );
      this.#asked = policy;
    }
    return this.#others.filter((each) => !this.#gone.has(each));
  }

  #rulesOf(list: RuleList): readonly Rule[] {
    if (list.rules.length > MAX_RULES) return [];
    return list.rules.filter((rule) => !this.#goneRules.get(list)?.has(rule));
  }
}

/** Those of the authors that together match all that the rule matches. */
function coverOf(rule: Rule, authors: readonly Author[]): Author[] | undefined {
  const usable = authors.filter(({ rule: wide }) => !wide || isNarrowedLike(wide, rule));
  const used: Author[] = [];
  for (const peer of rule.peers) {
    const covering = usable.filter(
      ({ rule: wide }) => !wide || wide.peers.some((each) => coversPeer(each, peer)),
    );
    const one = covering.find(({ rule: wide }) => !wide || coversPorts([wide.ports], rule.ports));
    if (one) used.push(one);
    else if (coversPorts(portsOf(covering), rule.ports)) used.push(...covering);
    else return undefined;
  }
  return rule.peers.length === 0 ? undefined : distinct(used);
}

function portsOf(authors: readonly Author[]): Rule['ports'][] {
  return authors.map(({ rule }) => rule?.ports);
}

/** Whether there is nothing that the list leaves open, and the other decides. */
function leavesNoMoreOpen(list: RuleList, other: RuleList | undefined): boolean {
  return (
    (!list.icmpUndefined || other?.icmpUndefined === true) &&
    (!list.sparesOwnNode || other?.sparesOwnNode === true)
  );
}

/** Whether nothing narrows the one that does not narrow the other too. */
function isNarrowedLike(wide: Rule, narrow: Rule): boolean {
  return (
    (wide.narrowedBy === undefined || wide.narrowedBy === narrow.narrowedBy) &&
    (wide.subject === undefined ||
      (narrow.subject !== undefined && coversPeer(wide.subject, narrow.subject)))
  );
}

function isOrderedBefore(a: Policy, b: Policy): boolean {
  if (a.order !== b.order) return a.order < b.order;
  return a.tie !== undefined && b.tie !== undefined && a.tie < b.tie;
}

/** Judged together, as their order is not defined. */
function isInOneGroup(a: Policy, b: Policy): boolean {
  return a.order === b.order && (a.tie === undefined || b.tie === undefined);
}

function isTierBefore({ tier: a }: Policy, { tier: b }: Policy): boolean {
  return a.order < b.order || (a.order === b.order && a.name < b.name);
}

function distinct(authors: readonly Author[]): Author[] {
  return authors.filter(
    ({ policy, rule }, index) =>
      authors.findIndex((other) => other.policy === policy && other.rule === rule) === index,
  );
}

function passKey({ tier }: Policy, direction: Direction): string {
  return `${direction} ${tier.name}`;
}

function textOf({ id: { apiVersion, kind, namespace, name } }: Policy): string {
  return `${apiVersion} ${kind} ${namespace ?? ''}/${name}`;
}
