import { LAST_ADDRESS, parseCidr } from '@picket/selector';

import type { Network } from '../model/policy.ts';

/** Addresses of one family as numbers, both ends included. */
export type Interval = readonly [first: bigint, last: bigint];

/** What the networks hold of a family: sorted, merged; `except` is cut out of its own CIDR only. */
export function intervalsOf(networks: readonly Network[], family: 4 | 6): Interval[] {
  return merged(networks.flatMap((network) => intervalsOfOne(network, family)));
}

function intervalsOfOne({ cidr, except = [] }: Network, family: 4 | 6): Interval[] {
  const block = parseCidr(cidr);
  if (!block || block.family !== family) return [];
  return except.reduce<Interval[]>(
    (left, text) => {
      const hole = parseCidr(text);
      return hole?.family === family
        ? left.flatMap((interval) => without(interval, hole.first, hole.last))
        : left;
    },
    [[block.first, block.last]],
  );
}

function without([first, last]: Interval, holeFirst: bigint, holeLast: bigint): Interval[] {
  if (holeLast < first || last < holeFirst) return [[first, last]];
  const before: Interval[] = first < holeFirst ? [[first, holeFirst - 1n]] : [];
  const after: Interval[] = holeLast < last ? [[holeLast + 1n, last]] : [];
  return [...before, ...after];
}

function merged(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const [first, last] of intervals.toSorted((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const before = result.at(-1);
    if (before && first <= before[1] + 1n)
      result[result.length - 1] = [before[0], last > before[1] ? last : before[1]];
    else result.push([first, last]);
  }
  return result;
}

/** The family's whole space, cut at both ends of every interval. */
export function atomicIntervals(intervals: readonly Interval[], family: 4 | 6): Interval[] {
  const last = LAST_ADDRESS[family];
  const cuts = new Set([0n]);
  for (const [first, end] of intervals) {
    cuts.add(first);
    if (end < last) cuts.add(end + 1n);
  }
  const starts = [...cuts].toSorted((a, b) => (a < b ? -1 : 1));
  return starts.map((start, index) => [start, (starts[index + 1] ?? last + 1n) - 1n]);
}
