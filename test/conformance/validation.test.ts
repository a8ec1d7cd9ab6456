import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { ClusterNetworkPolicySpec, NetworkPolicySpec } from '@picket/policy';
import { parseAllDocuments } from 'yaml';

/** Independent cases, outside the project: their README says what they are and where they come from. */
const corpora = path.resolve(process.env['PICKET_CORPORA'] ?? '../shared/corpora');

interface Policy {
  readonly file: string;
  readonly name: string;
  readonly spec: unknown;
}

/** Policies of a kind in all manifests below the folder, those apart that a validator must refuse. */
function policiesOf(kind: string, apiVersion: string): Policy[] {
  return globSync('**/*.{yaml,yml}', { cwd: corpora })
    .toSorted()
    .filter((file) => !/(^|\/)(netpol-analyzer-invalid|crds)\//.test(file))
    .flatMap((file) =>
      parseAllDocuments(readFileSync(path.join(corpora, file), 'utf8'))
        .flatMap((document) => itemsOf(document.toJS()))
        .filter((object) => object.kind === kind && object.apiVersion === apiVersion)
        .map(({ metadata, spec }) => ({ file, name: metadata?.name ?? '', spec })),
    );
}

// oxlint-disable-next-line typescript/no-explicit-any -- foreign manifests
function itemsOf(object: any): any[] {
  return object?.kind === 'List' ? (object.items ?? []) : [object ?? {}];
}

const suite = existsSync(corpora) ? describe : describe.skip;

suite('policies of public projects', () => {
  it.each([
    ['NetworkPolicy', 'networking.k8s.io/v1', NetworkPolicySpec, 300],
    ['ClusterNetworkPolicy', 'policy.networking.k8s.io/v1alpha2', ClusterNetworkPolicySpec, 90],
  ] as const)('every valid %s is taken', (kind, apiVersion, schema, least) => {
    const policies = policiesOf(kind, apiVersion);
    const refused = policies.flatMap(({ file, name, spec }) => {
      const result = schema.safeParse(spec);
      return result.success ? [] : [`${file} ${name}: ${result.error.message}`];
    });

    expect(policies.length).toBeGreaterThan(least);
    expect(refused).toEqual([]);
  });

  it('an invalid one is refused: endPort beside a named port', () => {
    const file = path.join(
      corpora,
      'netpol-analyzer-invalid/np_bad_path_test_2/manifests/netpols.yaml',
    );
    const specs = parseAllDocuments(readFileSync(file, 'utf8')).map(
      (document) => document.toJS().spec,
    );

    const problems = specs.flatMap((spec) => NetworkPolicySpec.safeParse(spec).error?.issues ?? []);

    expect(problems.map((issue) => issue.path.join('.'))).toEqual([
      expect.stringContaining('endPort'),
    ]);
  });

  it('the samples beside the published CRDs are judged as their names say', () => {
    const folder = path.join(corpora, 'crds/crdtest');
    for (const name of globSync('*.yaml', { cwd: folder })) {
      const [object] = parseAllDocuments(readFileSync(path.join(folder, name), 'utf8')).map(
        (document) => document.toJS(),
      );
      if (object.kind !== 'ClusterNetworkPolicy') continue;

      expect([name, ClusterNetworkPolicySpec.safeParse(object.spec).success]).toEqual([
        name,
        name.startsWith('valid-'),
      ]);
    }
  });
});
