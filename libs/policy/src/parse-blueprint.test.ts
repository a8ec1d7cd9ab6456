import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { parseBlueprint } from './index.ts';

const clusterPolicy = (name: string, more: object = {}): object => ({
  name,
  spec: { tier: 'Admin', priority: 1, subject: { namespaces: {} }, ...more },
});
const namespacePolicy = (spec: object, more: object = {}): object => ({
  namespacePolicies: [{ name: 'a', namespaceSelector: {}, spec, ...more }],
});
const port = (member: object): object => namespacePolicy({ ingress: [{ ports: [member] }] });
const block = (ipBlock: object): object => namespacePolicy({ ingress: [{ from: [{ ipBlock }] }] });
const parameters = (...types: string[]): object => ({
  parameters: types.map((type, index) => ({ name: 'pqr'[index], type })),
});

function faults(spec: unknown): string[] {
  return parseBlueprint(spec).problems.map(({ path, code }) => `${path} ${code}`);
}

describe('parseBlueprint', () => {
  it('gives the blueprint when nothing is wrong', () => {
    const spec = {
      description: 'costs ${nothing}',
      onLoss: 'Report',
      adoption: 'IfNoDiff',
      parameters: [{ name: 'p', type: 'number', default: 7, description: 'a priority' }],
      includes: [{ blueprint: 'base', version: 1, parameters: { p: '${p}' } }],
      clusterPolicies: [clusterPolicy('a', { priority: '${p}' })],
    };

    expect(parseBlueprint(spec)).toEqual({ blueprint: spec, problems: [] });
    expect(parseBlueprint({})).toEqual({ blueprint: {}, problems: [] });
  });

  it('tells everything that is wrong at once, whichever layer sees it', () => {
    const { blueprint, problems } = parseBlueprint({
      descripton: 'x',
      onLoss: 'Ignore',
      parameters: [
        { name: 'p', type: 'number', default: 'seven' },
        { name: 'p', type: 'string', required: true, default: 'x' },
      ],
      includes: [{ blueprint: 'Base', version: 0 }],
      clusterPolicies: [
        { name: 'a', spec: { tier: 'Admin', priority: 0, subject: {} }, sepc: {} },
        7,
        { name: 'A', spec: { tier: '${t}' } },
      ],
      namespacePolicies: { a: 1 },
      manifests: [
        { manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: {} } },
      ],
    });

    expect(blueprint).toBeUndefined();
    expect(problems.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
      'spec.clusterPolicies[0].sepc FIELD_UNKNOWN',
      'spec.clusterPolicies[0].spec.priority PRIORITY_RESERVED',
      'spec.clusterPolicies[0].spec.subject PEER_EMPTY',
      'spec.clusterPolicies[1] TYPE_WRONG',
      'spec.clusterPolicies[2].name FORMAT_WRONG',
      'spec.clusterPolicies[2].spec.priority FIELD_REQUIRED',
      'spec.clusterPolicies[2].spec.subject FIELD_REQUIRED',
      'spec.clusterPolicies[2].spec.tier PARAMETER_UNKNOWN',
      'spec.clusterPolicies[2].spec.tier VALUE_NOT_ALLOWED',
      'spec.descripton FIELD_UNKNOWN',
      'spec.includes[0].blueprint FORMAT_WRONG',
      'spec.includes[0].version TOO_FEW_OR_TOO_SMALL',
      'spec.manifests[0].manifest.kind KIND_NOT_ALLOWED',
      'spec.namespacePolicies TYPE_WRONG',
      'spec.onLoss VALUE_NOT_ALLOWED',
      'spec.parameters[0].default TYPE_WRONG',
      'spec.parameters[1].default DEFAULT_OF_REQUIRED',
      'spec.parameters[1].name NAME_REPEATED',
    ]);
  });

  it('says nothing of references when the parameters cannot be read', () => {
    const spec = { parameters: [{ nam: 'p' }], ...namespacePolicy({ podSelector: '${p}' }) };

    expect(faults(spec)).toEqual([
      'spec.parameters[0].name FIELD_REQUIRED',
      'spec.parameters[0].type VALUE_NOT_ALLOWED',
      'spec.parameters[0].nam FIELD_UNKNOWN',
    ]);
  });

  it.each([
    ['nothing', undefined, 'spec TYPE_WRONG'],
    ['null', null, 'spec TYPE_WRONG'],
    ['a list', [], 'spec TYPE_WRONG'],
    ['a text', 'deny all', 'spec TYPE_WRONG'],
    ['a date', { description: new Date(0) }, 'spec.description TYPE_WRONG'],
    [
      'a hidden key',
      JSON.parse('{"manifests":[{"manifest":{"__proto__":{}}}]}'),
      'spec.manifests[0].manifest.__proto__ FIELD_UNKNOWN',
    ],
    [
      '101 parameters',
      {
        parameters: Array.from({ length: 101 }, (_, index) => ({
          name: `p${index}`,
          type: 'string',
        })),
      },
      'spec.parameters TOO_MANY_OR_TOO_LARGE',
    ],
    [
      '21 includes',
      { includes: Array.from({ length: 21 }, () => ({ blueprint: 'a', version: 1 })) },
      'spec.includes TOO_MANY_OR_TOO_LARGE',
    ],
    [
      'an unknown type of parameter',
      parameters('object'),
      'spec.parameters[0].type VALUE_NOT_ALLOWED',
    ],
    [
      'an include without a version',
      { includes: [{ blueprint: 'a' }] },
      'spec.includes[0].version FIELD_REQUIRED',
    ],
    ['an unknown adoption', { adoption: 'Sometimes' }, 'spec.adoption VALUE_NOT_ALLOWED'],
    [
      'a selector that is a plain word',
      namespacePolicy({}, { namespaceSelector: 'all' }),
      'spec.namespacePolicies[0].namespaceSelector TYPE_WRONG',
    ],
  ])('refuses %s', (_, spec, expected) => {
    expect(faults(spec)).toEqual([expected]);
  });

  it('lists the parameters there are for a reference to none', () => {
    const spec = {
      ...parameters('string', 'cidr'),
      ...namespacePolicy({ podSelector: { matchLabels: { a: 'x-${z}-${y}' } } }),
    };

    const { problems } = parseBlueprint(spec);

    expect(problems.filter(({ code }) => code === 'PARAMETER_UNKNOWN')).toEqual([
      {
        path: 'spec.namespacePolicies[0].spec.podSelector.matchLabels.a',
        code: 'PARAMETER_UNKNOWN',
        message: '${z} names no parameter',
        allowed: 'p, q',
        severity: 'error',
      },
      expect.objectContaining({ message: '${y} names no parameter' }),
    ]);
  });

  it('finds unknown references in the parameters of an include, and allows none by name', () => {
    const [problem] = parseBlueprint({
      includes: [{ blueprint: 'a', version: 1, parameters: { x: '${p}' } }],
    }).problems;

    expect(problem).toMatchObject({ path: 'spec.includes[0].parameters.x', allowed: 'none' });
  });
});

describe('parseBlueprint with parameters', () => {
  it('checks an entry with the default in place', () => {
    const spec = {
      parameters: [{ name: 'p', type: 'number', default: 70_000 }],
      ...port({ port: '${p}' }),
    };

    expect(faults(spec)).toEqual([
      'spec.namespacePolicies[0].spec.ingress[0].ports[0].port TOO_MANY_OR_TOO_LARGE',
    ]);
  });

  it.each([
    [
      'a port, below an endPort',
      { ...parameters('number'), ...port({ port: '${p}', endPort: 90 }) },
    ],
    [
      'an endPort, above a port',
      { ...parameters('number'), ...port({ port: 50_000, endPort: '${p}' }) },
    ],
    [
      'a cidr, around an exception',
      { ...parameters('cidr'), ...block({ cidr: '${p}', except: ['10.1.0.0/16'] }) },
    ],
    [
      'a cidr, around an IPv6 exception',
      { ...parameters('cidr'), ...block({ cidr: '${p}', except: ['2001:db8::/32'] }) },
    ],
    ['an exception', { ...parameters('cidr'), ...block({ cidr: '10.0.0.0/8', except: ['${p}'] }) }],
    [
      'a list of exceptions',
      { ...parameters('cidrList'), ...block({ cidr: '10.0.0.0/8', except: '${p}' }) },
    ],
    [
      'a tier',
      { ...parameters('string'), clusterPolicies: [clusterPolicy('a', { tier: '${p}' })] },
    ],
    [
      'a priority, beside one that a stand-in has',
      {
        ...parameters('number'),
        clusterPolicies: [
          clusterPolicy('a', { priority: '${p}' }),
          clusterPolicy('b', { priority: 977 }),
          clusterPolicy('c'),
        ],
      },
    ],
    [
      'two priorities',
      {
        ...parameters('number', 'number'),
        clusterPolicies: [
          clusterPolicy('a', { priority: '${p}' }),
          clusterPolicy('b', { priority: '${q}' }),
        ],
      },
    ],
    [
      'a name, beside one that a stand-in has',
      {
        ...parameters('string'),
        clusterPolicies: [
          { ...clusterPolicy('a'), name: '${p}' },
          clusterPolicy('sample', { priority: 2 }),
        ],
      },
    ],
    [
      'a part of a name',
      { ...parameters('string'), clusterPolicies: [clusterPolicy('deny-${p}')] },
    ],
    [
      'a start of a range',
      {
        ...parameters('number'),
        clusterPolicies: [
          clusterPolicy('a', {
            ingress: [
              {
                action: 'Deny',
                from: [{ namespaces: {} }],
                protocols: [{ tcp: { destinationPort: { range: { start: '${p}', end: 100 } } } }],
              },
            ],
          }),
        ],
      },
    ],
    [
      'a selector',
      { ...parameters('labelSelector'), ...namespacePolicy({}, { namespaceSelector: '${p}' }) },
    ],
    [
      'networks',
      {
        ...parameters('cidrList'),
        clusterPolicies: [
          clusterPolicy('a', {
            egress: [{ action: 'Deny', to: [{ networks: ['${p}', '192.0.2.0/24'] }] }],
          }),
        ],
      },
    ],
    [
      'a boolean',
      {
        ...parameters('boolean'),
        manifests: [
          {
            manifest: {
              apiVersion: 'cilium.io/v2',
              kind: 'CiliumNetworkPolicy',
              metadata: { name: 'a', namespace: 'b' },
              spec: { enableDefaultDeny: { egress: '${p}' } },
            },
          },
        ],
      },
    ],
  ])('leaves to the compiler what depends on the value of %s', (_, spec) => {
    expect(faults(spec)).toEqual([]);
  });

  it('tells what no value can mend', () => {
    const spec = { ...parameters('number'), ...port({ port: '${p}', protocol: 'ICMP' }) };

    expect(faults(spec)).toEqual([
      'spec.namespacePolicies[0].spec.ingress[0].ports[0].protocol VALUE_NOT_ALLOWED',
    ]);
  });

  it('refuses a document that its parameters would blow up, before they do', () => {
    const networks = Array.from(
      { length: 1_000 },
      (_, index) => `10.${index >> 8}.${index & 255}.0/24`,
    );
    const spec = {
      parameters: [{ name: 'p', type: 'cidrList', default: networks }],
      ...namespacePolicy({
        ingress: Array.from({ length: 300 }, () => ({
          from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['${p}'] } }],
        })),
      }),
    };

    expect(faults(spec)).toEqual(['spec TOO_LARGE']);
  });
});

it('never throws and never gives a blueprint beside an error, whatever it reads', () => {
  const text = fc.constantFrom('a', '${p}', '${x}', 'a-${p}', '10.0.0.0/8', '');
  const leaf = fc.oneof(text, fc.integer(), fc.constant(null), fc.boolean());
  const odd = fc.oneof(
    leaf,
    fc.array(leaf),
    fc.dictionary(fc.constantFrom('name', 'spec', 'tier', 'ingress'), leaf),
  );
  const entry = fc.record(
    {
      name: odd,
      spec: fc.oneof(
        odd,
        fc.record(
          { tier: odd, priority: odd, subject: odd, ingress: fc.array(odd) },
          { requiredKeys: [] },
        ),
      ),
      namespaceSelector: odd,
      manifest: odd,
    },
    { requiredKeys: [] },
  );
  const spec = fc.record(
    {
      parameters: fc.oneof(
        odd,
        fc.array(
          fc.record(
            {
              name: fc.constantFrom('p', 'q'),
              type: fc.constantFrom('string', 'number', 'cidrList'),
              default: odd,
            },
            { requiredKeys: ['name', 'type'] },
          ),
        ),
      ),
      includes: fc.oneof(odd, fc.array(entry)),
      clusterPolicies: fc.oneof(odd, fc.array(entry)),
      namespacePolicies: fc.oneof(odd, fc.array(entry)),
      manifests: fc.oneof(odd, fc.array(entry)),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(spec, fc.anything()), (value) => {
      const { blueprint, problems } = parseBlueprint(value);

      expect(blueprint === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
      for (const { path } of problems) expect(path).toMatch(/^spec/);
    }),
    { numRuns: 1_000 },
  );
});
