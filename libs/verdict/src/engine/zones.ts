import { familyOf, type AddressNumber } from './address-number.ts';
import { isInSet, type AddressRange, type NetworkSet } from './network-sets.ts';

/** Addresses of one family that all network sets treat alike. Not always one range. */
export interface Zone {
  readonly id: number;
  readonly family: 4 | 6;
  /** One of its addresses: for the sets that were there from the start. */
  readonly sample: AddressNumber;
  /** Ids of the sets that came later and treat it unlike most zones. */
  readonly late: ReadonlySet<number>;
}

/** The address space of one family, from each start to the next. */
export interface ZoneTable {
  readonly starts: readonly AddressNumber[];
  readonly zones: readonly Zone[];
}

/** All zones; only ever added to, so that tables from before an edit stay right. */
export class Zones {
  readonly #all: Zone[] = [];
  readonly #parts = new Map<string, Zone>();

  /** Cuts a family into the zones of these sets. */
  tableOf(family: 4 | 6, sets: readonly NetworkSet[]): ZoneTable {
    const starts = startsOf(family, sets);
    const marks = partition(starts, family, sets);
    const zones = new Map<number, Zone>();
    return {
      starts,
      zones: starts.map((sample, index) => {
        const mark = marks[index] ?? 0;
        const zone = zones.get(mark) ?? this.#add({ family, sample, late: new Set() });
        zones.set(mark, zone);
        return zone;
      }),
    };
  }

  /** The table after an edit has brought a set. */
  withSet(table: ZoneTable, family: 4 | 6, set: NetworkSet): ZoneTable {
    const edges = edgesOf(set.ranges[family], family);
    const starts = sortedUnique([...table.starts, ...edges]);
    return {
      starts,
      zones: starts.map((start) => {
        const zone = zoneAt(table, start);
        return isInSet(set, start) === set.isUsual ? zone : this.#partOf(zone, set);
      }),
    };
  }

  #partOf(zone: Zone, set: NetworkSet): Zone {
    if (zone.late.has(set.id)) return zone;
    const late = new Set([...zone.late, set.id]);
    const key = `${zone.id}/${set.id}`;
    const part = this.#parts.get(key) ?? this.#add({ ...zone, late });
    this.#parts.set(key, part);
    return part;
  }

  #add(zone: Omit<Zone, 'id'>): Zone {
    const added = { ...zone, id: this.#all.length };
    this.#all.push(added);
    return added;
  }
}

export function zoneHolds(set: NetworkSet, zone: Zone): boolean {
  return set.isLate ? zone.late.has(set.id) !== set.isUsual : isInSet(set, zone.sample);
}

export function zoneAt({ starts, zones }: ZoneTable, address: AddressNumber): Zone {
  const zone = zones[placeOf(starts, address)];
  if (!zone) throw new RangeError(`No zone for an address of family ${familyOf(address)}`);
  return zone;
}

/** Index of the last start that is not above the address. */
function placeOf(starts: readonly AddressNumber[], address: AddressNumber): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function startsOf(family: 4 | 6, sets: readonly NetworkSet[]): AddressNumber[] {
  return sortedUnique([
    family === 4 ? 0 : 0n,
    ...sets.flatMap((set) => edgesOf(set.ranges[family], family)),
  ]);
}

function edgesOf(ranges: readonly AddressRange[], family: 4 | 6): AddressNumber[] {
  return ranges.flatMap(([first, last]) => {
    const next = after(last);
    return isAddress(next, family) ? [first, next] : [first];
  });
}

export function after(address: AddressNumber): AddressNumber {
  return typeof address === 'number' ? address + 1 : address + 1n;
}

export function before(address: AddressNumber): AddressNumber {
  return typeof address === 'number' ? address - 1 : address - 1n;
}

function isAddress(value: AddressNumber, family: 4 | 6): boolean {
  return value < (family === 4 ? 2 ** 32 : 1n << 128n);
}

function sortedUnique(values: readonly AddressNumber[]): AddressNumber[] {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  return sorted.filter((value, index) => value !== sorted[index - 1]);
}

/**
 * Marks the parts so that two have the same mark exactly when every set holds both or neither.
 *
 * Each set splits off the smaller of its inside and its outside, so thousands of "all but these" cost no more than thousands of "these".
 */
function partition(
  starts: readonly AddressNumber[],
  family: 4 | 6,
  sets: readonly NetworkSet[],
): Int32Array {
  const marks = new Int32Array(starts.length);
  let next = 1;
  for (const set of sets) {
    const renamed = new Map<number, number>();
    for (const [first, last] of smallerSide(starts, set.ranges[family]))
      for (let part = first; part < last; part++) {
        const mark = marks[part] ?? 0;
        const name = renamed.get(mark) ?? next++;
        renamed.set(mark, name);
        marks[part] = name;
      }
  }
  return marks;
}

/** The parts inside of the ranges, or those outside, whichever are fewer, as index ranges without their ends. */
function smallerSide(
  starts: readonly AddressNumber[],
  ranges: readonly AddressRange[],
): (readonly [number, number])[] {
  const inside = ranges.map(
    ([first, last]) => [placeOf(starts, first), placeOf(starts, last) + 1] as const,
  );
  const size = inside.reduce((sum, [first, last]) => sum + last - first, 0);
  if (size * 2 <= starts.length) return inside;
  const outside: (readonly [number, number])[] = [];
  let from = 0;
  for (const [first, last] of inside) {
    if (from < first) outside.push([from, first]);
    from = last;
  }
  if (from < starts.length) outside.push([from, starts.length]);
  return outside;
}
