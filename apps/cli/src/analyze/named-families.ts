import type { Peer, Rule } from '@picket/verdict';

import type { Cluster } from './read-cluster.ts';

/** The families of outside addresses that the clusters speak of: IPv4, and IPv6 where an address or a policy names it. */
export function namedFamilies(clusters: readonly Cluster[]): readonly (4 | 6)[] {
  return clusters.some(namesIpv6) ? [4, 6] : [4];
}

function namesIpv6({ inventory, policies }: Cluster): boolean {
  const { workloads, nodes } = inventory;
  return (
    [...workloads, ...nodes].some(({ addresses }) => addresses.some(isIpv6)) ||
    policies.some(({ ingress, egress }) =>
      [ingress, egress].some((list) => list?.rules.some(ruleNamesIpv6)),
    )
  );
}

function ruleNamesIpv6({ peers, subject }: Rule): boolean {
  return peers.some(peerNamesIpv6) || (subject !== undefined && peerNamesIpv6(subject));
}

function peerNamesIpv6(peer: Peer): boolean {
  if (peer.kind === 'networks') return peer.networks.some(({ cidr }) => isIpv6(cidr));
  if (peer.kind === 'all') return peer.peers.some(peerNamesIpv6);
  return peer.kind === 'not' && peerNamesIpv6(peer.peer);
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}
