import { describe, expect, it } from '@jest/globals';

import { networkPolicy, policySet, template } from './a-set.fake.ts';
import { inForce } from './in-force.ts';

const lasting = template(networkPolicy('lasting'));
const until = (name: string, expiresAt: number) => ({
  ...template(networkPolicy(name)),
  expiresAt,
});
const soon = until('soon', 1_000);
const later = until('later', 1_010);
const names = (templates: readonly { manifest: { metadata: { name: string } } }[]): string[] =>
  templates.map(({ manifest }) => manifest.metadata.name);

describe('inForce', () => {
  it.each([
    [999_000, ['soon', 'lasting', 'later'], [], 1_000],
    [999_999, ['soon', 'lasting', 'later'], [], 1],
    [1_000_000, ['lasting', 'later'], ['soon'], 10_000],
    [1_010_000, ['lasting'], ['soon', 'later'], 30_000],
    [900_000, ['soon', 'lasting', 'later'], [], 30_000],
  ])('at %d leaves %j, has ended %j, looks again after %d', (nowMs, left, over, lookAgainMs) => {
    const found = inForce(policySet([], [soon, lasting, later]), nowMs);

    expect([names(found.set.templates), names(found.ended), found.lookAgainMs]).toEqual([
      left,
      over,
      lookAgainMs,
    ]);
  });

  it('is the set itself where nothing ends', () => {
    const set = policySet([], [lasting]);

    expect(inForce(set, 1)).toEqual({ set, ended: [], lookAgainMs: undefined });
    expect(inForce(set, 1).set).toBe(set);
  });
});
