import { describe, expect, it } from '@jest/globals';
import { sha256Hex } from '@picket/kernel';
import type { Blueprint, ParameterValues } from '@picket/policy';
import * as fc from 'fast-check';

import {
  compile,
  compileKey,
  originOf,
  type Binding,
  type BlueprintOrigin,
  type ServedKinds,
} from './index.ts';

const CNP = 'policy.networking.k8s.io/v1alpha2/ClusterNetworkPolicy';
const NP = 'networking.k8s.io/v1/NetworkPolicy';
const ALL: ServedKinds = {
  [CNP]: { enforced: true, fields: null },
  [NP]: { enforced: null, fields: null },
};

const clusterPolicy = (name: string, priority: number | string = 1, more: object = {}) => ({
  name,
  spec: { tier: 'Admin', priority, subject: { namespaces: {} } },
  ...more,
});
const template = (name: string, spec: Record<string, never> | { podSelector: object } = {}) =>
  ({
    name,
    namespaceSelector: { matchLabels: { tenant: 'a' } },
    spec,
  }) as NonNullable<Blueprint['namespacePolicies']>[number];
const manifest = (name: string, namespace: string, more: object = {}) => ({
  manifest: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, ...more },
    spec: { podSelector: {} },
  },
});
const binding = (
  assignment: string,
  document: Blueprint,
  more: Partial<Binding> = {},
): Binding => ({
  assignment,
  blueprint: `${assignment}-blueprint`,
  version: 1,
  document,
  includes: {},
  parameters: {},
  ...more,
});
const compiled = (bindings: readonly Binding[], capabilities = ALL) =>
  compile({ bindings, capabilities });
const blueprintOf = (
  annotations: Readonly<Record<string, string>>,
): BlueprintOrigin | undefined => {
  const origin = originOf(annotations);
  return origin && 'blueprint' in origin ? origin : undefined;
};
const problemsOf = (...bindings: Binding[]): string[] =>
  compiled(bindings).problems.map(({ path, code }) => `${path} ${code}`);

describe('compile', () => {
  it('gives a cluster without assignments the empty set', () => {
    const result = compiled([]);

    expect(result).toEqual({
      policySet: { format: 1, objects: [], templates: [] },
      text: '{"format":1,"objects":[],"templates":[]}',
      digest: sha256Hex('{"format":1,"objects":[],"templates":[]}'),
      losses: [],
      problems: [],
      blocked: false,
    });
  });

  it('makes objects and templates with their origin, in a stable order', () => {
    const document: Blueprint = {
      adoption: 'IfNoDiff',
      clusterPolicies: [clusterPolicy('z', 2), clusterPolicy('a', 1, { adoption: 'Always' })],
      namespacePolicies: [template('deny')],
      manifests: [manifest('raw', 'shop', { labels: { own: 'x' }, annotations: { note: 'y' } })],
    };

    const { policySet, problems, blocked } = compiled([
      binding('everywhere', document, { version: 3 }),
    ]);

    expect({ problems, blocked }).toEqual({ problems: [], blocked: false });
    const stamp = (entry: string, own: object = {}) => ({
      labels: {
        ...own,
        'app.kubernetes.io/managed-by': 'picket',
        'picket.dev/blueprint': 'everywhere-blueprint',
      },
      annotations: expect.objectContaining({
        'picket.dev/origin': `everywhere-blueprint@3 ${entry} via everywhere`,
      }),
    });
    expect(
      policySet.objects.map(({ adoption, manifest: { kind, metadata } }) => ({
        adoption,
        kind,
        ...metadata,
      })),
    ).toEqual([
      {
        adoption: 'IfNoDiff',
        kind: 'NetworkPolicy',
        name: 'raw',
        namespace: 'shop',
        ...stamp('manifests/NetworkPolicy/raw', { own: 'x' }),
      },
      {
        adoption: 'Always',
        kind: 'ClusterNetworkPolicy',
        name: 'a',
        ...stamp('clusterPolicies/a'),
      },
      {
        adoption: 'IfNoDiff',
        kind: 'ClusterNetworkPolicy',
        name: 'z',
        ...stamp('clusterPolicies/z'),
      },
    ]);
    expect(policySet.templates).toEqual([
      {
        adoption: 'IfNoDiff',
        namespaceSelector: { matchLabels: { tenant: 'a' } },
        manifest: {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name: 'deny', ...stamp('namespacePolicies/deny') },
          spec: {},
        },
      },
    ]);
    const [raw] = policySet.objects;
    expect(raw?.manifest.metadata.annotations['note']).toBe('y');
    expect(originOf(raw?.manifest.metadata.annotations ?? {})).toEqual({
      blueprint: 'everywhere-blueprint',
      version: 3,
      entry: 'manifests/NetworkPolicy/raw',
      assignment: 'everywhere',
    });
  });

  it('adopts nothing unless the blueprint says so', () => {
    expect(
      compiled([binding('a', { clusterPolicies: [clusterPolicy('a')] })]).policySet.objects[0]
        ?.adoption,
    ).toBe('Never');
  });

  it('puts parameters in, through includes too', () => {
    const base: Blueprint = {
      parameters: [{ name: 'p', type: 'number' }],
      clusterPolicies: [clusterPolicy('base', '${p}')],
    };
    const document: Blueprint = {
      parameters: [{ name: 'p', type: 'number', default: 4 }],
      includes: [{ blueprint: 'base', version: 7, parameters: { p: '${p}' } }],
    };

    const priorities = (parameters: ParameterValues) =>
      compiled([
        binding('a', document, { includes: { 'base@7': base }, parameters }),
      ]).policySet.objects.map(({ manifest: { spec, metadata } }) => [
        spec['priority'],
        blueprintOf(metadata.annotations)?.blueprint,
      ]);

    expect(priorities({})).toEqual([[4, 'base']]);
    expect(priorities({ p: 9 })).toEqual([[9, 'base']]);
  });

  it('is named by the SHA-256 of its canonical text', () => {
    const { text, digest, policySet } = compiled([
      binding('a', { clusterPolicies: [clusterPolicy('a')] }),
    ]);

    expect(digest).toBe(sha256Hex(text));
    expect(JSON.parse(text)).toEqual(policySet);
  });
});

describe('compile is deterministic', () => {
  const document = fc.record(
    {
      onLoss: fc.constantFrom('Block' as const, 'Report' as const),
      clusterPolicies: fc
        .uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
        .chain((names) =>
          fc.tuple(
            ...names.map((name) =>
              fc.integer({ min: 1, max: 9 }).map((priority) => clusterPolicy(name, priority)),
            ),
          ),
        ),
      namespacePolicies: fc.uniqueArray(
        fc.constantFrom('a', 'b').map((name) => template(name)),
        { selector: ({ name }) => name },
      ),
      manifests: fc.uniqueArray(
        fc.constantFrom('a', 'b').map((name) => manifest(name, 'shop')),
        { selector: (one) => one.manifest.metadata.name },
      ),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Blueprint>;
  const bindings = fc.uniqueArray(
    fc
      .record({ assignment: fc.constantFrom('one', 'two', 'three'), document })
      .map((one) => binding(one.assignment, one.document)),
    { selector: ({ assignment }) => assignment, maxLength: 3 },
  );
  const capabilities = fc.constantFrom<ServedKinds>(
    ALL,
    {},
    { [CNP]: { enforced: false, fields: null } },
    { [NP]: { enforced: true, fields: ['spec', 'spec.ingress'] } },
  );

  it('for any order of bindings and of members', () => {
    fc.assert(
      fc.property(bindings, capabilities, (given, served) => {
        const first = compiled(given, served);
        const other = reordered(given.toReversed());
        const second = compiled(other, reordered(served));

        expect(second).toEqual(first);
        expect(second.text).toBe(first.text);
        expect(compileKey({ bindings: other, capabilities: reordered(served) })).toBe(
          compileKey({ bindings: given, capabilities: served }),
        );
      }),
    );
  });

  it('so that equal inputs have equal keys and digests, and other sets other digests', () => {
    fc.assert(
      fc.property(bindings, bindings, (a, b) => {
        const [left, right] = [compiled(a), compiled(b)];

        expect(left.digest === right.digest).toBe(left.text === right.text);
        if (
          compileKey({ bindings: a, capabilities: ALL }) ===
          compileKey({ bindings: b, capabilities: ALL })
        )
          expect(left).toEqual(right);
      }),
    );
  });

  it('and never blocks or loses on what the cluster has', () => {
    fc.assert(
      fc.property(bindings, (given) => {
        const { losses, blocked, problems } = compiled(given);

        expect(losses).toEqual([]);
        expect(blocked).toBe(problems.length > 0);
      }),
    );
  });

  it('names other inputs otherwise', () => {
    const one = binding('a', { clusterPolicies: [clusterPolicy('a')] });
    const keys = [
      compileKey({ bindings: [one], capabilities: ALL }),
      compileKey({ bindings: [one], capabilities: {} }),
      compileKey({ bindings: [{ ...one, version: 2 }], capabilities: ALL }),
      compileKey({ bindings: [{ ...one, parameters: { p: 1 } }], capabilities: ALL }),
      compileKey({ bindings: [{ ...one, includes: { 'b@1': {} } }], capabilities: ALL }),
      compileKey({ bindings: [], capabilities: ALL }),
    ];

    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('compile refuses', () => {
  const priorities = [clusterPolicy('a', 5), clusterPolicy('b', 5)] as const;

  it('different content for one object, and says who gives it', () => {
    const { problems, blocked } = compiled([
      binding('one', { clusterPolicies: [clusterPolicy('a', 1)] }),
      binding('two', { clusterPolicies: [clusterPolicy('b', 3), clusterPolicy('a', 2)] }),
    ]);

    expect(blocked).toBe(true);
    expect(problems).toEqual([
      {
        path: 'assignments.two.clusterPolicies[1]',
        code: 'OBJECT_CONFLICT',
        message: `${CNP} /a is given different content by one-blueprint@1 clusterPolicies/a via one`,
        severity: 'error',
      },
    ]);
  });

  it.each([
    ['another adoption', { adoption: 'Always' } as const, {}],
    ['another label', {}, { labels: { team: 'b' } }],
    ['another annotation', {}, { annotations: { note: 'b' } }],
  ])('%s for one object', (_, more, metadata) => {
    expect(
      problemsOf(
        binding('one', { manifests: [manifest('a', 'shop')] }),
        binding('two', { manifests: [{ ...manifest('a', 'shop', metadata), ...more }] }),
      ),
    ).toEqual(['assignments.two.manifests[0] OBJECT_CONFLICT']);
  });

  it('one tier and priority for policies of two assignments', () => {
    const [a, b] = priorities;

    expect(
      problemsOf(
        binding('one', { clusterPolicies: [a] }),
        binding('two', { clusterPolicies: [b] }),
      ),
    ).toEqual(['assignments.two.clusterPolicies[0] PRIORITY_EQUAL']);
  });

  it('one tier and priority for a policy and what it includes', () => {
    const [a, b] = priorities;
    const document: Blueprint = {
      clusterPolicies: [a],
      includes: [{ blueprint: 'base', version: 1 }],
    };

    expect(
      problemsOf(binding('one', document, { includes: { 'base@1': { clusterPolicies: [b] } } })),
    ).toEqual(['assignments.one.includes[0].clusterPolicies[0] PRIORITY_EQUAL']);
  });

  it('an assignment with wrong parameters, and still compiles the others', () => {
    const { policySet, problems, blocked } = compiled([
      binding('one', { clusterPolicies: [clusterPolicy('a')] }, { parameters: { typo: 1 } }),
      binding('two', { clusterPolicies: [clusterPolicy('b')] }),
    ]);

    expect(problems.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'assignments.one.parameters.typo PARAMETER_UNKNOWN',
    ]);
    expect(policySet.objects.map(({ manifest: { metadata } }) => metadata.name)).toEqual(['b']);
    expect(blocked).toBe(true);
  });
});

describe('compile counts once', () => {
  it('the same object from two assignments, by the origin of the first', () => {
    const document: Blueprint = {
      clusterPolicies: [clusterPolicy('a')],
      namespacePolicies: [template('t')],
    };

    const { policySet, problems } = compiled([binding('two', document), binding('one', document)]);

    expect(problems).toEqual([]);
    expect(
      [...policySet.objects, ...policySet.templates].map(
        ({ manifest: { metadata } }) => blueprintOf(metadata.annotations)?.assignment,
      ),
    ).toEqual(['one', 'one']);
  });

  it('but not a template and an object of one name', () => {
    const { policySet, problems } = compiled([
      binding('one', { namespacePolicies: [template('a')], manifests: [manifest('a', 'shop')] }),
    ]);

    expect([problems, policySet.objects.length, policySet.templates.length]).toEqual([[], 1, 1]);
  });
});

describe('compile tells losses', () => {
  const document: Blueprint = {
    clusterPolicies: [clusterPolicy('a')],
    namespacePolicies: [template('t')],
  };
  const onlyNetworkPolicy: ServedKinds = { [NP]: { enforced: true, fields: null } };

  it.each([
    ['Block', true],
    ['Report', false],
    [undefined, true],
  ] as const)('that with onLoss %s stop the cluster: %s', (onLoss, blocks) => {
    const own = onLoss === undefined ? document : { ...document, onLoss };

    const { losses, blocked, policySet, problems } = compiled(
      [binding('one', own)],
      onlyNetworkPolicy,
    );

    expect(losses).toEqual([
      {
        reason: 'KIND_NOT_SERVED',
        kind: CNP,
        field: null,
        object: 'a',
        origin: 'one-blueprint@1 clusterPolicies/a via one',
        blocks,
      },
    ]);
    expect({ blocked, problems }).toEqual({ blocked: blocks, problems: [] });
    expect([policySet.objects.length, policySet.templates.length]).toEqual([0, 1]);
  });

  it('leaves out an object of which the cluster serves only a part', () => {
    const capabilities = { [NP]: { enforced: true, fields: ['spec', 'spec.ingress'] } };
    const two: Blueprint = {
      onLoss: 'Report',
      namespacePolicies: [template('t', { podSelector: {} }), template('u')],
    };

    const { losses, policySet } = compiled([binding('one', two)], capabilities);

    expect(losses.map(({ object, field }) => [object, field])).toEqual([['t', 'spec.podSelector']]);
    expect(policySet.templates.map(({ manifest: { metadata } }) => metadata.name)).toEqual(['u']);
  });

  it('blocks when one of two sources of an object asks for it, in whatever order they come', () => {
    const report: Blueprint = { ...document, onLoss: 'Report' };

    for (const [first, second] of [
      [report, document],
      [document, report],
    ] as const)
      expect(
        compiled([binding('one', first), binding('two', second)], onlyNetworkPolicy).blocked,
      ).toBe(true);
    expect(
      compiled([binding('one', report), binding('two', report)], onlyNetworkPolicy).blocked,
    ).toBe(false);
  });

  it('of an included blueprint by its own word on losses', () => {
    const including: Blueprint = {
      onLoss: 'Report',
      includes: [{ blueprint: 'base', version: 1 }],
    };

    const { losses } = compiled(
      [binding('one', including, { includes: { 'base@1': document } })],
      onlyNetworkPolicy,
    );

    expect(losses.map(({ blocks, origin }) => [blocks, origin])).toEqual([
      [true, 'base@1 clusterPolicies/a via one'],
    ]);
  });
});

/** Equal in value, with the members of every object in the other order. */
function reordered<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(reordered) as Value;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, member]) => [key, reordered(member)])) as Value;
}
