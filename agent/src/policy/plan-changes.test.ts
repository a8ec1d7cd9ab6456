import { describe, expect, it } from '@jest/globals';
import type { Manifest } from '@picket/compiler';
import * as fc from 'fast-check';

import { networkPolicy } from './a-set.fake.ts';
import type { DesiredObject } from './desired.ts';
import { type Applied, effectRank, type LiveState, planChanges } from './plan-changes.ts';

type Spec = Manifest['spec'];

function object(key: string, spec: Spec = {}, more: Partial<Manifest> = {}): DesiredObject {
  const manifest = networkPolicy(key, { spec, ...more });
  return { key, manifest, adoption: 'Never', fingerprint: JSON.stringify(spec) };
}
const cluster = (key: string, spec: Spec): DesiredObject =>
  object(key, spec, { kind: 'ClusterNetworkPolicy' });
const live = (fingerprint: string, rank = 2): LiveState => ({ fingerprint, rank });
const none = new Map<string, never>();

describe('planChanges', () => {
  it('applies what is missing, and leaves alone what is in place', () => {
    const plan = planChanges({
      desired: [object('new'), object('old')],
      live: new Map([['old', live('look')]]),
      owned: new Set(['old']),
      applied: new Map([['old', { desired: '{}', live: 'look' }]]),
    });

    expect(plan).toMatchObject({ applies: [{ key: 'new' }], prunes: [] });
  });

  it.each([
    [
      'looks otherwise than right after it was applied',
      live('edited'),
      { desired: '{}', live: 'look' },
    ],
    ['shall be otherwise', live('look'), { desired: 'before', live: 'look' }],
    ['was applied by an earlier run', live('look'), undefined],
    ['was deleted by hand', undefined, { desired: '{}', live: 'look' }],
  ])('applies what %s', (_what, state, before) => {
    const plan = planChanges({
      desired: [object('it')],
      live: new Map(state && [['it', state]]),
      owned: new Set(['it']),
      applied: new Map(before && [['it', before]]),
    });

    expect(plan.applies.map(({ key }) => key)).toEqual(['it']);
  });

  it('prunes only what is in the inventory', () => {
    const plan = planChanges({
      desired: [],
      live: new Map([
        ['ours', live('x')],
        ['with our marks, but not ours', live('x')],
      ]),
      owned: new Set(['ours', 'gone long ago']),
      applied: none,
    });

    expect(plan).toEqual({ applies: [], prunes: ['ours'] });
  });

  it('writes what opens before what closes, and prunes the other way round', () => {
    const deny = cluster('deny', { egress: [{ action: 'Deny' }] });
    const pass = cluster('pass', { ingress: [{ action: 'Accept' }] });
    const isolate = object('isolate', { podSelector: {} });
    const allow = object('allow', { ingress: [{}] });
    const tier = object('tier', {}, { kind: 'Tier' });
    const all = [deny, isolate, pass, allow, tier];

    const { applies } = planChanges({ desired: all, live: none, owned: new Set(), applied: none });
    const { prunes } = planChanges({
      desired: [],
      live: new Map(all.map(({ key, manifest }) => [key, live('x', effectRank(manifest))])),
      owned: new Set(all.map(({ key }) => key)),
      applied: none,
    });

    const order = ['tier', 'pass', 'allow', 'isolate', 'deny'];
    expect(applies.map(({ key }) => key)).toEqual(order);
    expect(prunes).toEqual(order.toReversed());
  });

  it('plans nothing the second time', () => {
    const keys = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e', 'f'));
    fc.assert(
      fc.property(keys, keys, keys, (wanted, there, owned) => {
        const desired = wanted.map((key) => object(key));
        const lives = new Map(there.map((key) => [key, live('before')]));
        const applied = new Map<string, Applied>();

        const { applies, prunes } = planChanges({
          desired,
          live: lives,
          owned: new Set(owned),
          applied,
        });
        for (const { key, fingerprint } of applies) {
          lives.set(key, live('after'));
          applied.set(key, { desired: fingerprint, live: 'after' });
        }
        for (const key of prunes) lives.delete(key);

        const again = planChanges({ desired, live: lives, owned: new Set(owned), applied });
        expect(again).toEqual({ applies: [], prunes: [] });
        expect(prunes.every((key) => owned.includes(key) && !wanted.includes(key))).toBe(true);
      }),
    );
  });

  it('never writes an object that closes before one that opens', () => {
    const spec = fc.constantFrom<Spec>(
      {},
      { ingress: [] },
      { ingress: [{}] },
      { egress: [{ action: 'Deny' }] },
      { egressDeny: [{}] },
      { ingress: [{ action: 'Accept' }] },
    );
    const kind = fc.constantFrom('NetworkPolicy', 'ClusterNetworkPolicy', 'Tier');
    fc.assert(
      fc.property(fc.array(fc.tuple(spec, kind)), (some) => {
        const desired = some.map(([one, name], index) => object(`${index}`, one, { kind: name }));

        const { applies } = planChanges({ desired, live: none, owned: new Set(), applied: none });

        const ranks = applies.map(({ manifest }) => effectRank(manifest));
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
        expect(applies).toHaveLength(desired.length);
      }),
    );
  });
});

describe('effectRank', () => {
  it.each([
    ['a Calico policy that denies', 'GlobalNetworkPolicy', { ingress: [{ action: 'Deny' }] }, 4],
    ['a Cilium policy that denies', 'CiliumNetworkPolicy', { egressDeny: [{}] }, 4],
    ['a policy whose rules are empty', 'NetworkPolicy', { ingress: [], egress: [] }, 3],
    ['a policy without a spec', 'NetworkPolicy', undefined, 3],
  ])('of %s', (_what, kind, spec, rank) => {
    expect(effectRank({ kind, spec })).toBe(rank);
  });
});
