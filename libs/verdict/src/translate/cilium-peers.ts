import type {
  CiliumEgressRule,
  CiliumEntity,
  CiliumIngressRule,
  CiliumSelector,
} from '@picket/policy';
import { EVERY_LABEL_SET } from '@picket/selector';

import type { Network, Peer } from '../model/policy.ts';
import { endpointSelection, nodeFormula } from './cilium-selector.ts';

/** The L3 part of a rule, ingress and egress under the same names. */
interface Written {
  readonly endpoints: readonly CiliumSelector[] | undefined;
  readonly cidr: readonly string[] | undefined;
  readonly cidrSet: CiliumIngressRule['fromCIDRSet'];
  readonly entities: readonly CiliumEntity[] | undefined;
  readonly nodes: readonly CiliumSelector[] | undefined;
  readonly fqdns: CiliumEgressRule['toFQDNs'];
  /** Members that are not modelled. */
  readonly others: Readonly<Record<string, unknown>>;
}

/** Peers of an ingress rule; undefined when it names none. */
export function ingressPeers(rule: CiliumIngressRule, namespace?: string): Peer[] | undefined {
  const { fromEndpoints, fromCIDR, fromCIDRSet, fromEntities, fromNodes, fromGroups } = rule;
  return peersOf(
    {
      endpoints: fromEndpoints,
      cidr: fromCIDR,
      cidrSet: fromCIDRSet,
      entities: fromEntities,
      nodes: fromNodes,
      fqdns: undefined,
      others: { fromGroups },
    },
    namespace,
  );
}

/** Peers of an egress rule; undefined when it names none. */
export function egressPeers(rule: CiliumEgressRule, namespace?: string): Peer[] | undefined {
  const { toEndpoints, toCIDR, toCIDRSet, toEntities, toNodes, toFQDNs, toServices, toGroups } =
    rule;
  return peersOf(
    {
      endpoints: toEndpoints,
      cidr: toCIDR,
      cidrSet: toCIDRSet,
      entities: toEntities,
      nodes: toNodes,
      fqdns: toFQDNs,
      others: { toServices, toGroups },
    },
    namespace,
  );
}

/** "If omitted or empty, the member will have no effect", but an empty list of endpoints names nobody (api/ingress.go). */
function peersOf(written: Written, namespace: string | undefined): Peer[] | undefined {
  const { endpoints, cidr, cidrSet, entities, nodes, fqdns, others } = written;
  const named = Object.entries(others).filter(([, value]) => value !== undefined);
  const members = [cidr, cidrSet, entities, nodes, fqdns, named];
  if (endpoints === undefined && members.every((member) => !member?.length)) return undefined;
  return [
    ...(endpoints ?? []).map((selector) => endpointSelection(selector, namespace)),
    ...(cidr ?? []).map((text) => outsideNetwork([{ cidr: blockOf(text) }])),
    ...(cidrSet ?? []).map(cidrSetPeer),
    ...(entities ?? []).map(entityPeer),
    ...(nodes ?? []).map(nodesPeer),
    ...(fqdns ?? []).map(fqdnPeer),
    ...named.map(([name]): Peer => ({ kind: 'unknown', reason: `${name} is not modelled` })),
  ];
}

/** "Only connections destined for outside of the cluster and not targeting the host will be subject to CIDR rules" (api/egress.go). */
function outsideNetwork(networks: readonly Network[]): Peer {
  return { kind: 'networks', networks, outsideOnly: true };
}

function cidrSetPeer(set: NonNullable<CiliumIngressRule['fromCIDRSet']>[number]): Peer {
  if (set.cidr === undefined)
    return outside({ kind: 'unknown', reason: 'CIDR groups are not modelled' });
  const { cidr, except } = set;
  return outsideNetwork([{ cidr: blockOf(cidr), ...(except && { except: except.map(blockOf) }) }]);
}

function nodesPeer(selector: CiliumSelector): Peer {
  const nodes = nodeFormula(selector);
  return nodes
    ? { kind: 'nodes', nodes }
    : { kind: 'unknown', reason: 'a selector of nodes by other labels is not modelled' };
}

/** "If the resolved IPs are IPs within the kubernetes cluster, the ToFQDN rule will not apply to that IP" (api/egress.go). */
function fqdnPeer({
  matchName,
  matchPattern,
}: NonNullable<CiliumEgressRule['toFQDNs']>[number]): Peer {
  if (matchName !== undefined) return outside({ kind: 'domainNames', domainNames: [matchName] });
  const reason = `which addresses ${matchPattern ?? 'a pattern'} means is not known`;
  return outside({ kind: 'unknown', reason });
}

const EVERY_POD: Peer = { kind: 'pods', namespaces: EVERY_LABEL_SET, pods: EVERY_LABEL_SET };
const EVERY_NODE: Peer = { kind: 'nodes', nodes: EVERY_LABEL_SET };
const OUTSIDE: Peer = { kind: 'outside' };

function outside(peer: Peer): Peer {
  return { kind: 'all', peers: [OUTSIDE, peer] };
}

/** Entities (documentation, Layer 3 Policies, Entities Based). Those without an address in the inventory stay unknown. */
function entityPeer(entity: CiliumEntity): Peer {
  switch (entity) {
    case 'all':
      return { kind: 'everything' };
    case 'world':
      return OUTSIDE;
    case 'world-ipv4':
      return outsideNetwork([{ cidr: '0.0.0.0/0' }]);
    case 'world-ipv6':
      return outsideNetwork([{ cidr: '::/0' }]);
    case 'cluster':
      return { kind: 'not', peer: OUTSIDE };
    case 'host':
    case 'remote-node':
      return {
        kind: 'all',
        peers: [
          EVERY_NODE,
          { kind: 'unknown', reason: `which node is ${entity} depends on the pod’s` },
        ],
      };
    case 'unmanaged':
      return {
        kind: 'all',
        peers: [
          EVERY_POD,
          { kind: 'unknown', reason: 'which pods Cilium does not manage is not known' },
        ],
      };
    case 'none':
      return { kind: 'not', peer: { kind: 'everything' } };
    case 'kube-apiserver':
    case 'init':
    case 'ingress':
    case 'health':
      return {
        kind: 'all',
        peers: [
          { kind: 'not', peer: EVERY_POD },
          { kind: 'unknown', reason: `the addresses of entity ${entity} are not known` },
        ],
      };
  }
}

function blockOf(text: string): string {
  if (text.includes('/')) return text;
  return `${text}/${text.includes(':') ? 128 : 32}`;
}
