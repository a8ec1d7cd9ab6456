import type { AddressNumber } from './address-number.ts';
import { GrowingArray } from './growing-array.ts';

/** Number of an end: workloads first, then nodes, both as the inventory lists them; then whatever flows have named. */
export type EndId = number;

/** One pod: what it opens to itself is not judged. */
export const IS_ONE_POD = 1;
/** A node, or a pod that is its node: whether it is the other end's own node matters. */
export const IS_NODE = 2;
/** A service, whose address no policy ever sees. */
export const IS_SERVICE = 4;
/** Several workloads, each of which may be meant. */
export const IS_GROUP = 8;
/** Judged by more than its classes. */
export const IS_SPECIAL = IS_NODE | IS_SERVICE | IS_GROUP;

export const FAMILIES = [4, 6] as const;
/** Not known, or not made yet. */
export const NONE = -1;

export interface End {
  readonly name: string;
  readonly flags: number;
  readonly label: number;
  /** Index of the workload, or `NONE`. */
  readonly workload: number;
  /** Number of the node's name, or `NONE`. */
  readonly node: number;
  /** None: not known. */
  readonly addresses: readonly AddressNumber[];
}

/** All ends of one engine, in columns. */
export class Ends {
  flags = new GrowingArray();
  /** Bit 1: may use IPv4, bit 2: IPv6. */
  families = new GrowingArray();
  workloads = new GrowingArray();
  nodes = new GrowingArray();
  labels = new GrowingArray();
  /** End class over IPv4 and over IPv6; `NONE` until somebody asks. */
  classes4 = new GrowingArray();
  classes6 = new GrowingArray();
  addresses: (readonly AddressNumber[])[] = [];
  names: string[] = [];

  get count(): number {
    return this.names.length;
  }

  add({ name, flags, label, workload, node, addresses }: End): EndId {
    this.flags.push(flags);
    this.families.push(familiesOf(addresses));
    this.workloads.push(workload);
    this.nodes.push(node);
    this.labels.push(label);
    this.classes4.push(NONE);
    this.classes6.push(NONE);
    this.addresses.push(addresses);
    return this.names.push(name) - 1;
  }

  /** The first `count` of them. */
  copy(count: number): Ends {
    const copy = new Ends();
    for (const column of COLUMNS) copy[column] = this[column].copy(count);
    copy.addresses = this.addresses.slice(0, count);
    copy.names = this.names.slice(0, count);
    return copy;
  }
}

const COLUMNS = [
  'flags',
  'families',
  'workloads',
  'nodes',
  'labels',
  'classes4',
  'classes6',
] as const;

function familiesOf(addresses: readonly AddressNumber[]): number {
  let families = 0;
  for (const address of addresses) families |= typeof address === 'number' ? 1 : 2;
  return families === 0 ? 3 : families;
}
