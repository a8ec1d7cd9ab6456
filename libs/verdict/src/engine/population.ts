import type { Inventory, Service, Workload } from '../model/inventory.ts';
import { addressNumber, type AddressNumber } from './address-number.ts';
import type { EndReader } from './end-reader.ts';
import { Ends, IS_GROUP, IS_SERVICE, NONE, type EndId } from './ends.ts';

/** Who is in the cluster, and how the texts of flows find them. */
export interface Population {
  readonly inventory: Inventory;
  readonly ends: Ends;
  /** How many ends are the inventory's; others come with flows. */
  readonly count: number;
  /** By name, and by owner. */
  readonly byName: ReadonlyMap<string, EndId>;
  readonly byAddress: ReadonlyMap<AddressNumber, EndId>;
  /** The workloads of each group, as the inventory orders them. */
  readonly groups: ReadonlyMap<EndId, readonly EndId[]>;
}

export function populationOf(inventory: Inventory, reader: EndReader): Population {
  const ends = new Ends();
  for (const [index, workload] of inventory.workloads.entries())
    ends.add(reader.workload(workload, index));
  for (const { name } of inventory.nodes) ends.add(reader.node(name));
  const groups = new Map<EndId, readonly EndId[]>();
  const byName = readNames(inventory, ends, groups);
  const byAddress = readAddresses(inventory, ends);
  return { inventory, ends, count: ends.count, byName, byAddress, groups };
}

/** Where several workloads answer to one text, it means a group of them. */
function readNames(
  { workloads }: Inventory,
  ends: Ends,
  groups: Map<EndId, readonly EndId[]>,
): Map<string, EndId> {
  const names = new Map<string, EndId>();
  const several = new Map<string, EndId[]>();
  const note = (text: string, id: EndId): void => {
    const first = names.get(text);
    if (first === undefined) names.set(text, id);
    else if (first !== id) several.set(text, [...(several.get(text) ?? [first]), id]);
  };
  for (const [id, { owner }] of workloads.entries()) {
    note(ends.names[id] ?? '', id);
    note(owner, id);
  }
  for (const [text, members] of several) {
    const group = ends.add({ ...NOBODY, name: text, flags: IS_GROUP });
    groups.set(group, members);
    names.set(text, group);
  }
  return names;
}

/** Pods come first, then nodes, then pods on the host network, whose addresses mean the node, then services. */
function readAddresses(
  { workloads, nodes, services }: Inventory,
  ends: Ends,
): Map<AddressNumber, EndId> {
  const found = new Map<AddressNumber, EndId>();
  const note = (id: EndId): void => {
    const all = ends.addresses[id] ?? [];
    for (const address of all)
      if (!found.has(address)) found.set(address, all.length === 1 ? id : endAt(ends, id, address));
  };
  const noteWorkloads = (isMeant: (workload: Workload) => boolean): void => {
    for (const [id, workload] of workloads.entries()) if (isMeant(workload)) note(id);
  };
  noteWorkloads(({ hostNetwork }) => !hostNetwork);
  for (const index of nodes.keys()) note(workloads.length + index);
  // Without addresses of its own such a pod has its node's, which are taken.
  noteWorkloads(({ hostNetwork, addresses }) => hostNetwork && addresses.length > 0);
  for (const service of services) noteService(service, ends, found);
  return found;
}

/** The end at one of its addresses. */
function endAt(ends: Ends, id: EndId, address: AddressNumber): EndId {
  return ends.add({
    name: ends.names[id] ?? '',
    flags: ends.flags.values[id] ?? 0,
    label: ends.labels.values[id] ?? NONE,
    workload: ends.workloads.values[id] ?? NONE,
    node: ends.nodes.values[id] ?? NONE,
    addresses: [address],
  });
}

function noteService(service: Service, ends: Ends, found: Map<AddressNumber, EndId>): void {
  const name = `${service.namespace}/${service.name}`;
  const id = ends.add({ ...NOBODY, name, flags: IS_SERVICE });
  for (const text of service.addresses) {
    const address = addressNumber(text);
    if (address !== undefined && !found.has(address)) found.set(address, id);
  }
}

const NOBODY = { flags: 0, label: NONE, workload: NONE, node: NONE, addresses: [] };
