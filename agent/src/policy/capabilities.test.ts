import { describe, expect, it } from '@jest/globals';

import { readCapabilities } from './capabilities.ts';
import { KubeRefused } from './kube-api.ts';

const version = { gitVersion: 'v1.33.2' };
const gvk = { group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy' };
const served = { resources: [{ name: 'networkpolicies', kind: 'NetworkPolicy' }] };
const networking = '/apis/networking.k8s.io/v1';
const schemas = {
  NetworkPolicy: {
    'x-kubernetes-group-version-kind': [gvk],
    properties: { spec: { allOf: [{ $ref: '#/components/schemas/Spec' }] }, status: {} },
  },
  Spec: { properties: { ingress: { items: { $ref: '#/components/schemas/Rule' } } } },
  Rule: { properties: { ports: { items: { properties: { endPort: {} } } } } },
};
const fields = [
  'spec',
  'spec.ingress',
  'spec.ingress[]',
  'spec.ingress[].ports',
  'spec.ingress[].ports[]',
  'spec.ingress[].ports[].endPort',
];

/** An API server that knows these paths and no others. */
function serving(answers: Readonly<Record<string, unknown>>): {
  get: <T>(path: string) => Promise<T>;
  find: <T>(path: string) => Promise<T | undefined>;
} {
  const find = async <T>(path: string): Promise<T | undefined> => {
    await Promise.resolve();
    const answer = answers[path];
    if (answer instanceof Error) throw answer;
    return answer as T | undefined;
  };
  return { find, get: async <T>(path: string) => (await find<T>(path)) as T };
}

describe('readCapabilities', () => {
  it('reads the fields of a kind from OpenAPI v3', async () => {
    const api = serving({
      '/version': version,
      [networking]: served,
      [`/openapi/v3${networking}`]: { components: { schemas } },
    });

    expect(await readCapabilities(api)).toEqual({
      kubernetesVersion: 'v1.33.2',
      cni: null,
      apis: { 'networking.k8s.io/v1/NetworkPolicy': { enforced: null, fields } },
    });
  });

  it('reads them from OpenAPI v2 where there is no v3', async () => {
    const definitions = JSON.parse(
      JSON.stringify(schemas).replaceAll('#/components/schemas', '#/definitions'),
    ) as object;
    const api = serving({
      '/version': version,
      [networking]: served,
      '/openapi/v2': { definitions },
    });

    expect((await readCapabilities(api)).apis).toEqual({
      'networking.k8s.io/v1/NetworkPolicy': { enforced: null, fields },
    });
  });

  it.each([
    ['tells no schema', {}],
    ['refuses its schema', { '/openapi/v2': new KubeRefused(403, 'Forbidden', 'no') }],
    ['tells a schema without a spec', { '/openapi/v2': { definitions: { NetworkPolicy: {} } } }],
  ])('says that fields are not known when the API server %s', async (_what, answers) => {
    const api = serving({ '/version': version, [networking]: served, ...answers });

    expect((await readCapabilities(api)).apis).toEqual({
      'networking.k8s.io/v1/NetworkPolicy': { enforced: null, fields: null },
    });
  });

  it('does not run in circles through a schema that holds itself', async () => {
    const loop = {
      NetworkPolicy: {
        'x-kubernetes-group-version-kind': [gvk],
        properties: { spec: { $ref: '#/definitions/Spec' } },
      },
      Spec: { properties: { spec: { $ref: '#/definitions/Spec' } } },
    };
    const api = serving({
      '/version': version,
      [networking]: served,
      '/openapi/v2': { definitions: loop },
    });

    const { apis } = await readCapabilities(api);

    expect(apis['networking.k8s.io/v1/NetworkPolicy']?.fields?.length).toBeLessThan(100);
  });

  it.each([
    ['cilium', 'cilium.io/v2', 'ciliumnetworkpolicies', 'CiliumNetworkPolicy'],
    ['calico', 'projectcalico.org/v3', 'globalnetworkpolicies', 'GlobalNetworkPolicy'],
  ])('knows %s by the kinds that it brings', async (plugin, group, name, kind) => {
    const api = serving({
      '/version': version,
      [networking]: served,
      [`/apis/${group}`]: { resources: [{ name, kind }] },
    });

    expect((await readCapabilities(api)).cni).toBe(plugin);
  });

  it('fails when the API server does not answer, rather than say that it serves nothing', async () => {
    const api = serving({ '/version': version, [networking]: new Error('away') });

    await expect(readCapabilities(api)).rejects.toThrow('away');
  });
});
