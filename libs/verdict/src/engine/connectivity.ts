import { addressText } from '@picket/selector';

import type { ConnectivityRow } from '../model/answer.ts';
import type { ConnectivityOptions } from '../model/evaluator.ts';
import type { AddressNumber } from './address-number.ts';
import type { ClassJudge } from './class-judge.ts';
import { ClassReaches } from './class-reaches.ts';
import type { NodeRelation } from './decide.ts';
import { FAMILIES, IS_NODE, NONE, type EndId } from './ends.ts';
import type { ReachId, Reaches } from './reaches.ts';
import type { State } from './state.ts';
import { before } from './zones.ts';

/** Outside addresses that behave alike, both ends included. */
export interface OutsideRange {
  readonly family: 4 | 6;
  readonly first: AddressNumber;
  readonly last: AddressNumber;
  readonly reach: ReachId;
}

/** `from` the workload to outside addresses, or from those `to` it. */
export type Way = 'from' | 'to';

/** Workloads of one owner that are alike: the ends of one class, or the nodes' pods of one class with their nodes. */
interface Replica {
  readonly end: EndId;
  readonly families: number;
  readonly classes: Readonly<Record<4 | 6, number>>;
  /** Of all of them. */
  readonly ends: readonly EndId[];
}

interface Owner {
  readonly name: string;
  readonly replicas: readonly Replica[];
  readonly isSimple: boolean;
}

interface Numbers {
  /** By owner; `NONE` where it has no class here. */
  readonly places: Int32Array;
  readonly classes: readonly number[];
}

/** Who reaches whom, between owners of workloads and outside addresses. */
export class Connectivity {
  /** Sorted. */
  readonly owners: readonly string[];
  readonly reaches: Reaches;
  readonly #state: State;
  readonly #classes: ClassJudge;
  readonly #owners: readonly Owner[];
  /** By owner, for those whose workloads are alike and no nodes: their class over each family; `NONE`: not used, or not so simple. */
  readonly #simple: Readonly<Record<4 | 6, Int32Array>>;
  /** The classes of `#simple`, numbered in the order of the owners. */
  readonly #numbers: Readonly<Record<4 | 6, Numbers>>;
  readonly #haveAll4: boolean;
  readonly #matrices: { 4?: ClassReaches; 6?: ClassReaches } = {};

  readonly #outsideByPart: { 4?: Int32Array; 6?: Int32Array } = {};

  constructor(state: State, classes: ClassJudge) {
    this.#state = state;
    this.#classes = classes;
    this.reaches = state.known.reaches;
    this.#owners = this.#readOwners();
    this.#simple = {
      4: Int32Array.from(this.#owners, (owner) => simpleClass(owner, 4)),
      6: Int32Array.from(this.#owners, (owner) => simpleClass(owner, 6)),
    };
    this.#numbers = { 4: numbered(this.#simple[4]), 6: numbered(this.#simple[6]) };
    this.#haveAll4 = this.#simple[4].every((one) => one !== NONE);
    this.owners = this.#owners.map(({ name }) => name);
  }

  /** What an owner reaches, by place of the other in `owners`; nothing for itself. Written into `into` if given. */
  rowOf(source: number, into: Int32Array = new Int32Array(this.owners.length)): Int32Array {
    const { nothing } = this.reaches;
    const [places4, places6] = [this.#numbers[4].places, this.#numbers[6].places];
    const row4 = this.#rowOver(4, source);
    // Without networks in any policy the families cannot differ, so the second is asked only where the first is not shared.
    const isAskedTwice = this.#state.space !== undefined;
    const row6 = isAskedTwice || !row4 || !this.#haveAll4 ? this.#rowOver(6, source) : undefined;
    for (let place = 0; place < into.length; place++) {
      const to4 = row4 ? (places4[place] ?? NONE) : NONE;
      const to6 = row6 ? (places6[place] ?? NONE) : NONE;
      // What is not simple, or shares no family, is asked for one by one.
      if (to4 === NONE && to6 === NONE) into[place] = this.between(source, place);
      else {
        const over4 = to4 === NONE ? nothing : (row4?.[to4] ?? nothing);
        const isMore = to6 !== NONE && (isAskedTwice || to4 === NONE);
        into[place] = isMore ? this.reaches.either(over4, row6?.[to6] ?? nothing) : over4;
      }
    }
    into[source] = nothing;
    return into;
  }

  #rowOver(family: 4 | 6, source: number): Int32Array | undefined {
    const { places, classes } = this.#numbers[family];
    const number = places[source] ?? NONE;
    if (number === NONE) return undefined;
    const matrix = (this.#matrices[family] ??= new ClassReaches(classes, {
      classes: this.#classes,
      reaches: this.reaches,
      lastClass: this.#state.known.ends.all.length - 1,
    }));
    return matrix.rowOf(number);
  }

  /** The whole family as one range that nothing reaches. */
  wholeFamily(family: 4 | 6): OutsideRange {
    const first = family === 4 ? 0 : 0n;
    return { family, first, last: lastOf(family), reach: this.reaches.nothing };
  }

  /**
   * Stands for all that decides what the owner reaches and who reaches it; for engines that came from each other by edits. Undefined where
   * the owner's workloads are not alike.
   */
  signatureOf(owner: number): string | undefined {
    const classes = FAMILIES.map((family) => this.#simple[family][owner] ?? NONE);
    if (classes.every((one) => one === NONE)) return undefined;
    const texts = classes.map((one) =>
      one === NONE
        ? ''
        : `${one} ${this.#classes.programOf('egress', one)} ${this.#classes.programOf('ingress', one)}`,
    );
    return texts.join();
  }

  /** Outside addresses in the fewest ranges that behave alike, all of the family, those that reach nothing too. */
  rangesOf(owner: number, family: 4 | 6, way: Way): OutsideRange[] {
    const { space, directory } = this.#state;
    const replicas = this.#owners[owner]?.replicas ?? [];
    const table = space?.[family];
    const starts = table?.starts ?? [family === 4 ? 0 : 0n];
    const simple = this.#simple[family][owner] ?? NONE;
    const reachAt = (index: number, first: AddressNumber): ReachId =>
      simple === NONE
        ? this.#outsideReach(replicas, directory.outside(first), way)
        : this.#simpleReach(simple, this.#outsideClasses(family)[index] ?? NONE, way);
    const known = new Map<number, ReachId>();
    const ranges: { family: 4 | 6; first: AddressNumber; last: AddressNumber; reach: ReachId }[] =
      [];
    for (const [index, first] of starts.entries()) {
      const zone = table?.zones[index]?.id ?? NONE;
      let reach = known.get(zone);
      if (reach === undefined) {
        reach = reachAt(index, first);
        known.set(zone, reach);
      }
      const next = starts[index + 1];
      const last = next === undefined ? lastOf(family) : before(next);
      const previous = ranges.at(-1);
      if (previous?.reach === reach) previous.last = last;
      else ranges.push({ family, first, last, reach });
    }
    return ranges;
  }

  #simpleReach(own: number, outside: number, way: Way): ReachId {
    const [from, to] = way === 'from' ? [own, outside] : [outside, own];
    return this.reaches.both(
      this.reaches.ofFunction(this.#classes.functionOf('egress', from, to)),
      this.reaches.ofFunction(this.#classes.functionOf('ingress', to, from)),
    );
  }

  /** Classes of outside ends by part of the zone table, over the family's own addresses. */
  #outsideClasses(family: 4 | 6): Int32Array {
    const known = this.#outsideByPart[family];
    if (known) return known;
    const { space, directory } = this.#state;
    const starts = space?.[family].starts ?? [family === 4 ? 0 : 0n];
    const classes = Int32Array.from(starts, (first) =>
      this.#classes.classOf(directory.outside(first), family),
    );
    this.#outsideByPart[family] = classes;
    return classes;
  }

  /** Sorted by `src`, then `dst`. */
  *rows({ families = FAMILIES }: ConnectivityOptions = {}): Generator<ConnectivityRow> {
    const outside = this.#rowsFromOutside(families);
    const sources = [...outside.keys()].toSorted(compare);
    let place = 0;
    const buffer = new Int32Array(this.owners.length);
    for (const [index, src] of this.owners.entries()) {
      for (; place < sources.length && compare(sources[place] ?? '', src) < 0; place++)
        yield* outside.get(sources[place] ?? '') ?? [];
      yield* this.#rowsFrom(index, src, families, buffer);
    }
    for (; place < sources.length; place++) yield* outside.get(sources[place] ?? '') ?? [];
  }

  *#rowsFrom(
    index: number,
    src: string,
    families: readonly (4 | 6)[],
    buffer: Int32Array,
  ): Generator<ConnectivityRow> {
    const ranges = families
      .flatMap((family) => this.rangesOf(index, family, 'from'))
      .map((range) => ({ dst: rangeText(range), reach: range.reach }))
      .toSorted((a, b) => compare(a.dst, b.dst));
    const row = this.rowOf(index, buffer);
    let place = 0;
    for (const [at, dst] of this.owners.entries()) {
      for (let range = ranges[place]; range && range.dst < dst; range = ranges[++place])
        yield* this.#row(src, range.dst, range.reach);
      const reach = row[at] ?? this.reaches.nothing;
      if (reach !== this.reaches.nothing) yield* this.#row(src, dst, reach);
    }
    for (const { dst, reach } of ranges.slice(place)) yield* this.#row(src, dst, reach);
  }

  #rowsFromOutside(families: readonly (4 | 6)[]): Map<string, ConnectivityRow[]> {
    const rows = new Map<string, ConnectivityRow[]>();
    for (const [index, dst] of this.owners.entries())
      for (const family of families)
        for (const range of this.rangesOf(index, family, 'to')) {
          const src = rangeText(range);
          const found = this.#row(src, dst, range.reach);
          if (found.length > 0) rows.set(src, [...(rows.get(src) ?? []), ...found]);
        }
    return rows;
  }

  #row(src: string, dst: string, id: ReachId): ConnectivityRow[] {
    if (id === this.reaches.nothing) return [];
    const { connections, unknown } = this.reaches.describe(id);
    return [unknown ? { src, dst, connections, unknown } : { src, dst, connections }];
  }

  /** What one owner reaches of another. */
  between(source: number, destination: number): ReachId {
    const from = this.#owners[source];
    const to = this.#owners[destination];
    if (!from || !to || source === destination) return this.reaches.nothing;
    return this.#reachOf(from.replicas, to.replicas);
  }

  #outsideReach(replicas: readonly Replica[], end: EndId, way: Way): ReachId {
    const outside = [this.#replicaOf([end])];
    return way === 'from' ? this.#reachOf(replicas, outside) : this.#reachOf(outside, replicas);
  }

  /** What one replica or another may open to one replica or another, over one family or the other. */
  #reachOf(sources: readonly Replica[], destinations: readonly Replica[]): ReachId {
    let reach = this.reaches.nothing;
    for (const source of sources)
      for (const destination of destinations) {
        const shared = source.families & destination.families || destination.families;
        for (const family of FAMILIES)
          if ((shared & (family === 4 ? 1 : 2)) !== 0)
            reach = this.reaches.either(reach, this.#reachOver(family, source, destination));
      }
    return reach;
  }

  #reachOver(family: 4 | 6, source: Replica, destination: Replica): ReachId {
    const from = this.#classOf(source, family);
    const to = this.#classOf(destination, family);
    const reachOf = (direction: 'egress' | 'ingress', relation: NodeRelation): ReachId => {
      const [own, peer] = direction === 'egress' ? [from, to] : [to, from];
      return this.reaches.ofFunction(
        this.#classes.relatedFunctionOf(direction, own, peer, relation),
      );
    };
    let reach = this.reaches.nothing;
    for (const [out, into] of this.#relations(source, destination))
      reach = this.reaches.either(
        reach,
        this.reaches.both(reachOf('egress', out), reachOf('ingress', into)),
      );
    return reach;
  }

  /** How the ends of two replicas may be related: for each direction whether the other is the own end's node. */
  #relations(source: Replica, destination: Replica): (readonly [NodeRelation, NodeRelation])[] {
    const found = new Map<number, readonly [NodeRelation, NodeRelation]>();
    const { flags } = this.#state.population.ends;
    const isNode = [source, destination].map(({ end }) => (flags.values[end] ?? 0) & IS_NODE);
    // Between two pods, or two nodes, all ends of a replica are alike.
    const isAlike = (isNode[0] !== 0) === (isNode[1] !== 0);
    for (const from of isAlike ? [source.end] : source.ends)
      for (const to of isAlike ? [destination.end] : destination.ends) {
        const out = this.#classes.relationOf(from, to);
        const into = this.#classes.relationOf(to, from);
        found.set(out * 3 + into, [out, into]);
      }
    return [...found.values()];
  }

  #classOf({ end, classes }: Replica, family: 4 | 6): number {
    const known = classes[family];
    return known === NONE ? this.#classes.classOf(end, family) : known;
  }

  #readOwners(): Owner[] {
    const ends = new Map<string, EndId[]>();
    for (const [id, { owner }] of this.#state.population.inventory.workloads.entries()) {
      const list = ends.get(owner);
      if (list) list.push(id);
      else ends.set(owner, [id]);
    }
    return [...ends]
      .map(([name, all]) => this.#ownerOf(name, all))
      .toSorted((a, b) => compare(a.name, b.name));
  }

  #ownerOf(name: string, all: readonly EndId[]): Owner {
    const { flags, families, labels } = this.#state.population.ends;
    const alike = new Map<string, EndId[]>();
    for (const end of all) {
      const { classes } = this.#replicaOf([end]);
      const key = [labels.values[end], families.values[end], classes[4], classes[6]].join();
      const list = alike.get(key);
      if (list) list.push(end);
      else alike.set(key, [end]);
    }
    const replicas = [...alike.values()].map((list) => this.#replicaOf(list));
    const isSimple = replicas.length === 1 && ((flags.values[all[0] ?? NONE] ?? 0) & IS_NODE) === 0;
    return { name, replicas, isSimple };
  }

  #replicaOf(ends: readonly EndId[]): Replica {
    const [end = NONE] = ends;
    const families = this.#state.population.ends.families.values[end] ?? 0;
    const classes = {
      4: (families & 1) === 0 ? NONE : this.#classes.classOf(end, 4),
      6: (families & 2) === 0 ? NONE : this.#classes.classOf(end, 6),
    };
    return { end, families, classes, ends };
  }
}

function simpleClass({ isSimple, replicas: [only] }: Owner, family: 4 | 6): number {
  return isSimple && only ? only.classes[family] : NONE;
}

function numbered(classes: Int32Array): Numbers {
  const numbers = new Map<number, number>();
  const places = classes.map((one) => {
    if (one === NONE) return NONE;
    const number = numbers.get(one) ?? numbers.size;
    numbers.set(one, number);
    return number;
  });
  return { places, classes: [...numbers.keys()] };
}

function lastOf(family: 4 | 6): AddressNumber {
  return family === 4 ? 2 ** 32 - 1 : (1n << 128n) - 1n;
}

export function rangeText({ family, first, last }: OutsideRange): string {
  return `${addressText({ family, value: BigInt(first) })}-${addressText({ family, value: BigInt(last) })}`;
}

export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
