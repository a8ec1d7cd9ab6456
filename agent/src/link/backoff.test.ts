import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { backoffMs } from './backoff.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoffMs', () => {
  it('stays between nothing and a ceiling that doubles up to the cap', () => {
    fc.assert(
      fc.property(fc.nat(1_000), random, (attempt, chance) => {
        const waitMs = backoffMs(attempt, chance, 500, 60_000);

        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(Math.min(60_000, 500 * 2 ** attempt));
      }),
    );
  });

  it('spreads agents that lost their hub together over the whole wait', () => {
    expect([0, 0.25, 0.5, 0.99].map((chance) => backoffMs(10, chance))).toEqual([
      0, 15_000, 30_000, 59_400,
    ]);
  });
});
