import { LAST_ADDRESS } from '@picket/selector';

import type { Network } from '../model/policy.ts';
import { intervalsOf } from '../reference/intervals.ts';
import type { AddressNumber } from './address-number.ts';

/** The addresses that one peer of a rule names, of both families. */
export interface NetworkSet {
  readonly id: number;
  readonly ranges: Readonly<Record<4 | 6, readonly AddressRange[]>>;
  /** Whether that is the whole family: then it holds for ends without a known address too. */
  readonly isWhole: Readonly<Record<4 | 6, boolean>>;
  /** Whether it came with an edit: then zones say themselves whether they lie inside. */
  readonly isLate: boolean;
  /** Of a late one: whether it holds the zones that say nothing about it. Set once. */
  isUsual?: boolean;
}

/** Both ends included; sorted and disjoint in a set. */
export type AddressRange = readonly [first: AddressNumber, last: AddressNumber];

/** The network sets of all policies, each stored once. */
export class NetworkSets {
  readonly all: NetworkSet[] = [];
  readonly #ids = new Map<string, NetworkSet>();
  #isLate = false;

  /** From now on, what is new came with an edit. */
  close(): void {
    this.#isLate = true;
  }

  setOf(networks: readonly Network[]): NetworkSet {
    const key = networks.map(({ cidr, except = [] }) => [cidr, ...except].join('!')).join(' ');
    const known = this.#ids.get(key);
    if (known) return known;
    const set = {
      id: this.all.length,
      ranges: { 4: rangesOf(networks, 4), 6: rangesOf(networks, 6) },
      isWhole: { 4: isWhole(networks, 4), 6: isWhole(networks, 6) },
      isLate: this.#isLate,
    };
    this.#ids.set(key, set);
    this.all.push(set);
    return set;
  }
}

function rangesOf(networks: readonly Network[], family: 4 | 6): AddressRange[] {
  return intervalsOf(networks, family).map(([first, last]) =>
    family === 4 ? [Number(first), Number(last)] : [first, last],
  );
}

function isWhole(networks: readonly Network[], family: 4 | 6): boolean {
  const [only] = intervalsOf(networks, family);
  return only?.[0] === 0n && only[1] === LAST_ADDRESS[family];
}

export function isInSet(set: NetworkSet, address: AddressNumber): boolean {
  const ranges = set.ranges[typeof address === 'number' ? 4 : 6];
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range && range[1] < address) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range[0] <= address;
}
