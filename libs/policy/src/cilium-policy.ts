import { parseAddress, parseCidr } from '@picket/selector';
import { z } from 'zod';

import { strict } from './problems-of.ts';

const MAX_ITEMS = 10_000;
const list = <Item extends z.ZodType>(item: Item): z.ZodOptional<z.ZodArray<Item>> =>
  z.array(item).max(MAX_ITEMS).optional();

/** Keys of Cilium's selectors carry a source: `k8s:app`, `any:app`, `reserved:host`. What follows it is a label key. */
const Selector = strict({
  matchLabels: z.record(z.string().max(512), z.string().max(253)).optional(),
  matchExpressions: list(
    strict({
      key: z.string().max(512),
      operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
      values: list(z.string().max(253)),
    }),
  ),
});
export type CiliumSelector = z.infer<typeof Selector>;

const Cidr = z
  .string()
  .max(64)
  .refine((text) => (parseCidr(text) ?? parseAddress(text)) !== undefined, {
    error: 'not a CIDR or an address',
    params: { code: 'CIDR_INVALID' },
  });

const CidrSet = list(
  strict({
    cidr: Cidr.optional(),
    cidrGroupRef: z.string().max(253).optional(),
    cidrGroupSelector: z.unknown().optional(),
    except: list(Cidr),
  }),
);

const Entities = list(
  z.enum([
    'all',
    'world',
    'world-ipv4',
    'world-ipv6',
    'cluster',
    'host',
    'init',
    'ingress',
    'unmanaged',
    'remote-node',
    'health',
    'none',
    'kube-apiserver',
  ]),
);
export type CiliumEntity = NonNullable<z.infer<typeof Entities>>[number];

const Port = strict({
  /** A number from 0 (any) to 65535, or a name. */
  port: z
    .string()
    .max(63)
    .regex(/^(\d{1,5}|[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)$/, { error: 'not a port or a name' })
    .refine((text) => !/^\d+$/.test(text) || Number(text) <= 65_535, {
      error: 'must not be greater than 65535',
    })
    .optional(),
  endPort: z.int().min(0).max(65_535).optional(),
  protocol: z
    .enum([
      'TCP',
      'UDP',
      'SCTP',
      'ICMP',
      'ICMPv6',
      'ANY',
      'VRRP',
      'IGMP',
      'GRE',
      'IPIP',
      'IPV6',
      'ESP',
      'AH',
    ])
    .optional(),
});
export type CiliumPort = z.infer<typeof Port>;

const PortRule = strict({
  ports: list(Port),
  rules: z.record(z.string(), z.unknown()).optional(),
  terminatingTLS: z.unknown().optional(),
  originatingTLS: z.unknown().optional(),
  serverNames: z.unknown().optional(),
  listener: z.unknown().optional(),
});
export type CiliumPortRule = z.infer<typeof PortRule>;

const Icmp = strict({
  fields: list(
    strict({
      family: z.enum(['IPv4', 'IPv6']).optional(),
      type: z.union([z.int().min(0).max(255), z.string().max(63)]),
    }),
  ),
});

const transport = { toPorts: list(PortRule), icmps: list(Icmp) };

const IngressRule = strict({
  fromEndpoints: list(Selector),
  fromRequires: list(Selector),
  fromCIDR: list(Cidr),
  fromCIDRSet: CidrSet,
  fromEntities: Entities,
  fromGroups: z.unknown().optional(),
  fromNodes: list(Selector),
  ...transport,
  authentication: z.unknown().optional(),
});
export type CiliumIngressRule = z.infer<typeof IngressRule>;

const EgressRule = strict({
  toEndpoints: list(Selector),
  toRequires: list(Selector),
  toCIDR: list(Cidr),
  toCIDRSet: CidrSet,
  toEntities: Entities,
  toServices: z.unknown().optional(),
  toGroups: z.unknown().optional(),
  toNodes: list(Selector),
  toFQDNs: list(
    strict({
      matchName: z.string().max(255).optional(),
      matchPattern: z.string().max(255).optional(),
    }),
  ),
  ...transport,
  authentication: z.unknown().optional(),
});
export type CiliumEgressRule = z.infer<typeof EgressRule>;

/** One rule of a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy `cilium.io/v2` (cilium/cilium pkg/policy/api). */
export const CiliumRule = strict({
  endpointSelector: Selector.optional(),
  nodeSelector: Selector.optional(),
  ingress: list(IngressRule),
  ingressDeny: list(IngressRule),
  egress: list(EgressRule),
  egressDeny: list(EgressRule),
  enableDefaultDeny: strict({
    ingress: z.boolean().optional(),
    egress: z.boolean().optional(),
  }).optional(),
  labels: z.unknown().optional(),
  description: z.string().optional(),
  log: z.unknown().optional(),
}).superRefine((rule, context) => {
  if ((rule.endpointSelector === undefined) === (rule.nodeSelector === undefined))
    context.addIssue({
      code: 'custom',
      path: ['endpointSelector'],
      message: 'a rule needs exactly one of endpointSelector, nodeSelector',
      params: { code: 'SUBJECT_WRONG' },
    });
});
export type CiliumRule = z.infer<typeof CiliumRule>;

/** What a Cilium policy says: `spec` is one rule, `specs` a list of them, and both may be there. */
export const CiliumPolicyRules = z
  .object({ spec: CiliumRule.optional(), specs: z.array(CiliumRule).max(MAX_ITEMS).optional() })
  .refine(({ spec, specs }) => spec !== undefined || specs !== undefined, {
    error: 'a Cilium policy needs spec or specs',
    path: ['spec'],
    params: { code: 'FIELD_REQUIRED' },
  });
export type CiliumPolicyRules = z.infer<typeof CiliumPolicyRules>;
