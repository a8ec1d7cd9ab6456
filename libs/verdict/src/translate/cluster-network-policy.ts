import type { ClusterNetworkPolicySpec, ClusterNetworkPolicyRule } from '@picket/policy';

import {
  ADMIN,
  BASELINE,
  type Policy,
  type PolicyId,
  type PortMatch,
  type Rule,
} from '../model/policy.ts';
import { MAX_PORT, PORT_PROTOCOLS } from '../model/protocol.ts';
import { toClusterPeer, toSubject } from './cluster-peers.ts';

/** Translates ClusterNetworkPolicy `policy.networking.k8s.io/v1alpha2`. It never isolates: what no rule matches goes on. */
export function fromClusterNetworkPolicy(id: PolicyId, spec: ClusterNetworkPolicySpec): Policy {
  return {
    id,
    tier: spec.tier === 'Admin' ? ADMIN : BASELINE,
    order: spec.priority,
    subject: toSubject(spec.subject),
    ...(spec.ingress && { ingress: { isolates: false, rules: spec.ingress.map(toRule) } }),
    ...(spec.egress && { egress: { isolates: false, rules: spec.egress.map(toRule) } }),
  };
}

function toRule(rule: ClusterNetworkPolicyRule, index: number): Rule {
  return {
    index,
    ...(rule.name !== undefined && { name: rule.name }),
    action: rule.action,
    peers: ('from' in rule ? rule.from : rule.to).map(toClusterPeer),
    // "If this field is not set, the rule matches all protocols", ICMP too.
    ...(rule.protocols && { ports: rule.protocols.map(toPort) }),
  };
}

type WrittenProtocol = NonNullable<ClusterNetworkPolicyRule['protocols']>[number];

function toPort(written: WrittenProtocol): PortMatch {
  if (written.destinationNamedPort !== undefined)
    return { kind: 'named', name: written.destinationNamedPort };
  const { tcp, udp, sctp } = written;
  const transports = { TCP: tcp, UDP: udp, SCTP: sctp };
  const protocol = PORT_PROTOCOLS.find((name) => transports[name]) ?? 'TCP';
  const { number, range } = transports[protocol]?.destinationPort ?? {};
  return {
    kind: 'ports',
    protocol,
    from: number ?? range?.start ?? 1,
    to: number ?? range?.end ?? MAX_PORT,
  };
}
