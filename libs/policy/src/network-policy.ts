import {
  addressText,
  cidrContains,
  isIpv4Mapped,
  LabelSelector,
  parseCidr,
  type Cidr,
} from '@picket/selector';
import { z } from 'zod';

import { always, strict } from './problems-of.ts';

/** A port of a NetworkPolicy is a number or the name of a container port (IANA_SVC_NAME, RFC 6335). */
export const PortNumber = z.int().min(1).max(65_535);
export const PortName = z
  .string()
  .max(15)
  .regex(/^(?!.*--)(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, {
    error:
      'a port name has at most 15 lower-case letters, digits and single "-", and at least one letter',
  });

/**
 * A CIDR that everybody reads alike. Stricter than older API servers, as newer ones are (KEP-4858): no leading zeros, no IPv4 block in
 * IPv6 text. Host bits are taken: servers before 1.36 have such policies.
 */
export const CidrText = z
  .string()
  .max(64)
  .superRefine((text, context) => {
    const cidr = parseCidr(text);
    const message = cidr
      ? 'an IPv4 block in IPv6 text is read differently by different plugins: write it as IPv4'
      : 'not a CIDR such as 10.0.0.0/8 or 2001:db8::/32';
    if (!cidr || isIpv4Mapped(cidr))
      context.addIssue({ code: 'custom', message, params: { code: 'CIDR_INVALID' } });
  });

/** The same without host bits, as every server takes it: from Kubernetes 1.36 on they are refused (KEP-4858). */
export const CanonicalCidrText = CidrText.superRefine((text, context) => {
  const cidr = parseCidr(text);
  if (!cidr || cidr.canonical) return;
  const block = `${addressText({ family: cidr.family, value: cidr.first })}/${cidr.prefix}`;
  const message = `has bits set beyond its prefix, which newer API servers refuse: write ${block}`;
  context.addIssue({ code: 'custom', message, params: { code: 'CIDR_INVALID' } });
});

function cidrOf(text: unknown): Cidr | undefined {
  return typeof text === 'string' ? parseCidr(text) : undefined;
}

const ipBlockOf = (text: typeof CidrText) =>
  strict({
    cidr: text,
    except: z.array(text).max(1_000).optional(),
  }).check(
    always(({ cidr, except }, context) => {
      const outer = cidrOf(cidr);
      for (const [index, text] of Array.isArray(except) ? except.entries() : []) {
        const inner = cidrOf(text);
        if (!outer || !inner) continue;
        if (!cidrContains(outer, inner) || inner.prefix === outer.prefix)
          context.addIssue({
            code: 'custom',
            path: ['except', index],
            message: `must be a strict subset of cidr ${String(cidr)}`,
            params: { code: 'EXCEPT_OUTSIDE_CIDR' },
          });
      }
    }),
  );

const peerWith = (text: typeof CidrText) =>
  strict({
    podSelector: LabelSelector.optional(),
    namespaceSelector: LabelSelector.optional(),
    ipBlock: ipBlockOf(text).optional(),
  }).check(
    always((peer, context) => {
      if (Object.keys(peer).length === 0)
        context.addIssue({
          code: 'custom',
          message: 'a peer needs podSelector, namespaceSelector or ipBlock',
          params: { code: 'PEER_EMPTY' },
        });
      if (peer.ipBlock && (peer.podSelector || peer.namespaceSelector))
        context.addIssue({
          code: 'custom',
          message: 'ipBlock may not stand beside podSelector or namespaceSelector: use two peers',
          params: { code: 'PEER_MIXED' },
        });
    }),
  );

const Port = strict({
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
  port: z.union([PortNumber, PortName]).optional(),
  endPort: PortNumber.optional(),
}).superRefine(({ port, endPort }, context) => {
  if (endPort === undefined) return;
  const issue = (message: string): void =>
    context.addIssue({
      code: 'custom',
      path: ['endPort'],
      message,
      params: { code: 'END_PORT_INVALID' },
    });
  if (port === undefined) issue('may not be set without port');
  else if (typeof port === 'string') issue('may not be set with a named port');
  else if (endPort < port) issue('must be equal to or greater than port');
});

const MAX_ITEMS = 10_000;
const Ports = z.array(Port).max(MAX_ITEMS).optional();

const specWith = (text: typeof CidrText) => {
  const peers = z.array(peerWith(text)).max(MAX_ITEMS).optional();
  return strict({
    podSelector: LabelSelector.optional(),
    policyTypes: z
      .array(z.enum(['Ingress', 'Egress']))
      .max(2)
      .optional(),
    ingress: z
      .array(strict({ from: peers, ports: Ports }))
      .max(MAX_ITEMS)
      .optional(),
    egress: z
      .array(strict({ to: peers, ports: Ports }))
      .max(MAX_ITEMS)
      .optional(),
  });
};

/**
 * Spec of NetworkPolicy `networking.k8s.io/v1`, as the API server accepts it (kubernetes/api networking/v1/types.go,
 * kubernetes pkg/apis/networking/validation): unknown fields are refused, as with server-side apply.
 */
export const NetworkPolicySpec = specWith(CidrText);
export type NetworkPolicySpec = z.infer<typeof NetworkPolicySpec>;
export type NetworkPolicyPeer = NonNullable<
  NonNullable<NetworkPolicySpec['ingress']>[number]['from']
>[number];
export type NetworkPolicyPort = z.infer<typeof Port>;

/** The same, as every API server takes it that there is. */
export const PortableNetworkPolicySpec = specWith(CanonicalCidrText);
