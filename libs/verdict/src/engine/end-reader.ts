import type { Inventory, Workload } from '../model/inventory.ts';
import type { Semantics } from '../model/semantics.ts';
import { addressNumber, type AddressNumber } from './address-number.ts';
import { IS_NODE, IS_ONE_POD, NONE, type End } from './ends.ts';
import type { Knowledge } from './knowledge.ts';
import { NODE_UNKNOWN, portText, type LabelClass } from './label-classes.ts';

interface NodeFacts {
  readonly features: readonly number[];
  readonly addresses: readonly AddressNumber[];
}

/** Reads workloads and nodes of one inventory with the vocabulary of the moment. */
export class EndReader {
  readonly #known: Knowledge;
  readonly #semantics: Semantics;
  readonly #isAsked: ((feature: number) => boolean) | undefined;
  readonly #namespaces = new Map<string, readonly number[]>();
  readonly #nodes = new Map<string, NodeFacts>();
  readonly #nodeNumbers = new Map<string, number>();

  /** `isAsked`: whether a feature counts; absent: all do. */
  constructor(
    { namespaces, nodes }: Inventory,
    known: Knowledge,
    semantics: Semantics,
    isAsked?: (feature: number) => boolean,
  ) {
    this.#known = known;
    this.#semantics = semantics;
    this.#isAsked = isAsked;
    // Of two with one name the first counts.
    for (const { name, labels } of namespaces.toReversed()) {
      const features: number[] = [];
      known.vocabulary.read('namespace', labels, features);
      this.#namespaces.set(name, features);
    }
    for (const { name, labels, addresses } of nodes.toReversed()) {
      const features: number[] = [];
      known.vocabulary.read('node', labels, features);
      this.#nodes.set(name, { features, addresses: addressesOf(addresses) });
    }
    for (const { name } of nodes) this.#nodeNumber(name);
  }

  workload(workload: Workload, index: number): End {
    const { namespace, name, kind, node } = workload;
    const own = addressesOf(workload.addresses);
    const isOnNode = workload.hostNetwork && own.length === 0 && node !== undefined;
    return {
      name: `${namespace}/${name}`,
      flags: (this.#isHost(workload) ? IS_NODE : 0) | (kind === 'Pod' ? IS_ONE_POD : 0),
      label: this.labelOfWorkload(workload).id,
      workload: index,
      node: node === undefined ? NONE : this.#nodeNumber(node),
      addresses: isOnNode ? (this.#nodes.get(node)?.addresses ?? own) : own,
    };
  }

  node(name: string): End {
    return {
      name,
      flags: IS_NODE,
      label: this.labelOfNode(name).id,
      workload: NONE,
      node: this.#nodeNumber(name),
      addresses: this.#nodes.get(name)?.addresses ?? NO_ADDRESSES,
    };
  }

  labelOfWorkload(workload: Workload): LabelClass {
    const features: number[] = [];
    if (this.#isHost(workload)) this.#readNode(workload.node, features);
    else this.#readPod(workload, features);
    this.#readPorts(workload, features);
    return this.#labelOf(this.#isHost(workload) ? 'host' : 'pod', features);
  }

  labelOfNode(name: string): LabelClass {
    const features: number[] = [];
    this.#readNode(name, features);
    return this.#labelOf('node', features);
  }

  #labelOf(kind: LabelClass['kind'], features: number[]): LabelClass {
    const asked = this.#isAsked ? features.filter(this.#isAsked) : features;
    return this.#known.labels.classOf(kind, asked);
  }

  #isHost({ hostNetwork }: Workload): boolean {
    return hostNetwork && !this.#semantics.hostNetworkAsPods;
  }

  #readNode(name: string | undefined, features: number[]): void {
    const facts = name === undefined ? undefined : this.#nodes.get(name);
    features.push(...(facts?.features ?? [this.#known.vocabulary.fact(NODE_UNKNOWN)]));
  }

  #readPod({ namespace, labels, serviceAccount }: Workload, features: number[]): void {
    const { vocabulary } = this.#known;
    for (const feature of this.#namespaces.get(namespace) ?? []) features.push(feature);
    vocabulary.read('pod', labels, features);
    const account = vocabulary.keysOf('account').get(serviceAccount)?.exists;
    if (account !== undefined) features.push(account);
  }

  #readPorts({ ports }: Workload, features: number[]): void {
    const { vocabulary } = this.#known;
    const names = vocabulary.keysOf('port');
    if (names.size === 0 || ports.length === 0) return;
    const found = new Set<number>();
    for (const port of ports)
      if (port.name !== undefined && names.has(port.name))
        found.add(vocabulary.valueFeature('port', port.name, portText(port)));
    features.push(...found);
  }

  #nodeNumber(name: string): number {
    const known = this.#nodeNumbers.get(name) ?? this.#nodeNumbers.size;
    this.#nodeNumbers.set(name, known);
    return known;
  }
}

const NO_ADDRESSES: readonly AddressNumber[] = [];

function addressesOf(texts: readonly string[]): readonly AddressNumber[] {
  if (texts.length === 0) return NO_ADDRESSES;
  return texts.flatMap((text) => addressNumber(text) ?? []);
}
