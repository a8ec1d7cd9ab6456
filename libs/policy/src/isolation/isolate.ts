import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../network-policy.ts';
import {
  nameFor,
  namespaceNamed,
  withPorts,
  wordsOf,
  type WrittenPolicy,
} from './written-policy.ts';

/** Something that stays possible: with a namespace (some pods of it when `labels` are given), or with a block of addresses. */
export interface Opening {
  readonly direction: 'ingress' | 'egress';
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly cidr?: string;
  /** All ports when left out. */
  readonly ports?: readonly NetworkPolicyPort[];
}

/** Where cluster DNS answers; pods of CoreDNS carry this label by convention of kubeadm and the large providers. */
export interface Dns {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}
export const DEFAULT_DNS: Dns = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };

interface Isolation {
  /** Absent: every namespace of the claim, each for itself. */
  readonly namespace?: string;
  readonly openings?: readonly Opening[];
  readonly dns?: Dns;
}

/** Pods of the namespace talk among themselves and to DNS; everything else in and out is denied, but for the openings. */
export function isolateNamespace({
  namespace,
  openings = [],
  dns = DEFAULT_DNS,
}: Isolation): WrittenPolicy {
  const inside: NetworkPolicyPeer = { podSelector: {} };
  return {
    name:
      namespace === undefined ? 'isolate-namespaces' : nameFor(['isolate', namespace], [namespace]),
    ...(namespace !== undefined && { namespace }),
    spec: closed({}, openings, {
      ingress: [{ from: [inside] }],
      egress: [{ to: [inside] }, dnsRule(dns)],
    }),
  };
}

/** Pods with these labels reach DNS and nothing else, and nothing reaches them, also of their own namespace, but for the openings. */
export function isolateWorkload({
  labels,
  namespace,
  openings = [],
  dns = DEFAULT_DNS,
}: Isolation & { readonly labels: Readonly<Record<string, string>> }): WrittenPolicy {
  return {
    name: nameFor(['isolate', ...wordsOf(labels)], [namespace ?? null, labels]),
    ...(namespace !== undefined && { namespace }),
    spec: closed({ matchLabels: labels }, openings, { ingress: [], egress: [dnsRule(dns)] }),
  };
}

function closed(
  podSelector: NetworkPolicySpec['podSelector'],
  openings: readonly Opening[],
  { ingress, egress }: Required<Pick<NetworkPolicySpec, 'ingress' | 'egress'>>,
): NetworkPolicySpec {
  const of = (direction: Opening['direction']): readonly Opening[] =>
    openings.filter((opening) => opening.direction === direction);
  return {
    podSelector,
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      ...(ingress ?? []),
      ...of('ingress').map((opening) => ({ from: [peer(opening)], ...withPorts(opening.ports) })),
    ],
    egress: [
      ...(egress ?? []),
      ...of('egress').map((opening) => ({ to: [peer(opening)], ...withPorts(opening.ports) })),
    ],
  };
}

function peer({ namespace, labels, cidr }: Opening): NetworkPolicyPeer {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  const pods = labels && { podSelector: { matchLabels: labels } };
  if (namespace === undefined) return pods ?? { podSelector: {} };
  return { namespaceSelector: namespaceNamed(namespace), ...pods };
}

function dnsRule({ namespace, labels }: Dns): NonNullable<NetworkPolicySpec['egress']>[number] {
  return {
    to: [{ namespaceSelector: namespaceNamed(namespace), podSelector: { matchLabels: labels } }],
    ports: [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
    ],
  };
}
