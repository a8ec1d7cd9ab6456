import { z } from 'zod';

import { ClusterEgressPeer, ClusterIngressPeer, ClusterSubject } from './cluster-peers.ts';
import { exactlyOne } from './exactly-one.ts';
import { PortName, PortNumber } from './network-policy.ts';
import { always, strict } from './problems-of.ts';

/** Priority 0 of tier Admin belongs to the agent's own escape rule (decision 5). */
export const RESERVED_ADMIN_PRIORITY = 0;

/** Every list of the API type that has a cap has this one. */
const CAP = 25;

const PortRange = strict({ start: PortNumber, end: PortNumber }).superRefine(
  ({ start, end }, context) => {
    if (start >= end)
      context.addIssue({
        code: 'custom',
        path: ['end'],
        message: 'must be greater than start',
        params: { code: 'PORT_RANGE_INVALID' },
      });
  },
);

/** All ports of a protocol are the range 1 to 65535: the API refuses `tcp: {}`. */
const L4 = strict({
  destinationPort: exactlyOne('destinationPort', {
    number: PortNumber.optional(),
    range: PortRange.optional(),
  }),
});

const Protocol = exactlyOne('a protocol', {
  tcp: L4.optional(),
  udp: L4.optional(),
  sctp: L4.optional(),
  destinationNamedPort: PortName.optional(),
});

const Action = z.enum(['Accept', 'Deny', 'Pass']);
const common = {
  name: z.string().max(100).optional(),
  action: Action,
  protocols: z.array(Protocol).min(1).max(CAP).optional(),
};

const IngressRule = strict({ ...common, from: z.array(ClusterIngressPeer).min(1).max(CAP) });

const EgressRule = strict({ ...common, to: z.array(ClusterEgressPeer).min(1).max(CAP) }).check(
  always((rule, context) => {
    const named = recordsOf(rule.protocols).some(
      ([, protocol]) => 'destinationNamedPort' in protocol,
    );
    for (const [index, peer] of recordsOf(rule.to)) {
      if (named && ('networks' in peer || 'nodes' in peer || 'domainNames' in peer))
        context.addIssue({
          code: 'custom',
          path: ['to', index],
          message: 'destinationNamedPort cannot be combined with networks, nodes or domainNames',
          params: { code: 'NAMED_PORT_WITH_NETWORKS' },
        });
      if ('domainNames' in peer && rule.action !== 'Accept')
        context.addIssue({
          code: 'custom',
          path: ['to', index, 'domainNames'],
          message: 'domainNames are allowed in Accept rules only',
          params: { code: 'DOMAIN_NAMES_NOT_ACCEPT' },
        });
    }
  }),
);

/**
 * Spec of ClusterNetworkPolicy `policy.networking.k8s.io/v1alpha2` as a cluster may serve it (network-policy-api release v0.2.0,
 * apis/v1alpha2), whoever wrote it. Stricter than the schema where a served object would fail closed: see each issue's code.
 */
export const ServedClusterNetworkPolicySpec = strict({
  tier: z.enum(['Admin', 'Baseline']),
  priority: z.int().min(0).max(1_000),
  subject: ClusterSubject,
  ingress: z.array(IngressRule).max(CAP).optional(),
  egress: z.array(EgressRule).max(CAP).optional(),
});

/** The same, as a blueprint may carry it: the canonical cluster-wide model (decision 5). */
export const ClusterNetworkPolicySpec = ServedClusterNetworkPolicySpec.check(
  always(({ tier, priority, egress }, context) => {
    if (tier === 'Admin' && priority === RESERVED_ADMIN_PRIORITY)
      context.addIssue({
        code: 'custom',
        path: ['priority'],
        message:
          'priority 0 of tier Admin is reserved for the agent’s own escape rule: use 1 to 1000',
        params: { code: 'PRIORITY_RESERVED' },
      });
    if (tier !== 'Baseline') return;
    for (const [rule, { to }] of recordsOf(egress))
      for (const [peer, members] of recordsOf(to))
        if ('domainNames' in members)
          context.addIssue({
            code: 'custom',
            path: ['egress', rule, 'to', peer, 'domainNames'],
            message: 'domainNames are allowed in tier Admin only',
            params: { code: 'DOMAIN_NAMES_NOT_ADMIN' },
          });
  }),
);

/** The objects of a list and their places, whatever it is. */
function recordsOf(list: unknown): [number, Readonly<Record<string, unknown>>][] {
  if (!Array.isArray(list)) return [];
  return [...(list as unknown[]).entries()].flatMap(([index, item]) =>
    item !== null && typeof item === 'object'
      ? [[index, item as Readonly<Record<string, unknown>>]]
      : [],
  );
}

export type ClusterNetworkPolicySpec = z.infer<typeof ClusterNetworkPolicySpec>;
export type ClusterNetworkPolicyRule = z.infer<typeof IngressRule> | z.infer<typeof EgressRule>;
