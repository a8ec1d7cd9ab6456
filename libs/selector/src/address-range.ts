import type { Cidr } from './cidr.ts';

/** Addresses from `first` to `last`, both included, as numbers. Every {@link Cidr} is one. */
export type AddressRange = Pick<Cidr, 'family' | 'first' | 'last'>;

/** What of the range is in none of the blocks, in rising order. */
export function outsideOf(range: AddressRange, blocks: readonly AddressRange[]): AddressRange[] {
  let left: AddressRange[] = [range];
  for (const block of blocks) left = left.flatMap((part) => without(part, block));
  return left;
}

/** Whether the two share an address. */
export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

function without(range: AddressRange, block: AddressRange): AddressRange[] {
  if (!overlap(range, block)) return [range];
  const { family, first, last } = range;
  return [
    ...(first < block.first ? [{ family, first, last: block.first - 1n }] : []),
    ...(block.last < last ? [{ family, first: block.last + 1n, last }] : []),
  ];
}
