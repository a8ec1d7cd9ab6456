import { holdsFor, LAST_ADDRESS } from '@picket/selector';

import type { NetworksPeer, Peer, PodSelection, Subject } from '../model/policy.ts';
import type { Semantics } from '../model/semantics.ts';
import type { Endpoint, NodeEndpoint, PodEndpoint } from './endpoint.ts';
import { intervalsOf } from './intervals.ts';
import { allOf, anyOf, maybe, not, type Truth } from './truth.ts';

/** What the rules of matching need besides the peer and the endpoint. */
export interface Circumstances {
  readonly semantics: Semantics;
  /** Of the connection: both ends use addresses of one family. */
  readonly family: 4 | 6;
}

/** Whether the policy binds this end. */
export function matchSubject(
  subject: Subject,
  endpoint: Endpoint,
  circumstances: Circumstances,
): Truth {
  switch (subject.kind) {
    case 'unknown':
      return endpoint.kind === 'pod' && maybe(subject.reason);
    case 'pods':
    case 'nodes':
      return matchPeer(subject, endpoint, circumstances);
  }
}

/** Whether the peer of a rule means this end. */
export function matchPeer(peer: Peer, endpoint: Endpoint, circumstances: Circumstances): Truth {
  switch (peer.kind) {
    case 'everything':
      return true;
    case 'pods':
      return matchPods(peer, endpoint, circumstances);
    case 'nodes':
      return matchNodes(peer, endpoint, circumstances);
    case 'networks':
      return matchNetworks(peer, endpoint, circumstances);
    case 'outside':
      return endpoint.kind === 'outside';
    case 'domainNames':
      return matchDomainNames(peer.domainNames, endpoint, circumstances);
    case 'all':
      return allOf(peer.peers.map((part) => matchPeer(part, endpoint, circumstances)));
    case 'not':
      return not(matchPeer(peer.peer, endpoint, circumstances));
    case 'unknown':
      return maybe(peer.reason);
  }
}

/**
 * Pods are picked by the labels of their namespace and their own.
 * "host-networked pods are not included in this type of peer" (apis/v1alpha2 ClusterNetworkPolicyIngressPeer, and its Subject alike).
 */
function matchPods(
  selection: PodSelection,
  endpoint: Endpoint,
  { semantics }: Circumstances,
): boolean {
  if (endpoint.kind !== 'pod' || isOnHostNetwork(endpoint, semantics)) return false;
  const { workload, namespaceLabels } = endpoint;
  const { namespaces, pods, serviceAccounts } = selection;
  return (
    holdsFor(namespaces, namespaceLabels) &&
    holdsFor(pods, workload.labels) &&
    (serviceAccounts?.includes(workload.serviceAccount) ?? true)
  );
}

/** Kubernetes documentation, "NetworkPolicy and hostNetwork pods": such a pod is its node, unless the plugin can tell it apart. */
export function isOnHostNetwork({ workload }: PodEndpoint, semantics: Semantics): boolean {
  return workload.hostNetwork && !semantics.hostNetworkAsPods;
}

/** "It selects the nodeIPs … present in node.Status.Addresses" (apis/v1alpha2 Nodes): the node and whatever shares its addresses. */
function matchNodes(
  { nodes }: Extract<Peer, { kind: 'nodes' }>,
  endpoint: Endpoint,
  { semantics }: Circumstances,
): Truth {
  const isNode =
    endpoint.kind === 'node' || (endpoint.kind === 'pod' && isOnHostNetwork(endpoint, semantics));
  if (!isNode) return false;
  const { node } = endpoint as NodeEndpoint | PodEndpoint;
  return node ? holdsFor(nodes, node.labels) : maybe(`the node of ${endpoint.name} is not known`);
}

/**
 * "cluster-internal traffic will be checked against the rule as well" (apis/v1alpha2 Networks). For ipBlock Kubernetes leaves it to the
 * plugin. `except` is "not included within the rule" (networking/v1 IPBlock).
 */
function matchNetworks(
  { networks, outsideOnly }: NetworksPeer,
  endpoint: Endpoint,
  { semantics, family }: Circumstances,
): Truth {
  if (outsideOnly && endpoint.kind !== 'outside') return false;
  const isPod = endpoint.kind === 'pod' && !isOnHostNetwork(endpoint, semantics);
  if (isPod && !semantics.networksMatchPods) return false;
  const intervals = intervalsOf(networks, family);
  if (intervals.length === 0) return false;
  if (intervals.some(([first, last]) => first === 0n && last === LAST_ADDRESS[family])) return true;
  if (endpoint.addresses.length === 0)
    return maybe(`the address of ${endpoint.name} is not known, and a rule names networks`);
  const own = endpoint.addresses.filter((address) => address.family === family);
  const inside = own.filter(({ value }) =>
    intervals.some(([first, last]) => first <= value && value <= last),
  );
  if (inside.length === own.length) return own.length > 0;
  return (
    inside.length > 0 && maybe(`${endpoint.name} has addresses inside and outside of a network`)
  );
}

/**
 * "'*' … matches one or more entire labels" (apis/v1alpha2 DomainName). In the cluster only generated records select anything (NPEP-133,
 * Expected Behavior), and those are below the cluster's domain.
 */
function matchDomainNames(
  patterns: readonly string[],
  endpoint: Endpoint,
  { semantics }: Circumstances,
): Truth {
  if (endpoint.kind !== 'outside')
    return (
      patterns.some((pattern) => reaches(pattern, semantics.clusterDomain)) &&
      maybe(`a rule names domains of the cluster, which may mean ${endpoint.name}`)
    );
  const { domainNames } = endpoint;
  if (!domainNames)
    return maybe(`a rule names domains, and which names mean ${endpoint.name} is not known`);
  return anyOf(domainNames.map((name) => patterns.some((pattern) => matchesName(pattern, name))));
}

function matchesName(pattern: string, name: string): boolean {
  const [wanted, given] = [canonicalName(pattern), canonicalName(name)];
  return wanted.startsWith('*.') ? given.endsWith(wanted.slice(1)) : given === wanted;
}

/** Whether a name below `domain` can match the pattern. */
function reaches(pattern: string, domain: string): boolean {
  const wanted = canonicalName(pattern);
  const isBelow = `.${wanted}`.endsWith(`.${domain}`);
  return isBelow || (wanted.startsWith('*.') && `.${domain}`.endsWith(wanted.slice(1)));
}

function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
