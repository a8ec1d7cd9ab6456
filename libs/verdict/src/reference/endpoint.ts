import { parseAddress, type Address, type Labels } from '@picket/selector';

import { FlowInvalid, PeerUnknown } from '../model/flow-errors.ts';
import type { FlowPeer } from '../model/flow.ts';
import type { Inventory, Node, Service, Workload } from '../model/inventory.ts';

/** One end of a connection. `addresses` are all that it may use; empty: not known. */
export type Endpoint = PodEndpoint | NodeEndpoint | OutsideEndpoint | ServiceEndpoint;

export interface PodEndpoint {
  readonly kind: 'pod';
  readonly name: string;
  readonly workload: Workload;
  readonly namespaceLabels: Labels;
  readonly addresses: readonly Address[];
  /** The node that it runs on, when that is known and in the inventory. */
  readonly node?: Node;
}

export interface NodeEndpoint {
  readonly kind: 'node';
  readonly name: string;
  readonly node: Node;
  readonly addresses: readonly Address[];
}

export interface OutsideEndpoint {
  readonly kind: 'outside';
  readonly name: string;
  readonly addresses: readonly Address[];
  readonly domainNames?: readonly string[];
}

/** Only to be able to say that NAT stands between: policies see the pod behind it. */
export interface ServiceEndpoint {
  readonly kind: 'service';
  readonly name: string;
  readonly service: Service;
  readonly addresses: readonly Address[];
}

/** All that the peer may mean: the pods of an owner, or one thing with an address. Throws PeerUnknown, FlowInvalid. */
export function endpointsOf(peer: FlowPeer, inventory: Inventory): Endpoint[] {
  if ('workload' in peer) {
    const workloads = inventory.workloads.filter(
      ({ namespace, name, owner }) =>
        peer.workload === owner || peer.workload === `${namespace}/${name}`,
    );
    if (workloads.length === 0) throw new PeerUnknown(peer.workload);
    return workloads.map((workload) => podEndpoint(workload, inventory));
  }
  return [endpointAt(peer, inventory)];
}

export function podEndpoint(workload: Workload, inventory: Inventory): PodEndpoint {
  const { namespace, name } = workload;
  const node = inventory.nodes.find((candidate) => candidate.name === workload.node);
  const own = workload.addresses.flatMap((text) => parseAddress(text) ?? []);
  // A pod on the host network has its node's addresses.
  const ofNode = workload.hostNetwork ? addressesOf(node?.addresses ?? []) : [];
  return {
    kind: 'pod',
    name: `${namespace}/${name}`,
    workload,
    namespaceLabels:
      inventory.namespaces.find((candidate) => candidate.name === namespace)?.labels ?? {},
    addresses: own.length > 0 ? own : ofNode,
    ...(node && { node }),
  };
}

/** Pods come first, then nodes, then services: a pod on the host network has no address of its own, so its address means the node. */
function endpointAt(
  peer: Extract<FlowPeer, { readonly address: string }>,
  inventory: Inventory,
): Endpoint {
  const address = parseAddress(peer.address);
  if (!address)
    throw new FlowInvalid(`${JSON.stringify(peer.address)} is not an IPv4 or IPv6 address`);
  const addresses = [address];
  const has = (texts: readonly string[]): boolean =>
    addressesOf(texts).some(
      ({ family, value }) => family === address.family && value === address.value,
    );
  const workload = inventory.workloads.find(
    (candidate) => !candidate.hostNetwork && has(candidate.addresses),
  );
  if (workload) return { ...podEndpoint(workload, inventory), addresses };
  const node = inventory.nodes.find((candidate) => has(candidate.addresses));
  if (node) return { kind: 'node', name: node.name, node, addresses };
  const onHost = inventory.workloads.find((candidate) => has(candidate.addresses));
  if (onHost) return { ...podEndpoint(onHost, inventory), addresses };
  const service = inventory.services.find((candidate) => has(candidate.addresses));
  if (service)
    return {
      kind: 'service',
      name: `${service.namespace}/${service.name}`,
      service,
      addresses,
    };
  const { domainNames } = peer;
  return { kind: 'outside', name: peer.address, addresses, ...(domainNames && { domainNames }) };
}

function addressesOf(texts: readonly string[]): Address[] {
  return texts.flatMap((text) => parseAddress(text) ?? []);
}
