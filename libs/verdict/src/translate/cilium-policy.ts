import type {
  CiliumEgressRule,
  CiliumIngressRule,
  CiliumPolicyRules,
  CiliumRule,
} from '@picket/policy';

import {
  DIRECTIONS,
  NETWORK_POLICY,
  type Action,
  type Direction,
  type Policy,
  type PolicyId,
  type Rule,
  type RuleList,
  type Subject,
} from '../model/policy.ts';
import { egressPeers, ingressPeers } from './cilium-peers.ts';
import { endpointSelection, nodeFormula } from './cilium-selector.ts';
import { transportsOf } from './cilium-transport.ts';
import { NETWORK_POLICY_ORDER, namespaceNamed } from './network-policy.ts';

/** Before every rule that allows: "denied regardless of the allowed ingress rules" (api/rule.go IngressDeny). */
const DENY_ORDER = 0;

/**
 * Translates CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy `cilium.io/v2`: L3 and L4; comments cite cilium/cilium pkg/policy/api.
 *
 * They stand in one tier with NetworkPolicy and add up with it. Each rule becomes a policy that denies and one that allows.
 */
export function fromCiliumPolicy(id: PolicyId, { spec, specs = [] }: CiliumPolicyRules): Policy[] {
  return [...(spec ? [spec] : []), ...specs]
    .flatMap((rule) => [
      policyOf(id, rule, 'Deny', DENY_ORDER),
      policyOf(id, rule, 'Accept', NETWORK_POLICY_ORDER),
    ])
    .filter(({ ingress, egress }) => ingress !== undefined || egress !== undefined);
}

function policyOf(id: PolicyId, rule: CiliumRule, action: Action, order: number): Policy {
  const lists = DIRECTIONS.flatMap((direction) => {
    const list = listOf(id, rule, action, direction);
    return list.isolates || list.rules.length > 0 ? [[direction, list]] : [];
  });
  return {
    id,
    tier: NETWORK_POLICY,
    order,
    subject: subjectOf(id, rule),
    ...(Object.fromEntries(lists) as Partial<Record<Direction, RuleList>>),
  };
}

function subjectOf(
  { namespace }: PolicyId,
  { endpointSelector, nodeSelector }: CiliumRule,
): Subject {
  if (nodeSelector) {
    const nodes = nodeFormula(nodeSelector);
    return nodes
      ? { kind: 'nodes', nodes }
      : { kind: 'unknown', reason: 'a selector of nodes by other labels is not modelled' };
  }
  const selection = endpointSelection(endpointSelector ?? {}, namespace);
  // A namespaced policy binds its own namespace, whatever its selector says of namespaces.
  return selection.kind === 'pods' && namespace !== undefined
    ? { ...selection, namespaces: { all: [selection.namespaces, namespaceNamed(namespace)] } }
    : selection;
}

function listOf(
  { namespace }: PolicyId,
  rule: CiliumRule,
  action: Action,
  direction: Direction,
): RuleList {
  const written = action === 'Deny' ? rule[`${direction}Deny`] : rule[direction];
  const hasRules = (rule[direction]?.length ?? 0) + (rule[`${direction}Deny`]?.length ?? 0) > 0;
  return {
    // "if there is a peer selector for that direction, the default is deny, else allow" (rule_validation.go Sanitize).
    isolates: action === 'Accept' && (rule.enableDefaultDeny?.[direction] ?? hasRules),
    // Cilium lets a node reach its own pods (`allow-localhost: always`, the default on Kubernetes).
    ...(direction === 'ingress' && { sparesOwnNode: true as const }),
    rules: (written ?? []).flatMap((each, index) =>
      toRules(each, peersOf(direction, each, namespace), index, action),
    ),
  };
}

function peersOf(
  direction: Direction,
  rule: CiliumIngressRule | CiliumEgressRule,
  namespace: string | undefined,
): Rule['peers'] | undefined {
  return direction === 'ingress' ? ingressPeers(rule, namespace) : egressPeers(rule, namespace);
}

/** "All members of this structure are optional. If omitted or empty, the member will have no effect on the rule"; `{}` allows nothing. */
function toRules(
  rule: CiliumIngressRule | CiliumEgressRule,
  peers: Rule['peers'] | undefined,
  index: number,
  action: Action,
): Rule[] {
  const transports = transportsOf(rule);
  if (!peers && !transports) return [];
  const condition = conditionOf(rule);
  return (transports ?? [{}]).map(({ ports, narrowedBy = condition }) => ({
    index,
    action,
    peers: peers ?? [{ kind: 'everything' }],
    ...(ports && { ports }),
    ...(narrowedBy !== undefined && { narrowedBy }),
  }));
}

function conditionOf(rule: CiliumIngressRule | CiliumEgressRule): string | undefined {
  if ('fromRequires' in rule || 'toRequires' in rule)
    return 'fromRequires and toRequires are not modelled';
  return rule.authentication === undefined ? undefined : 'mutual authentication is not modelled';
}
