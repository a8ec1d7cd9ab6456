import { describe, expect, it } from '@jest/globals';

import { validateEntries } from './index.ts';

const spec = { tier: 'Admin', priority: 1, subject: { namespaces: {} } };
const clusterPolicy = (name: string, priority: unknown = 1, tier: unknown = 'Admin') => ({
  name,
  spec: { ...spec, priority, tier },
});
const manifest = (kind: string, apiVersion: string, metadata: object, body: object = {}) => ({
  manifest: { apiVersion, kind, metadata, spec: body },
});
const CNP = ['ClusterNetworkPolicy', 'policy.networking.k8s.io/v1alpha2'] as const;
const NP = ['NetworkPolicy', 'networking.k8s.io/v1'] as const;

function faults(sections: Parameters<typeof validateEntries>[0]): string[] {
  return validateEntries(sections, ['spec']).map(({ path, code }) => `${path} ${code}`);
}

describe('validateEntries', () => {
  it('finds nothing wrong with nothing, and passes over what could not be read', () => {
    expect(faults({})).toEqual([]);
    expect(
      faults({ clusterPolicies: [null], namespacePolicies: [null], manifests: [null] }),
    ).toEqual([]);
  });

  it('checks names, selectors and specs of each section', () => {
    expect(
      faults({
        clusterPolicies: [null, { name: 'A', spec: {} }],
        namespacePolicies: [
          {
            name: 'a.b',
            namespaceSelector: { a: 1 },
            spec: { ingress: [{ ports: [{ endPort: 1 }] }] },
          },
          { name: 'c', namespaceSelector: 'everything', spec: {} },
        ],
        manifests: [
          manifest(...NP, { name: 'a', namespace: 'b' }, { podSelector: 1 }),
          manifest(...CNP, { name: 'a' }, { ...spec, priority: 0 }),
          manifest(
            'CiliumNetworkPolicy',
            'cilium.io/v2',
            { name: 'a', namespace: 'b' },
            { any: 1 },
          ),
          manifest('Pod', 'v1', { name: 'a', namespace: 'b' }),
        ],
      }),
    ).toEqual([
      'spec.clusterPolicies[1].name FORMAT_WRONG',
      'spec.clusterPolicies[1].spec.tier VALUE_NOT_ALLOWED',
      'spec.clusterPolicies[1].spec.priority FIELD_REQUIRED',
      'spec.clusterPolicies[1].spec.subject FIELD_REQUIRED',
      'spec.namespacePolicies[0].name FORMAT_WRONG',
      'spec.namespacePolicies[0].namespaceSelector.a FIELD_UNKNOWN',
      'spec.namespacePolicies[0].spec.ingress[0].ports[0].endPort END_PORT_INVALID',
      'spec.namespacePolicies[1].namespaceSelector TYPE_WRONG',
      'spec.manifests[0].manifest.spec.podSelector TYPE_WRONG',
      'spec.manifests[1].manifest.spec.priority PRIORITY_RESERVED',
      'spec.manifests[3].manifest.kind KIND_NOT_ALLOWED',
    ]);
  });

  it.each([
    [
      'two policies with one tier and priority',
      { clusterPolicies: [clusterPolicy('a'), clusterPolicy('b')] },
      'spec.clusterPolicies[1].spec.priority PRIORITY_EQUAL',
    ],
    [
      'a policy and a raw one with one tier and priority',
      { clusterPolicies: [clusterPolicy('a')], manifests: [manifest(...CNP, { name: 'b' }, spec)] },
      'spec.manifests[0].manifest.spec.priority PRIORITY_EQUAL',
    ],
    [
      'two cluster policies of one name',
      { clusterPolicies: [clusterPolicy('a'), clusterPolicy('a', 2)] },
      'spec.clusterPolicies[1].name NAME_REPEATED',
    ],
    [
      'two namespace policies of one name',
      {
        namespacePolicies: [
          { name: 'a', namespaceSelector: {}, spec: {} },
          { name: 'a', namespaceSelector: {}, spec: {} },
        ],
      },
      'spec.namespacePolicies[1].name NAME_REPEATED',
    ],
    [
      'a raw object that a cluster policy is already',
      {
        clusterPolicies: [clusterPolicy('a')],
        manifests: [manifest(...CNP, { name: 'a' }, { ...spec, priority: 2 })],
      },
      'spec.manifests[0].manifest.metadata.name NAME_REPEATED',
    ],
    [
      'two raw objects of one name in one namespace',
      {
        manifests: [
          manifest(...NP, { name: 'a', namespace: 'b' }),
          manifest(...NP, { name: 'a', namespace: 'b' }),
        ],
      },
      'spec.manifests[1].manifest.metadata.name NAME_REPEATED',
    ],
  ])('refuses %s', (_, sections, expected) => {
    expect(faults(sections)).toEqual([expected]);
  });

  it('says with which other entry', () => {
    const [problem] = validateEntries(
      { clusterPolicies: [clusterPolicy('a'), clusterPolicy('b')] },
      ['spec'],
    );

    expect(problem?.message).toBe(
      'spec.clusterPolicies[0].spec has the same tier and priority, so their order is undefined',
    );
  });

  it.each([
    [
      'one priority in two tiers',
      { clusterPolicies: [clusterPolicy('a'), clusterPolicy('b', 1, 'Baseline')] },
    ],
    [
      'one name in two namespaces',
      {
        manifests: [
          manifest(...NP, { name: 'a', namespace: 'b' }),
          manifest(...NP, { name: 'a', namespace: 'c' }),
        ],
      },
    ],
    [
      'one name for two kinds',
      {
        manifests: [
          manifest(...NP, { name: 'a', namespace: 'b' }),
          manifest('NetworkPolicy', 'projectcalico.org/v3', { name: 'a', namespace: 'b' }),
        ],
      },
    ],
    [
      'a template and a fixed object of one name',
      {
        namespacePolicies: [{ name: 'a', namespaceSelector: {}, spec: {} }],
        manifests: [manifest(...NP, { name: 'a', namespace: 'b' })],
      },
    ],
  ])('allows %s', (_, sections) => {
    expect(faults(sections)).toEqual([]);
  });

  it('does not call two policies equal that both lack a priority', () => {
    const without = (name: string) => ({
      name,
      spec: { tier: 'Admin', subject: { namespaces: {} } },
    });

    expect(faults({ clusterPolicies: [without('a'), without('b')] })).toEqual([
      'spec.clusterPolicies[0].spec.priority FIELD_REQUIRED',
      'spec.clusterPolicies[1].spec.priority FIELD_REQUIRED',
    ]);
  });
});
