import {
  parseAddress,
  parseCalicoSelector,
  parseCidr,
  SelectorTextInvalid,
} from '@picket/selector';
import { z } from 'zod';

import { PortNumber } from './network-policy.ts';
import { strict } from './problems-of.ts';

const MAX_ITEMS = 10_000;

const Selector = z.string().superRefine((text, context) => {
  try {
    parseCalicoSelector(text);
  } catch (error) {
    if (!(error instanceof SelectorTextInvalid)) throw error;
    const { message } = error;
    context.addIssue({ code: 'custom', message, params: { code: 'SELECTOR_INVALID' } });
  }
});

/** A CIDR, or an address alone. */
const Net = z
  .string()
  .max(64)
  .refine((text) => (parseCidr(text) ?? parseAddress(text)) !== undefined, {
    error: 'not a CIDR or an address',
    params: { code: 'CIDR_INVALID' },
  });

/** A number, `from:to`, or the name of a container port. */
const Port = z.union([
  PortNumber,
  z
    .string()
    .max(63)
    .regex(/^(\d{1,5}(:\d{1,5})?|[a-zA-Z0-9_.-]{1,63})$/, {
      error: 'not a port, a range from:to or a name',
    }),
]);

const Protocol = z.union([
  z.int().min(1).max(255),
  z.enum(['TCP', 'UDP', 'ICMP', 'ICMPv6', 'SCTP', 'UDPLite']),
]);
const Icmp = strict({
  type: z.int().min(0).max(254).optional(),
  code: z.int().min(0).max(255).optional(),
});

const Entity = strict({
  nets: z.array(Net).max(MAX_ITEMS).optional(),
  selector: Selector.optional(),
  namespaceSelector: Selector.optional(),
  services: strict({
    name: z.string().max(253).optional(),
    namespace: z.string().max(253).optional(),
  }).optional(),
  ports: z.array(Port).max(MAX_ITEMS).optional(),
  notNets: z.array(Net).max(MAX_ITEMS).optional(),
  notSelector: Selector.optional(),
  notPorts: z.array(Port).max(MAX_ITEMS).optional(),
  serviceAccounts: strict({
    names: z.array(z.string().max(253)).max(MAX_ITEMS).optional(),
    selector: Selector.optional(),
  }).optional(),
});
export type CalicoEntity = z.infer<typeof Entity>;

const Rule = strict({
  action: z.enum(['Allow', 'Deny', 'Log', 'Pass']),
  ipVersion: z.union([z.literal(4), z.literal(6)]).optional(),
  protocol: Protocol.optional(),
  icmp: Icmp.optional(),
  notProtocol: Protocol.optional(),
  notICMP: Icmp.optional(),
  source: Entity.optional(),
  destination: Entity.optional(),
  http: z.unknown().optional(),
  metadata: z.unknown().optional(),
}).superRefine((rule, context) => {
  const transports: unknown[] = ['TCP', 'UDP', 'SCTP', 6, 17, 132];
  for (const end of ['source', 'destination'] as const)
    for (const ports of ['ports', 'notPorts'] as const)
      if (rule[end]?.[ports]?.length && !transports.includes(rule.protocol))
        context.addIssue({
          code: 'custom',
          path: [end, ports],
          message: 'needs protocol TCP, UDP or SCTP in the same rule',
          params: { code: 'PORTS_WITHOUT_PROTOCOL' },
        });
});
export type CalicoRule = z.infer<typeof Rule>;

const common = {
  tier: z.string().max(253).optional(),
  order: z.number().nullish(),
  ingress: z.array(Rule).max(MAX_ITEMS).optional(),
  egress: z.array(Rule).max(MAX_ITEMS).optional(),
  selector: Selector.optional(),
  types: z
    .array(z.enum(['Ingress', 'Egress']))
    .max(2)
    .optional(),
  serviceAccountSelector: Selector.optional(),
  performanceHints: z.array(z.string().max(253)).max(10).optional(),
};

/** Spec of Calico's NetworkPolicy `projectcalico.org/v3` (projectcalico/calico api/pkg/apis/projectcalico/v3). */
export const CalicoNetworkPolicySpec = strict(common);

/** Spec of Calico's GlobalNetworkPolicy `projectcalico.org/v3`. */
export const CalicoGlobalNetworkPolicySpec = strict({
  ...common,
  namespaceSelector: Selector.optional(),
  doNotTrack: z.boolean().optional(),
  preDNAT: z.boolean().optional(),
  applyOnForward: z.boolean().optional(),
});
export type CalicoGlobalNetworkPolicySpec = z.infer<typeof CalicoGlobalNetworkPolicySpec>;

/** Spec of Calico's Tier `projectcalico.org/v3`. Without `order` it comes last. */
export const CalicoTierSpec = z.object({
  order: z.number().nullish(),
  defaultAction: z.enum(['Deny', 'Pass']).nullish(),
});
export type CalicoTierSpec = z.infer<typeof CalicoTierSpec>;
