import type { Because, DirectionAnswer, RuleId, Step } from '../model/answer.ts';
import type { Action, Direction, Policy, PolicyId, Rule } from '../model/policy.ts';
import type { Endpoint } from './endpoint.ts';
import { isOnHostNetwork, matchPeer, matchSubject, type Circumstances } from './match-peer.ts';
import { matchPorts, type Transport } from './match-ports.ts';
import { allOf, anyOf, maybe, reasonsOf, type Truth } from './truth.ts';

/** One connection, seen from the end that the policies bind. */
export interface Case extends Circumstances {
  readonly direction: Direction;
  readonly own: Endpoint;
  readonly peer: Endpoint;
  readonly transport: Transport;
}

/** Something that may have decided. `isSure` is false where one of the matches on the way to it is not known. */
interface Decision {
  readonly action: Action;
  readonly because: Because;
  readonly isSure: boolean;
  readonly policy?: Policy;
  readonly rule?: RuleId;
}

/** Everything that a policy, a tier or all of them may decide, and whether they may decide nothing. */
interface Judgement {
  readonly decisions: readonly Decision[];
  readonly mayGoOn: boolean;
  readonly reasons: readonly string[];
}

/** Tier by tier (apis/v1alpha2 ClusterNetworkPolicySpec.Tier); what no tier decides is allowed, "the default kubernetes policy". */
export function judgeDirection(policies: readonly Policy[], wanted: Case): DirectionAnswer {
  const decisions: Decision[] = [];
  const reasons: string[] = [];
  let mayGoOn = true;
  for (const tier of tiersOf(policies.filter((policy) => policy[wanted.direction]))) {
    const judgement = judgeTier(tier, wanted);
    decisions.push(...judgement.decisions);
    reasons.push(...judgement.reasons);
    mayGoOn = judgement.mayGoOn || judgement.decisions.some(({ action }) => action === 'Pass');
    if (!mayGoOn) break;
  }
  if (mayGoOn) decisions.push(defaultDecision(wanted));
  return answerOf(decisions, reasons);
}

/** The tiers by rising order, then name, each with its policies. */
function tiersOf(policies: readonly Policy[]): Policy[][] {
  const tiers = new Map(policies.map(({ tier }) => [tier.name, tier]));
  return [...tiers.values()]
    .toSorted((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1))
    .map(({ name }) => policies.filter(({ tier }) => tier.name === name));
}

/** Policy by policy as they are ordered; then, if one of them isolates, all else is denied (networking/v1 NetworkPolicySpec). */
function judgeTier(policies: readonly Policy[], wanted: Case): Judgement {
  const decisions: Decision[] = [];
  const reasons: string[] = [];
  for (const group of groupsOf(policies)) {
    const judgement = judgeGroup(group, wanted);
    decisions.push(...judgement.decisions);
    reasons.push(...judgement.reasons);
    if (!judgement.mayGoOn) return { decisions, mayGoOn: false, reasons };
  }
  const isolation = isolationOf(policies, wanted);
  return {
    decisions: [...decisions, ...isolation.decisions],
    mayGoOn: isolation.mayGoOn,
    reasons: [...reasons, ...isolation.reasons],
  };
}

/** Policies in the order of judgement; those whose order is not defined stand in one group. */
function groupsOf(policies: readonly Policy[]): Policy[][] {
  const orders = [...new Set(policies.map(({ order }) => order))].toSorted((a, b) => a - b);
  return orders.flatMap((order) => {
    const equal = policies.filter((policy) => policy.order === order);
    if (equal.some(({ tie }) => tie === undefined)) return [equal];
    return equal
      .toSorted((a, b) => ((a.tie ?? '') < (b.tie ?? '') ? -1 : 1))
      .map((policy) => [policy]);
  });
}

/** "the implementation can apply any of the matching policies" (apis/v1alpha2 Priority): each may be the one that decides. */
function judgeGroup(group: readonly Policy[], wanted: Case): Judgement {
  const judgements = group.map((policy) => judgePolicy(policy, wanted));
  const decisions = judgements.flatMap((judgement) => judgement.decisions);
  const deciding = judgements.filter((judgement) => judgement.decisions.length > 0);
  const actions = deciding.map((judgement) => actionsOf(judgement.decisions));
  const isOrderDecisive = new Set(actions).size > 1;
  const names = group.filter((_, index) => judgements[index]?.decisions.length).map(nameOf);
  return {
    decisions: isOrderDecisive
      ? decisions.map((decision) => ({ ...decision, isSure: false }))
      : decisions,
    mayGoOn: judgements.every(({ mayGoOn }) => mayGoOn),
    reasons: [
      ...judgements.flatMap(({ reasons }) => reasons),
      ...(isOrderDecisive ? [`${names.join(' and ')} have the same priority and disagree`] : []),
    ],
  };
}

/** Rule by rule: "the relative precedence of rules within a single object … by the order in which the rule is written". */
function judgePolicy(policy: Policy, wanted: Case): Judgement {
  const list = policy[wanted.direction];
  const binds = matchSubject(policy.subject, wanted.own, wanted);
  if (!list || binds === false) return NOTHING;
  const spared = list.sparesOwnNode === true && isOwnNode(wanted);
  if (spared === true) return ownNode(policy, binds);
  if (list.icmpUndefined && isUndefinedIcmp(wanted)) return undefinedIcmp(policy, binds);

  const decisions: Decision[] = [];
  const reasons: string[] = [...reasonsOf(binds), ...reasonsOf(spared)];
  let isSure = reasons.length === 0;
  if (spared) decisions.push({ action: 'Accept', because: 'own-node', isSure: false, policy });
  for (const rule of list.rules) {
    const matches = matchRule(rule, wanted);
    if (matches === false) continue;
    reasons.push(...reasonsOf(matches));
    isSure &&= matches === true;
    decisions.push({ action: rule.action, because: 'rule', isSure, policy, rule: idOf(rule) });
    if (matches === true) return { decisions, mayGoOn: binds !== true, reasons };
  }
  return { decisions, mayGoOn: true, reasons };
}

/** Peers, ports, and whatever narrows the rule. */
function matchRule(rule: Rule, wanted: Case): Truth {
  const { own, peer, direction, transport } = wanted;
  const destination = direction === 'ingress' ? own : peer;
  return allOf([
    anyOf(rule.peers.map((candidate) => matchPeer(candidate, peer, wanted))),
    matchPorts(rule.ports, transport, destination),
    rule.subject === undefined || matchPeer(rule.subject, own, wanted),
    rule.narrowedBy === undefined || maybe(rule.narrowedBy),
  ]);
}

/** "Once there is any NetworkPolicy … selecting a pod, that pod will reject any connections that are not allowed" (documentation). */
function isolationOf(policies: readonly Policy[], wanted: Case): Judgement {
  const isolating = policies.filter((policy) => policy[wanted.direction]?.isolates);
  const bound = isolating.map((policy) => ({
    policy,
    binds: matchSubject(policy.subject, wanted.own, wanted),
  }));
  const isIsolated = anyOf(bound.map(({ binds }) => binds));
  if (isIsolated === false) return NOTHING;
  return {
    decisions: bound
      .filter(({ binds }) => (isIsolated === true ? binds === true : binds !== false))
      .map(({ policy }) => ({
        action: 'Deny',
        because: 'isolated',
        isSure: isIsolated === true,
        policy,
      })),
    mayGoOn: isIsolated !== true,
    reasons: reasonsOf(isIsolated),
  };
}

/** "Traffic to and from the node where a Pod is running is always allowed" (documentation, Network Policies). */
function isOwnNode({ own, peer, semantics }: Case): Truth {
  if (semantics.judgeOwnNode || own.kind !== 'pod' || isOnHostNetwork(own, semantics)) return false;
  const isNode = peer.kind === 'node' || (peer.kind === 'pod' && isOnHostNetwork(peer, semantics));
  if (!isNode) return false;
  const other = peer.kind === 'node' ? peer.node.name : peer.workload.node;
  if (own.workload.node === undefined || other === undefined)
    return maybe(`whether ${peer.name} is the node of ${own.name} is not known`);
  return own.workload.node === other;
}

/** "For other protocols, such as ARP or ICMP, the behaviour is undefined" (documentation, Network Policies, on deny all). */
function isUndefinedIcmp({ transport, semantics }: Case): boolean {
  return !semantics.judgeIcmp && transport.port === undefined;
}

function undefinedIcmp(policy: Policy, binds: Truth): Judgement {
  return {
    decisions: (['Accept', 'Deny'] as const).map((action) => ({
      action,
      because: 'unknown',
      isSure: false,
      policy,
    })),
    mayGoOn: binds !== true,
    reasons: [
      ...reasonsOf(binds),
      `what ${nameOf(policy)} does to ICMP is left to the network plugin`,
    ],
  };
}

function ownNode(policy: Policy, binds: Truth): Judgement {
  return {
    decisions: [{ action: 'Accept', because: 'own-node', isSure: binds === true, policy }],
    mayGoOn: binds !== true,
    reasons: reasonsOf(binds),
  };
}

const NOTHING: Judgement = { decisions: [], mayGoOn: true, reasons: [] };

function defaultDecision({ own, semantics }: Case): Decision {
  const isPod = own.kind === 'pod' && !isOnHostNetwork(own, semantics);
  return { action: 'Accept', because: isPod ? 'default' : 'not-a-pod', isSure: true };
}

function answerOf(decisions: readonly Decision[], reasons: readonly string[]): DirectionAnswer {
  const final = decisions.filter(({ action }) => action !== 'Pass');
  const steps = decisions.filter(({ isSure }) => isSure).flatMap(stepOf);
  if (new Set(final.map(({ action }) => action)).size > 1)
    return { verdict: 'unknown', because: 'unknown', steps, unknown: [...new Set(reasons)] };
  const decision = final.find(({ isSure }) => isSure) ?? final[0];
  return {
    verdict: decision?.action === 'Deny' ? 'denied' : 'allowed',
    because: decision?.because ?? 'default',
    ...(decision?.policy && { tier: decision.policy.tier.name, policy: decision.policy.id }),
    ...(decision?.rule && { rule: decision.rule }),
    steps,
    unknown: [],
  };
}

const EFFECTS = { Accept: 'accepts', Deny: 'denies', Pass: 'passes' } as const;

function stepOf({ action, because, policy, rule }: Decision): Step[] {
  if (!policy || because === 'own-node') return [];
  const effect = because === 'isolated' ? 'selects' : EFFECTS[action];
  return [{ effect, tier: policy.tier.name, policy: policy.id, ...(rule && { rule }) }];
}

/** The set of actions, as a text that can be compared. */
function actionsOf(decisions: readonly Decision[]): string {
  return [...new Set(decisions.map(({ action }) => action))].toSorted().join(' or ');
}

function idOf({ index, name }: Rule): RuleId {
  return { index, ...(name !== undefined && { name }) };
}

function nameOf({ id }: { readonly id: PolicyId }): string {
  return `${id.kind} ${id.namespace === undefined ? '' : `${id.namespace}/`}${id.name}`;
}
