import { FlowInvalid, PeerUnknown } from '../model/flow-errors.ts';
import type { FlowPeer } from '../model/flow.ts';
import { addressNumber, type AddressNumber } from './address-number.ts';
import { NONE, type EndId } from './ends.ts';
import type { Knowledge } from './knowledge.ts';
import { NAMES_KNOWN, type LabelClass } from './label-classes.ts';
import { matchedPatterns } from './match-peer.ts';
import type { Population } from './population.ts';
import { zoneAt, type ZoneTable } from './zones.ts';

/** The zones of both families; absent while no policy names networks. */
export type Space = Readonly<Record<4 | 6, ZoneTable>> | undefined;

/** Finds the ends that flows name, in the cluster and outside. */
export class Directory {
  readonly #population: Population;
  readonly #known: Knowledge;
  readonly #space: Space;
  readonly #outside = new Map<string, EndId>();

  constructor(population: Population, known: Knowledge, space: Space) {
    this.#population = population;
    this.#known = known;
    this.#space = space;
  }

  /** Throws PeerUnknown, FlowInvalid. */
  find(peer: FlowPeer): EndId {
    const { byName, byAddress } = this.#population;
    if ('workload' in peer) {
      const id = byName.get(peer.workload);
      if (id === undefined) throw new PeerUnknown(peer.workload);
      return id;
    }
    const address = addressNumber(peer.address);
    if (address === undefined)
      throw new FlowInvalid(`${JSON.stringify(peer.address)} is not an IPv4 or IPv6 address`);
    return byAddress.get(address) ?? this.outside(address, peer.domainNames);
  }

  /** The workloads that an end stands for, in the order of the inventory. */
  membersOf(end: EndId): readonly EndId[] {
    return this.#population.groups.get(end) ?? [end];
  }

  /** An end outside of the cluster. One for all addresses of a zone: there are no more of them than zones and sets of names. */
  outside(address: AddressNumber, names?: readonly string[]): EndId {
    const family = typeof address === 'number' ? 4 : 6;
    const zone = this.#space && zoneAt(this.#space[family], address);
    const label = this.#outsideLabel(names);
    const key = `${label.id} ${family} ${zone?.id}`;
    const known = this.#outside.get(key);
    if (known !== undefined) return known;
    const id = this.#population.ends.add({
      name: '',
      flags: 0,
      label: label.id,
      workload: NONE,
      node: NONE,
      addresses: [address],
    });
    this.#outside.set(key, id);
    return id;
  }

  #outsideLabel(names: readonly string[] | undefined): LabelClass {
    const { vocabulary, labels } = this.#known;
    if (!names || vocabulary.keysOf('domain').size === 0) return labels.classOf('outside', []);
    const patterns = matchedPatterns(this.#known, names);
    return labels.classOf('outside', [vocabulary.fact(NAMES_KNOWN), ...patterns]);
  }
}
