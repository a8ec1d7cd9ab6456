import { describe, expect, it } from '@jest/globals';
import { DnsSubdomain } from '@picket/policy';
import * as fc from 'fast-check';

import {
  compile,
  compileKey,
  objectName,
  originOf,
  type BoundNamespacePolicy,
  type CompileInput,
  type ServedKinds,
} from './index.ts';

const NP = 'networking.k8s.io/v1/NetworkPolicy';
const capabilities: ServedKinds = { [NP]: { enforced: true, fields: null } };
const policy = (name: string, more: Partial<BoundNamespacePolicy> = {}): BoundNamespacePolicy => ({
  project: 'payments',
  claim: 'shop',
  name,
  version: 2,
  namespaceSelector: {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop'] }],
  },
  spec: { podSelector: {} },
  ...more,
});
const input = (...namespacePolicies: BoundNamespacePolicy[]): CompileInput => ({
  bindings: [],
  namespacePolicies,
  capabilities,
});

describe('compile, with namespace policies', () => {
  it('makes each a template that names where it comes from', () => {
    const { policySet, problems, blocked } = compile(input(policy('allow-web')));

    expect({ problems, blocked, objects: policySet.objects }).toEqual({
      problems: [],
      blocked: false,
      objects: [],
    });
    expect(policySet.templates).toEqual([
      {
        adoption: 'Never',
        namespaceSelector: policy('').namespaceSelector,
        manifest: {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: {
            name: 'allow-web.shop.payments',
            labels: {
              'app.kubernetes.io/managed-by': 'picket',
              'picket.dev/project': 'payments',
              'picket.dev/claim': 'shop',
              'picket.dev/namespace-policy': 'allow-web',
            },
            annotations: { 'picket.dev/origin': 'namespace policy payments/shop/allow-web@2' },
          },
          spec: { podSelector: {} },
        },
      },
    ]);
    expect(originOf(policySet.templates[0]?.manifest.metadata.annotations ?? {})).toEqual({
      project: 'payments',
      claim: 'shop',
      namespacePolicy: 'allow-web',
      version: 2,
    });
  });

  it('carries the end of an exception', () => {
    const { policySet, text } = compile(input(policy('for-now', { expiresAt: 1_800_000_000 })));

    expect(policySet.templates[0]?.expiresAt).toBe(1_800_000_000);
    expect(text).toContain('"expiresAt":1800000000');
  });

  it('is what it was, to the byte, where there are none', () => {
    const without = { bindings: [], capabilities };

    expect(compile(input()).text).toBe('{"format":1,"objects":[],"templates":[]}');
    expect(compile(input())).toEqual(compile(without));
    // Of the release before there were namespace policies.
    expect(compileKey(without)).toBe(
      'eb511ec508ce06364b10b50093d143d08d2847c9b466bc9c3ae77fc789af93b7',
    );
    expect(compileKey(input())).toBe(compileKey(without));
  });

  it('lets no policy of a team block the cluster, but tells its loss', () => {
    const served = {
      [NP]: { enforced: true, fields: ['spec', 'spec.ingress', 'spec.podSelector'] },
    };
    const beyond = policy('b', { spec: { egress: [] } });

    const { losses, blocked, policySet } = compile({
      ...input(policy('a'), beyond),
      capabilities: served,
    });

    expect(losses).toEqual([
      {
        reason: 'FIELD_NOT_SERVED',
        kind: NP,
        field: 'spec.egress',
        object: 'b.shop.payments',
        origin: 'namespace policy payments/shop/b@2',
        blocks: false,
      },
    ]);
    expect(blocked).toBe(false);
    expect(policySet.templates.map(({ manifest }) => manifest.metadata.name)).toEqual([
      'a.shop.payments',
    ]);
  });
});

describe('the objects of namespace policies', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  const named = fc.record({ name: label, claim: label, project: label });

  it('have names that a server takes, others for other policies, claims and projects', () => {
    fc.assert(
      fc.property(named, named, (a, b) => {
        expect(DnsSubdomain.safeParse(objectName(a)).success).toBe(true);
        expect(objectName(a) === objectName(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
        // A namespace policy of a blueprint is called by one label.
        expect(objectName(a)).not.toMatch(/^[a-z0-9-]*$/);
      }),
    );
  });

  it('are the same in whatever order the policies come, and so is the key', () => {
    const some = fc.uniqueArray(
      fc
        .record({
          name: fc.constantFrom('a', 'b'),
          claim: fc.constantFrom('x', 'y'),
          version: fc.nat(3),
        })
        .map(({ name, claim, version }) => policy(name, { claim, version })),
      { selector: objectName },
    );
    fc.assert(
      fc.property(some, (policies) => {
        const [there, back] = [input(...policies), input(...policies.toReversed())];

        expect(compile(back).text).toBe(compile(there).text);
        expect(compileKey(back)).toBe(compileKey(there));
      }),
    );
  });

  it.each<[string, Partial<BoundNamespacePolicy>]>([
    ['version', { version: 3 }],
    ['claim', { claim: 'cart' }],
    ['project', { project: 'other' }],
    ['end', { expiresAt: 1 }],
    ['selector', { namespaceSelector: {} }],
    ['spec', { spec: {} }],
  ])('have another key and digest by another %s', (_, more) => {
    const [a, b] = [input(policy('a')), input(policy('a', more))];

    expect(compileKey(a)).not.toBe(compileKey(b));
    expect(compile(a).digest).not.toBe(compile(b).digest);
  });
});
