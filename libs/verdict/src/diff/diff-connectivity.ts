import { after as addressAfter } from '../engine/zones.ts';
import {
  compare,
  rangeText,
  type Connectivity,
  type OutsideRange,
  type Way,
} from '../engine/connectivity.ts';
import { FAMILIES } from '../engine/ends.ts';
import type { Engine } from '../engine/engine.ts';
import type { Reach, ReachId } from '../engine/reaches.ts';
import type { ConnectivityOptions } from '../model/evaluator.ts';

/** One pair whose connections are not what they were. `before` is absent for what was added, `after` for what was removed. */
export interface ConnectivityChange {
  readonly src: string;
  readonly dst: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before?: Reach;
  readonly after?: Reach;
}

/**
 * Everything that one engine's cluster allows and the other's does not, sorted by `src`, then `dst`. Peers as in `connectivity`; outside
 * addresses in the fewest ranges that change alike. A peer that only one of the clusters has can do nothing in the other.
 *
 * Between an engine and one that `recompile` made of it, costs what the edit touched times the owners; else all pairs of both.
 */
export function diffConnectivity(
  before: Engine,
  after: Engine,
  options: ConnectivityOptions = {},
): Iterable<ConnectivityChange> {
  return new Comparison(before.reaches, after.reaches, options).changes();
}

class Comparison {
  readonly #before: Connectivity;
  readonly #after: Connectivity;
  readonly #families: readonly (4 | 6)[];
  /** Of both, sorted. */
  readonly #owners: readonly string[];
  readonly #places: readonly (readonly [before: number, after: number])[];
  /** Places in `#owners` that the edit has touched; all, unless one engine came from the other. */
  readonly #touched: readonly number[];
  readonly #isTouched: Uint8Array;
  /** Ids of the reaches after, as those before. */
  readonly #adopted: ReachId[] = [];

  constructor(
    before: Connectivity,
    after: Connectivity,
    { families = FAMILIES }: ConnectivityOptions,
  ) {
    this.#before = before;
    this.#after = after;
    this.#families = families;
    const places = new Map<string, [number, number]>();
    for (const [place, name] of before.owners.entries()) places.set(name, [place, MISSING]);
    for (const [place, name] of after.owners.entries())
      places.set(name, [places.get(name)?.[0] ?? MISSING, place]);
    this.#owners = [...places.keys()].toSorted(compare);
    this.#places = this.#owners.map((name) => places.get(name) ?? [MISSING, MISSING]);
    this.#touched = [...this.#owners.keys()].filter((owner) => this.#differs(owner));
    this.#isTouched = new Uint8Array(this.#owners.length);
    for (const owner of this.#touched) this.#isTouched[owner] = 1;
  }

  *changes(): Generator<ConnectivityChange> {
    const outside = this.#fromOutside();
    let place = 0;
    for (const [source, src] of this.#owners.entries()) {
      for (let row = outside[place]; row && row.src < src; row = outside[++place]) yield row;
      yield* this.#from(source, src).toSorted((a, b) => compare(a.dst, b.dst));
    }
    yield* outside.slice(place);
  }

  #from(source: number, src: string): ConnectivityChange[] {
    const isTouched = this.#isTouched[source] === 1;
    const changes = isTouched ? this.#toOutside(source, src) : [];
    const [fromBefore, fromAfter] = this.#places[source] ?? NOWHERE;
    const rowBefore = isTouched ? rowIn(this.#before, fromBefore) : undefined;
    const rowAfter = isTouched ? rowIn(this.#after, fromAfter) : undefined;
    const { nothing } = this.#before.reaches;
    for (const destination of isTouched ? this.#owners.keys() : this.#touched) {
      const [toBefore, toAfter] = this.#places[destination] ?? NOWHERE;
      const was = rowBefore
        ? (rowBefore[toBefore] ?? nothing)
        : reachIn(this.#before, fromBefore, toBefore);
      const is = rowAfter
        ? (rowAfter[toAfter] ?? this.#after.reaches.nothing)
        : reachIn(this.#after, fromAfter, toAfter);
      const adopted = this.#adopt(is);
      if (was !== adopted)
        changes.push(this.#change(src, this.#owners[destination] ?? '', was, adopted));
    }
    return changes;
  }

  #toOutside(source: number, src: string): ConnectivityChange[] {
    return this.#changedRanges(source, 'from').map(({ range, reach, was }) =>
      this.#change(src, range, was, reach),
    );
  }

  #fromOutside(): ConnectivityChange[] {
    return this.#touched
      .flatMap((destination) =>
        this.#changedRanges(destination, 'to').map(({ range, reach, was }) =>
          this.#change(range, this.#owners[destination] ?? '', was, reach),
        ),
      )
      .toSorted((a, b) => compare(a.src, b.src) || compare(a.dst, b.dst));
  }

  /** Ranges in which the reach before and the reach after are the same throughout, and differ. */
  #changedRanges(owner: number, way: Way): { range: string; was: ReachId; reach: ReachId }[] {
    const [before, after] = this.#places[owner] ?? NOWHERE;
    return this.#families.flatMap((family) =>
      overlay(
        rangesIn(this.#before, before, family, way),
        rangesIn(this.#after, after, family, way).map((range) => ({
          ...range,
          reach: this.#adopt(range.reach),
        })),
      )
        .filter(({ was, reach }) => was !== reach)
        .map(({ was, ...range }) => ({ range: rangeText(range), was, reach: range.reach })),
    );
  }

  #change(src: string, dst: string, was: ReachId, is: ReachId): ConnectivityChange {
    const { reaches } = this.#before;
    if (was === reaches.nothing) return { src, dst, change: 'added', after: reaches.describe(is) };
    if (is === reaches.nothing)
      return { src, dst, change: 'removed', before: reaches.describe(was) };
    const [before, after] = [reaches.describe(was), reaches.describe(is)];
    return { src, dst, change: 'changed', before, after };
  }

  #adopt(reach: ReachId): ReachId {
    return (this.#adopted[reach] ??= this.#before.reaches.adopt(this.#after.reaches, reach));
  }

  #differs(owner: number): boolean {
    if (this.#before.reaches !== this.#after.reaches) return true;
    const [before, after] = this.#places[owner] ?? NOWHERE;
    if (before === MISSING || after === MISSING) return true;
    const signature = this.#before.signatureOf(before);
    return signature === undefined || signature !== this.#after.signatureOf(after);
  }
}

const MISSING = -1;
const NOWHERE = [MISSING, MISSING] as const;

/** Empty for an owner that is not there. */
function rowIn(of: Connectivity, source: number): Int32Array {
  return source === MISSING ? new Int32Array(0) : of.rowOf(source);
}

function reachIn(of: Connectivity, source: number, destination: number): ReachId {
  const isThere = source !== MISSING && destination !== MISSING;
  return isThere ? of.between(source, destination) : of.reaches.nothing;
}

function rangesIn(of: Connectivity, owner: number, family: 4 | 6, way: Way): OutsideRange[] {
  if (owner !== MISSING) return of.rangesOf(owner, family, way);
  return [of.wholeFamily(family)];
}

/** The ranges of both, cut where either changes and merged where neither does. Both cover the family. */
function overlay(
  before: readonly OutsideRange[],
  after: readonly OutsideRange[],
): (OutsideRange & { readonly was: ReachId })[] {
  const parts: (OutsideRange & { readonly was: ReachId })[] = [];
  let place = 0;
  for (const range of after) {
    let first = range.first;
    for (let was = before[place]; was && was.first <= range.last; was = before[++place]) {
      const last = was.last < range.last ? was.last : range.last;
      const part = { family: range.family, first, last, reach: range.reach, was: was.reach };
      const previous = parts.at(-1);
      if (previous && previous.reach === part.reach && previous.was === part.was)
        parts[parts.length - 1] = { ...previous, last };
      else parts.push(part);
      if (was.last > range.last) break;
      first = addressAfter(last);
    }
  }
  return parts;
}
