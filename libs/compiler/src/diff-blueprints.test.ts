import { describe, expect, it } from '@jest/globals';
import type { Blueprint } from '@picket/policy';
import * as fc from 'fast-check';

import { diffBlueprints } from './index.ts';

const name = fc.constantFrom('a', 'b', 'c');
const spec = fc.dictionary(fc.constantFrom('tier', 'priority'), fc.nat(2), { maxKeys: 2 });
const manifest = fc.record({
  apiVersion: fc.constantFrom('networking.k8s.io/v1', 'projectcalico.org/v3'),
  kind: fc.constant('NetworkPolicy'),
  metadata: fc.record({ name, namespace: name }, { requiredKeys: ['name'] }),
  spec,
});
const blueprint = fc.record(
  {
    description: name,
    onLoss: fc.constantFrom('Block', 'Report'),
    adoption: fc.constantFrom('Always', 'Never'),
    parameters: fc.uniqueArray(fc.record({ name, type: fc.constantFrom('string', 'number') }), {
      selector: (one) => one.name,
    }),
    includes: fc.array(fc.record({ blueprint: name, version: fc.integer({ min: 1, max: 2 }) }), {
      maxLength: 4,
    }),
    clusterPolicies: fc.uniqueArray(fc.record({ name, spec }), { selector: (one) => one.name }),
    namespacePolicies: fc.uniqueArray(fc.record({ name, spec, namespaceSelector: spec }), {
      selector: (one) => one.name,
    }),
    manifests: fc.array(fc.record({ manifest }), { maxLength: 4 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Blueprint>;

function reversed<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.toReversed().map(reversed) as Value;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  ) as Value;
}

describe('diffBlueprints', () => {
  it('names what was added, removed and changed, in order', () => {
    const before: Blueprint = {
      onLoss: 'Block',
      clusterPolicies: [
        { name: 'deny', spec: { priority: 1 } },
        { name: 'dns', spec: {} },
      ],
    };
    const after: Blueprint = {
      onLoss: 'Report',
      clusterPolicies: [
        { name: 'dns', spec: {} },
        { name: 'deny', spec: { priority: 2 } },
      ],
      manifests: [
        { manifest: { kind: 'Tier', metadata: { name: 'x' } } },
        { manifest: { kind: 'NetworkPolicy', metadata: { name: 'x', namespace: 'y' } } },
      ],
      parameters: [{ name: 'p', type: 'string' }],
    };

    expect(diffBlueprints(before, after).map(({ entry, change }) => `${change} ${entry}`)).toEqual([
      'changed clusterPolicies/deny',
      'added manifests/NetworkPolicy/y/x',
      'added manifests/Tier/x',
      'changed onLoss',
      'added parameters/p',
    ]);
    expect(diffBlueprints(before, {}).map(({ change, after: now }) => [change, now])).toEqual([
      ['removed', null],
      ['removed', null],
      ['removed', null],
    ]);
  });

  it('sees a change in each of two includes of one blueprint', () => {
    const twice = (p: string, q: string): Blueprint => ({
      includes: [p, q].map((value) => ({ blueprint: 'base', version: 1, parameters: { value } })),
    });

    expect(diffBlueprints(twice('a', 'b'), twice('c', 'b')).map(({ entry }) => entry)).toEqual([
      'includes/base',
      'includes/base#2',
    ]);
    expect(diffBlueprints(twice('a', 'b'), twice('b', 'a'))).toEqual([]);
  });

  it('sees a raw object of another API that has the same kind and name', () => {
    const raw = (...apis: string[]): Blueprint => ({
      manifests: apis.map((apiVersion) => ({
        manifest: { apiVersion, kind: 'NetworkPolicy', metadata: { name: 'a' } },
      })),
    });

    expect(diffBlueprints(raw('one'), raw('one', 'two'))).toHaveLength(1);
    expect(diffBlueprints(raw('one', 'two'), raw('two'))).not.toEqual([]);
  });

  it('finds no difference exactly between blueprints that say the same in any order', () => {
    fc.assert(
      fc.property(blueprint, (one) => {
        expect(diffBlueprints(one, reversed(one))).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(blueprint, blueprint, (a, b) => {
        const withoutEmpty = (one: Blueprint): string =>
          JSON.stringify(
            Object.entries(one)
              .filter(([, value]) => !Array.isArray(value) || value.length > 0)
              .map(([key, value]) => [
                key,
                Array.isArray(value) ? value.map((item) => sorted(item)).toSorted() : value,
              ])
              .map((member) => JSON.stringify(member))
              .toSorted(),
          );

        expect(diffBlueprints(a, b).length === 0).toBe(withoutEmpty(a) === withoutEmpty(b));
      }),
    );
  });

  it('says the opposite the other way round', () => {
    const opposite = { added: 'removed', removed: 'added', changed: 'changed' } as const;
    fc.assert(
      fc.property(blueprint, blueprint, (a, b) => {
        expect(diffBlueprints(b, a)).toEqual(
          diffBlueprints(a, b).map(({ entry, change, before, after }) => ({
            entry,
            change: opposite[change],
            before: after,
            after: before,
          })),
        );
      }),
    );
  });
});

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
