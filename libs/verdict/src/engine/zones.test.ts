import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { isInSet, NetworkSets, type NetworkSet } from './network-sets.ts';
import { zoneAt, zoneHolds, Zones } from './zones.ts';

/** Blocks in which small numbers lie inside and outside. */
const cidr = fc
  .tuple(fc.nat({ max: 63 }), fc.integer({ min: 24, max: 32 }))
  .map(([last, prefix]) => `0.0.0.${last}/${prefix}`);
const networks = fc
  .array(cidr, { minLength: 1, maxLength: 2 })
  .map((all) => all.map((one) => ({ cidr: one })));
const addresses = Array.from({ length: 70 }, (_, index) => index);

function treatment(sets: readonly NetworkSet[], address: number): string {
  return sets.map((set) => (isInSet(set, address) ? '+' : '-')).join('');
}

describe('zones', () => {
  it('hold together exactly the addresses that all networks treat alike', () => {
    fc.assert(
      fc.property(fc.array(networks, { maxLength: 4 }), (lists) => {
        const sets = lists.map((list) => new NetworkSets().setOf(list));

        const table = new Zones().tableOf(4, sets);

        const byZone = Map.groupBy(addresses, (address) => zoneAt(table, address).id);
        const byTreatment = Map.groupBy(addresses, (address) => treatment(sets, address));
        expect([...byZone.values()]).toEqual([...byTreatment.values()]);
      }),
    );
  });

  it('still do when networks come later, and zones of the table before stay what they were', () => {
    fc.assert(
      fc.property(fc.array(networks, { maxLength: 3 }), networks, (lists, added) => {
        const known = new NetworkSets();
        const early = lists.map((list) => known.setOf(list));
        known.close();
        const late = known.setOf(added);
        late.isUsual ??= false;
        const zones = new Zones();
        const before = zones.tableOf(4, early);
        const zonesBefore = addresses.map((address) => zoneAt(before, address));

        const after = zones.withSet(before, 4, late);

        for (const address of addresses) {
          const zone = zoneAt(after, address);
          for (const set of [...early, late])
            expect(zoneHolds(set, zone)).toBe(isInSet(set, address));
        }
        expect(addresses.map((address) => zoneAt(before, address))).toEqual(zonesBefore);
      }),
    );
  });
});
