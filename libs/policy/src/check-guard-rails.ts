import { canonicalJson, pathText, type Json, type Problem } from '@picket/kernel';
import {
  formulaOf,
  implies,
  outsideOf,
  overlap,
  parseCidr,
  type Cidr,
  type LabelFormula,
  type LabelSelector,
} from '@picket/selector';

import { DEFAULT_LIMITS, type GuardRails, type OpenTo } from './guard-rails.ts';
import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from './network-policy.ts';
import { portsOutside, portsText } from './ports-outside.ts';

/** The label that the API server puts on every namespace. */
const NAME = 'kubernetes.io/metadata.name';
const EVERYTHING = ['0.0.0.0/0', '::/0'].flatMap((text) => parseCidr(text) ?? []);
const MAX_PROBLEMS = 100;

interface Situation {
  readonly rails: GuardRails;
  /** Picks the namespaces of the claim: the team may always name these. */
  readonly own: LabelSelector;
  /** Policies that the claim has besides this one. */
  readonly others: number;
}

/**
 * What of a namespace policy is outside the guard rails of its project; empty when nothing is. At most 100 problems.
 *
 * One that is too large is not looked at further. Judged is what a rule may open, not what it opens today: a selector is inside when every namespace that it could ever pick is allowed,
 * and what cannot be proven to be inside is outside. A rule without peers means everything, one without ports all ports.
 */
export function checkGuardRails(
  spec: NetworkPolicySpec,
  { rails, own, others }: Situation,
): Problem[] {
  const problems = limits(spec, rails, others);
  // What is too large is not looked at further: that would cost without a bound.
  if (problems.some(({ code }) => code === 'POLICY_TOO_LARGE')) return problems;
  for (const direction of ['ingress', 'egress'] as const) {
    const open = rails[direction] ?? {};
    const areas = areasOf(open, rails.podNetworks);
    const allowed = { open, areas, namespaces: allowedNamespaces(open, own) };
    const side = direction === 'ingress' ? 'from' : 'to';
    for (const [index, rule] of (spec[direction] ?? []).entries()) {
      const path = ['spec', direction, index];
      const peers = peersOf(rule);
      if (peers.length === 0) problems.push(...everything(path, side, allowed));
      for (const [at, peer] of peers.entries())
        problems.push(...peerFaults(peer, [...path, side, at], allowed));
      problems.push(...portFaults(rule.ports ?? [], path, open));
      if (problems.length >= MAX_PROBLEMS) return problems.slice(0, MAX_PROBLEMS);
    }
  }
  return problems;
}

/** What becomes of a change with these problems: it is saved, asked for in a policy request, or refused. */
export function outcomeOf(
  { requiresApproval = 'never' }: GuardRails,
  problems: readonly Problem[],
): 'save' | 'ask' | 'refuse' {
  if (requiresApproval === 'always') return 'ask';
  if (problems.length === 0) return 'save';
  return requiresApproval === 'never' ? 'refuse' : 'ask';
}

function limits(spec: NetworkPolicySpec, rails: GuardRails, others: number): Problem[] {
  const {
    maxRules = DEFAULT_LIMITS.maxRules,
    maxPolicies = DEFAULT_LIMITS.maxPolicies,
    maxChars = DEFAULT_LIMITS.maxChars,
  } = rails;
  const rules = (spec.ingress ?? []).length + (spec.egress ?? []).length;
  const chars = canonicalJson(spec as Json).length;
  const over = (
    path: string[],
    code: string,
    what: string,
    count: number,
    max: number,
  ): Problem[] => (count > max ? [problem(path, code, `${count} ${what}`, `at most ${max}`)] : []);
  return [
    ...over(['spec'], 'RULES_TOO_MANY', 'rules in one policy', rules, maxRules),
    ...over(['spec'], 'POLICY_TOO_LARGE', 'characters in one policy', chars, maxChars),
    ...over([], 'POLICIES_TOO_MANY', 'policies in one namespace claim', others + 1, maxPolicies),
  ];
}

type Rule = Partial<Record<'from' | 'to', readonly NetworkPolicyPeer[] | undefined>>;

function peersOf({ from, to }: Rule): readonly NetworkPolicyPeer[] {
  return from ?? to ?? [];
}

interface Areas {
  readonly allowed: readonly Cidr[];
  readonly forbidden: readonly Cidr[];
}

function areasOf(
  { cidrs = [], exceptCidrs = [] }: OpenTo,
  podNetworks: readonly string[] = [],
): Areas {
  const read = (texts: readonly string[]): Cidr[] => texts.flatMap((text) => parseCidr(text) ?? []);
  return { allowed: read(cidrs), forbidden: read([...exceptCidrs, ...podNetworks]) };
}

function isInside(block: Cidr, except: readonly Cidr[], { allowed, forbidden }: Areas): boolean {
  return outsideOf(block, except).every(
    (part) =>
      !forbidden.some((other) => overlap(part, other)) && outsideOf(part, allowed).length === 0,
  );
}

type Selects = (selector: LabelSelector) => boolean;

/** Whether all that a selector could pick are namespaces that may be named; undefined: all may. */
function allowedNamespaces({ namespaces }: OpenTo, own: LabelSelector): Selects | undefined {
  if (!namespaces) return undefined;
  const { names = [], selector } = namespaces;
  const wide: LabelFormula = {
    any: [
      formulaOf(own),
      ...(names.length > 0 ? [{ key: NAME, operator: 'In' as const, values: names }] : []),
      ...(selector ? [formulaOf(selector)] : []),
    ],
  };
  const keys = new Set([NAME, ...keysOf(own), ...(selector ? keysOf(selector) : [])]);
  const known = new Map<string, boolean>();
  return (asked) => {
    // What other labels must be makes it no wider: without them it costs no more, whatever a team writes.
    const narrow = onlyKeys(asked, keys);
    const text = canonicalJson(narrow as Json);
    const answer = known.get(text) ?? implies(formulaOf(narrow), wide, [NAME]);
    known.set(text, answer);
    return answer;
  };
}

function keysOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string[] {
  return [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
}

function onlyKeys(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  keys: ReadonlySet<string>,
): LabelSelector {
  return {
    matchLabels: Object.fromEntries(Object.entries(matchLabels).filter(([key]) => keys.has(key))),
    matchExpressions: matchExpressions.filter(({ key }) => keys.has(key)),
  };
}

interface Allowed {
  readonly open: OpenTo;
  readonly areas: Areas;
  readonly namespaces: Selects | undefined;
}

function peerFaults(
  { ipBlock, namespaceSelector }: NetworkPolicyPeer,
  path: readonly PropertyKey[],
  { open, areas, namespaces }: Allowed,
): Problem[] {
  if (ipBlock) {
    const { cidr, except = [] } = ipBlock;
    const block = parseCidr(cidr);
    const cut = except.flatMap((text) => parseCidr(text) ?? []);
    if (block && isInside(block, cut, areas)) return [];
    const message = `${cidr} reaches addresses that this project may not open`;
    return [problem([...path, 'ipBlock', 'cidr'], 'CIDR_NOT_ALLOWED', message, cidrsText(open))];
  }
  // A peer without namespaceSelector means pods of the policy's own namespace.
  if (!namespaceSelector || !namespaces) return [];
  if (namespaces(namespaceSelector)) return [];
  const { matchLabels = {}, matchExpressions = [] } = namespaceSelector;
  const isEvery = Object.keys(matchLabels).length + matchExpressions.length === 0;
  const message = isEvery
    ? 'an empty selector means all namespaces'
    : 'this selector may pick namespaces that this project may not open';
  return [
    problem([...path, 'namespaceSelector'], 'NAMESPACE_NOT_ALLOWED', message, namespacesText(open)),
  ];
}

function everything(
  path: readonly PropertyKey[],
  side: 'from' | 'to',
  { open, areas, namespaces }: Allowed,
): Problem[] {
  if (!namespaces && EVERYTHING.every((block) => isInside(block, [], areas))) return [];
  const message = `a rule without ${side} means every address and every namespace: name the peers`;
  return [problem(path, 'PEERS_NOT_NAMED', message, `${cidrsText(open)}; ${namespacesText(open)}`)];
}

function portFaults(
  ports: readonly NetworkPolicyPort[],
  path: readonly PropertyKey[],
  { ports: allowed }: OpenTo,
): Problem[] {
  if (!allowed) return [];
  const text = portsText(allowed);
  if (ports.length === 0)
    return [problem(path, 'PORTS_NOT_NAMED', 'a rule without ports means all ports', text)];
  return ports.flatMap((port, index) => {
    const message = portsOutside(port, allowed);
    return message === undefined
      ? []
      : [problem([...path, 'ports', index], 'PORT_NOT_ALLOWED', message, text)];
  });
}

function cidrsText({ cidrs = [], exceptCidrs = [] }: OpenTo): string {
  if (cidrs.length === 0) return 'no addresses';
  return `addresses in ${list(cidrs)}${exceptCidrs.length > 0 ? ` but not in ${list(exceptCidrs)}` : ''}`;
}

function namespacesText({ namespaces }: OpenTo): string {
  if (!namespaces) return 'any namespace';
  const { names = [], selector } = namespaces;
  const parts = [
    'namespaces of the claim',
    ...(names.length > 0 ? [`${NAME} In (${list(names)})`] : []),
    ...(selector ? [`namespaceSelector ${canonicalJson(selector as Json)}`] : []),
  ];
  return parts.join(', or ');
}

/** The first twenty, and how many more. */
function list(items: readonly string[]): string {
  const more = items.length - 20;
  return `${items.slice(0, 20).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function problem(
  path: readonly PropertyKey[],
  code: string,
  message: string,
  allowed: string,
): Problem {
  return { path: pathText(path), code, message, allowed, severity: 'error' };
}
