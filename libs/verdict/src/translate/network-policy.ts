import type { Problem } from '@picket/kernel';
import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '@picket/policy';
import { EVERY_LABEL_SET, formulaOf, type LabelFormula } from '@picket/selector';

import { NAMESPACE_NAME_LABEL } from '../model/inventory.ts';
import {
  NETWORK_POLICY,
  type Peer,
  type Policy,
  type PolicyId,
  type PortMatch,
  type RuleList,
} from '../model/policy.ts';
import { MAX_PORT } from '../model/protocol.ts';

/** The order that Calico gives to NetworkPolicy among its own; alone it has no meaning, as all of them only accept. */
export const NETWORK_POLICY_ORDER = 1_000;

/** Translates NetworkPolicy `networking.k8s.io/v1`; rules cited from kubernetes/api networking/v1/types.go. */
export function fromNetworkPolicy(id: PolicyId, spec: NetworkPolicySpec): Policy {
  const own = namespaceNamed(id.namespace ?? 'default');
  const { policyTypes = [], ingress = [], egress = [] } = spec;
  // "If no policyTypes are specified … will default based on the existence of ingress or egress rules": Ingress always, Egress if it has rules.
  const isIngress = policyTypes.length === 0 || policyTypes.includes('Ingress');
  const isEgress = policyTypes.length === 0 ? egress.length > 0 : policyTypes.includes('Egress');
  return {
    id,
    tier: NETWORK_POLICY,
    order: NETWORK_POLICY_ORDER,
    subject: { kind: 'pods', namespaces: own, pods: formulaOf(spec.podSelector ?? {}) },
    ...(isIngress && {
      ingress: ruleList(
        ingress.map(({ from, ports }) => ({ peers: from, ports })),
        own,
      ),
    }),
    ...(isEgress && {
      egress: ruleList(
        egress.map(({ to, ports }) => ({ peers: to, ports })),
        own,
      ),
    }),
  };
}

/** Rules of a direction that `policyTypes` leaves out: the API server takes them, and nobody heeds them. */
export function ignoredRules({ policyTypes = [], ingress, egress }: NetworkPolicySpec): Problem[] {
  const directions = [
    ['Ingress', 'ingress', ingress],
    ['Egress', 'egress', egress],
  ] as const;
  return directions
    .filter(
      ([type, , rules]) =>
        rules && rules.length > 0 && policyTypes.length > 0 && !policyTypes.includes(type),
    )
    .map(([type, field]) => ({
      path: `spec.${field}`,
      code: 'RULES_IGNORED',
      message: `policyTypes does not name ${type}, so these rules have no effect`,
      severity: 'warning',
    }));
}

/** The namespace of this name and no other. */
export function namespaceNamed(name: string): LabelFormula {
  return { key: NAMESPACE_NAME_LABEL, operator: 'In', values: [name] };
}

interface WrittenRule {
  readonly peers: readonly NetworkPolicyPeer[] | undefined;
  readonly ports: readonly NetworkPolicyPort[] | undefined;
}

function ruleList(rules: readonly WrittenRule[], own: LabelFormula): RuleList {
  return {
    isolates: true,
    icmpUndefined: true,
    sparesOwnNode: true,
    rules: rules.map(({ peers = [], ports = [] }, index) => ({
      index,
      action: 'Accept',
      // "If this field is empty or missing, this rule matches all sources": likewise destinations and ports.
      peers: peers.length === 0 ? [{ kind: 'everything' }] : peers.map((peer) => toPeer(peer, own)),
      ...(ports.length > 0 && { ports: ports.map(toPort) }),
    })),
  };
}

function toPeer(
  { ipBlock, namespaceSelector, podSelector }: NetworkPolicyPeer,
  own: LabelFormula,
): Peer {
  if (ipBlock) {
    const { cidr, except } = ipBlock;
    return { kind: 'networks', networks: [{ cidr, ...(except && { except }) }] };
  }
  return {
    kind: 'pods',
    // podSelector alone: "the Pods matching podSelector in the policy's own namespace".
    namespaces: namespaceSelector ? formulaOf(namespaceSelector) : own,
    pods: podSelector ? formulaOf(podSelector) : EVERY_LABEL_SET,
  };
}

function toPort({ protocol = 'TCP', port, endPort }: NetworkPolicyPort): PortMatch {
  if (typeof port === 'string') return { kind: 'named', name: port, protocol };
  if (port === undefined) return { kind: 'ports', protocol, from: 1, to: MAX_PORT };
  return { kind: 'ports', protocol, from: port, to: endPort ?? port };
}
