import { z } from 'zod';

import {
  AdminEgressPeer,
  AdminIngressPeer,
  AdminSubject,
  BaselineEgressPeer,
} from './cluster-peers.ts';
import { exactlyOne } from './exactly-one.ts';
import { PortNumber } from './network-policy.ts';
import { strict } from './problems-of.ts';

/** Every list of the API types that is not about addresses has this cap. */
const CAP = 100;

/** Default TCP. */
const Protocol = z.enum(['TCP', 'UDP', 'SCTP']).optional();

const Port = exactlyOne('a port', {
  portNumber: strict({ protocol: Protocol, port: PortNumber }).optional(),
  namedPort: z.string().min(1).max(253).optional(),
  portRange: strict({ protocol: Protocol, start: PortNumber, end: PortNumber })
    .superRefine(({ start, end }, context) => {
      if (end < start)
        context.addIssue({
          code: 'custom',
          path: ['end'],
          message: 'must not be less than start',
          params: { code: 'PORT_RANGE_INVALID' },
        });
    })
    .optional(),
});
export type AdminNetworkPolicyPort = z.infer<typeof Port>;

const name = z.string().max(100).optional();
const ports = z.array(Port).min(1).max(CAP).optional();

/** A rule with a port by name cannot have peers without pods behind them. */
function refuseNamedPortOutside(
  rule: {
    readonly to: readonly object[];
    readonly ports?: readonly AdminNetworkPolicyPort[] | undefined;
  },
  context: z.core.$RefinementCtx,
): void {
  if (!rule.ports?.some(({ namedPort }) => namedPort !== undefined)) return;
  for (const [index, peer] of rule.to.entries())
    if ('networks' in peer || 'nodes' in peer || 'domainNames' in peer)
      context.addIssue({
        code: 'custom',
        path: ['to', index],
        message: 'namedPort cannot be combined with networks, nodes or domainNames',
        params: { code: 'NAMED_PORT_WITH_NETWORKS' },
      });
}

const AdminAction = z.enum(['Allow', 'Deny', 'Pass']);
const BaselineAction = z.enum(['Allow', 'Deny']);
const from = z.array(AdminIngressPeer).min(1).max(CAP);

/** Spec of AdminNetworkPolicy `policy.networking.k8s.io/v1alpha1` (network-policy-api v0.1.7). Superseded: read, and converted. */
export const AdminNetworkPolicySpec = strict({
  priority: z.int().min(0).max(1_000),
  subject: AdminSubject,
  ingress: z
    .array(strict({ name, action: AdminAction, from, ports }))
    .max(CAP)
    .optional(),
  egress: z
    .array(
      strict({
        name,
        action: AdminAction,
        to: z.array(AdminEgressPeer).min(1).max(CAP),
        ports,
      }).superRefine((rule, context) => {
        refuseNamedPortOutside(rule, context);
        for (const [index, { domainNames }] of rule.to.entries())
          if (domainNames && rule.action !== 'Allow')
            context.addIssue({
              code: 'custom',
              path: ['to', index, 'domainNames'],
              message: 'domainNames are allowed in Allow rules only',
              params: { code: 'DOMAIN_NAMES_NOT_ACCEPT' },
            });
      }),
    )
    .max(CAP)
    .optional(),
});
export type AdminNetworkPolicySpec = z.infer<typeof AdminNetworkPolicySpec>;

/** Spec of BaselineAdminNetworkPolicy `policy.networking.k8s.io/v1alpha1`; the only one of a cluster is named `default`. */
export const BaselineAdminNetworkPolicySpec = strict({
  subject: AdminSubject,
  ingress: z
    .array(strict({ name, action: BaselineAction, from, ports }))
    .max(CAP)
    .optional(),
  egress: z
    .array(
      strict({
        name,
        action: BaselineAction,
        to: z.array(BaselineEgressPeer).min(1).max(CAP),
        ports,
      }).superRefine(refuseNamedPortOutside),
    )
    .max(CAP)
    .optional(),
});
export type BaselineAdminNetworkPolicySpec = z.infer<typeof BaselineAdminNetworkPolicySpec>;
