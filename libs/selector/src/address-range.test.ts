import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { outsideOf, overlap, type AddressRange } from './index.ts';

const range = (first: number, last: number, family: 4 | 6 = 4): AddressRange => ({
  family,
  first: BigInt(first),
  last: BigInt(last),
});
const anyRange = fc
  .tuple(fc.nat(40), fc.nat(10), fc.constantFrom(4 as const, 6 as const))
  .map(([first, size, family]) => range(first, first + size, family));
const has = ({ first, last, family }: AddressRange, address: number, of: 4 | 6): boolean =>
  family === of && first <= BigInt(address) && BigInt(address) <= last;

describe('outsideOf', () => {
  it.each<[string, AddressRange[], AddressRange[]]>([
    ['nothing', [], [range(10, 20)]],
    ['what lies elsewhere', [range(0, 9), range(21, 30)], [range(10, 20)]],
    ['another family', [range(0, 30, 6)], [range(10, 20)]],
    ['all of it', [range(10, 20)], []],
    ['all of it in two parts', [range(16, 30), range(0, 15)], []],
    ['its middle', [range(12, 14)], [range(10, 11), range(15, 20)]],
    ['its ends', [range(0, 11), range(19, 40)], [range(12, 18)]],
  ])('leaves of a range without %s', (_, blocks, left) => {
    expect(outsideOf(range(10, 20), blocks)).toEqual(left);
  });

  it('keeps just the addresses that no block has, in order', () => {
    fc.assert(
      fc.property(anyRange, fc.array(anyRange, { maxLength: 5 }), (whole, blocks) => {
        const left = outsideOf(whole, blocks);

        for (const family of [4, 6] as const)
          for (let address = 0; address <= 55; address++)
            expect(left.some((part) => has(part, address, family))).toBe(
              has(whole, address, family) && !blocks.some((block) => has(block, address, family)),
            );
        expect(left).toEqual(left.toSorted((a, b) => Number(a.first - b.first)));
      }),
    );
  });
});

describe('overlap', () => {
  it('is true exactly where two ranges share an address', () => {
    fc.assert(
      fc.property(anyRange, anyRange, (a, b) => {
        const shared = Array.from({ length: 56 }, (_, address) => address).some(
          (address) => has(a, address, a.family) && has(b, address, a.family),
        );

        expect(overlap(a, b)).toBe(shared);
      }),
    );
  });
});
