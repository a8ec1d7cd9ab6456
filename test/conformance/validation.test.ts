import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { NetworkPolicySpec, parseBlueprint, ServedClusterNetworkPolicySpec } from '@picket/policy';
import { parseAllDocuments } from 'yaml';

import { corpora, corpusCases, corporaFolder, objectsIn } from '../support/corpora/corpora.ts';
import { describeWith } from '../support/services/describe-with.ts';

interface Policy {
  readonly file: string;
  readonly name: string;
  readonly spec: unknown;
}

/** Policies of a kind in all manifests below the folder, those apart that a validator must refuse. */
function policiesOf(kind: string, apiVersion: string): Policy[] {
  return globSync('**/*.{yaml,yml}', { cwd: corporaFolder })
    .toSorted()
    .filter((file) => !/(^|\/)(netpol-analyzer-invalid|crds)\//.test(file))
    .flatMap((file) =>
      documentsOf(file)
        .filter((object) => object.kind === kind && object.apiVersion === apiVersion)
        .map(({ metadata, spec }) => ({ file, name: metadata?.name ?? '', spec })),
    );
}

// oxlint-disable-next-line typescript/no-explicit-any -- foreign manifests
function documentsOf(file: string): any[] {
  return parseAllDocuments(readFileSync(path.join(corporaFolder, file), 'utf8')).flatMap(
    (document) => {
      // A field that is null is one that is not there, as the API server reads it.
      // oxlint-disable-next-line typescript/no-explicit-any -- the same
      const object: any = JSON.parse(JSON.stringify(document.toJS() ?? {}), (_, value: unknown) =>
        value === null ? undefined : value,
      );
      return object?.kind === 'List' ? (object.items ?? []) : [object];
    },
  );
}

describeWith(corpora, 'policies of public projects', () => {
  it.each([
    ['NetworkPolicy', 'networking.k8s.io/v1', NetworkPolicySpec, 300],
    [
      'ClusterNetworkPolicy',
      'policy.networking.k8s.io/v1alpha2',
      ServedClusterNetworkPolicySpec,
      90,
    ],
  ] as const)('every valid %s is taken', (kind, apiVersion, schema, least) => {
    const policies = policiesOf(kind, apiVersion);
    const refused = policies.flatMap(({ file, name, spec }) => {
      const result = schema.safeParse(spec);
      return result.success ? [] : [`${file} ${name}: ${result.error.message}`];
    });

    expect(policies.length).toBeGreaterThan(least);
    expect(refused).toEqual([]);
  });

  describe('beside the published CRDs', () => {
    const samples = globSync('crds/crdtest/*.yaml', { cwd: corporaFolder })
      .flatMap((file) => documentsOf(file).map((object) => ({ file: path.basename(file), object })))
      .filter(({ object }) => object.kind === 'ClusterNetworkPolicy');

    it.each(samples)('$file is judged as its name says', ({ file, object }) => {
      const isTaken = ServedClusterNetworkPolicySpec.safeParse(object.spec).success;

      expect(isTaken).toBe(file.startsWith('valid-'));
    });
  });

  describe('in a blueprint', () => {
    /** Cases that must be refused and are about a kind that a blueprint carries, with the field that is wrong; verdict-input.test.ts has the others. */
    const wrong: Readonly<Record<string, RegExp>> = {
      'netpol-analyzer-invalid/np_bad_path_test_1':
        /^spec\.manifests\[1\]\.manifest\.metadata\.name$/,
      'netpol-analyzer-invalid/np_bad_path_test_2': /\.ports\[\d+\]\.endPort$/,
    };

    it.each(Object.entries(wrong))('%s is refused with the field that is wrong', (id, field) => {
      const { manifests: files = [] } = corpusCases.find((each) => each.id === id) ?? {};
      const manifests = files
        .flatMap(objectsIn)
        // oxlint-disable-next-line typescript/no-explicit-any -- foreign manifests
        .filter((object: any) => object.kind === 'NetworkPolicy')
        // oxlint-disable-next-line typescript/no-explicit-any -- the same
        .map(({ apiVersion, kind, metadata: { name }, spec }: any) => ({
          manifest: { apiVersion, kind, metadata: { name, namespace: 'default' }, spec },
        }));

      const { problems } = parseBlueprint({ manifests });

      expect(problems.map(({ path: at }) => at)).toEqual([expect.stringMatching(field)]);
    });
  });
});
