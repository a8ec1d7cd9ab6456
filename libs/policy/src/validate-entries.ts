import { pathText, type Problem } from '@picket/kernel';
import { LabelSelector } from '@picket/selector';
import type { z } from 'zod';

import { ClusterNetworkPolicySpec } from './cluster-network-policy.ts';
import { DnsLabel, kindKey, ManifestEnvelope } from './manifest.ts';
import { NetworkPolicySpec } from './network-policy.ts';
import { problemsOf } from './problems-of.ts';

const CLUSTER_POLICY = 'policy.networking.k8s.io/v1alpha2/ClusterNetworkPolicy';

/** The sections of a blueprint that turn into objects. */
export const BLUEPRINT_SECTIONS = ['clusterPolicies', 'namespacePolicies', 'manifests'] as const;

/** The entries of a blueprint with values in place; null where an entry could not be read and is told elsewhere. */
export interface Sections {
  readonly clusterPolicies?: readonly (Named | null)[] | undefined;
  readonly namespacePolicies?:
    | readonly ((Named & { readonly namespaceSelector: unknown }) | null)[]
    | undefined;
  readonly manifests?: readonly ({ readonly manifest: unknown } | null)[] | undefined;
}

interface Named {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Everything that is wrong with the entries of a blueprint whose parameters have been replaced by values. Paths start with `base`. */
export function validateEntries(sections: Sections, base: readonly PropertyKey[]): Problem[] {
  const clusterPolicies = placed(sections.clusterPolicies, [...base, 'clusterPolicies']);
  const namespacePolicies = placed(sections.namespacePolicies, [...base, 'namespacePolicies']);
  const manifests = placed(sections.manifests, [...base, 'manifests']);
  return [
    ...clusterPolicies.flatMap(({ entry: { name, spec }, path }) => [
      ...faults(DnsLabel, name, [...path, 'name']),
      ...faults(ClusterNetworkPolicySpec, spec, [...path, 'spec']),
    ]),
    ...namespacePolicies.flatMap(({ entry: { name, spec, namespaceSelector }, path }) => [
      ...faults(DnsLabel, name, [...path, 'name']),
      ...selectorFaults(namespaceSelector, [...path, 'namespaceSelector']),
      ...faults(NetworkPolicySpec, spec, [...path, 'spec']),
    ]),
    ...manifests.flatMap(({ entry: { manifest }, path }) =>
      manifestFaults(manifest, [...path, 'manifest']),
    ),
    ...conflicts(clusterPolicies, namespacePolicies, manifests),
  ];
}

interface Placed<Entry> {
  readonly entry: Entry;
  readonly path: readonly PropertyKey[];
}

function placed<Entry>(
  entries: readonly (Entry | null)[] = [],
  base: readonly PropertyKey[],
): Placed<Entry>[] {
  return entries.flatMap((entry, index) =>
    entry === null ? [] : [{ entry, path: [...base, index] }],
  );
}

function selectorFaults(selector: unknown, path: readonly PropertyKey[]): Problem[] {
  if (typeof selector !== 'string') return faults(LabelSelector, selector, path);
  return [error(path, 'TYPE_WRONG', 'must be a label selector, or a ${parameter} that is one')];
}

function manifestFaults(manifest: unknown, path: readonly PropertyKey[]): Problem[] {
  const parsed = ManifestEnvelope.safeParse(manifest);
  if (!parsed.success) return problemsOf(parsed.error, path);
  const { apiVersion, kind, spec } = parsed.data;
  if (apiVersion === 'networking.k8s.io/v1')
    return faults(NetworkPolicySpec, spec, [...path, 'spec']);
  if (kind === 'ClusterNetworkPolicy')
    return faults(ClusterNetworkPolicySpec, spec, [...path, 'spec']);
  return [];
}

function faults(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): Problem[] {
  const result = schema.safeParse(value);
  return result.success ? [] : problemsOf(result.error, path);
}

/** What two entries may not share: their object, and, since the API leaves the order undefined then, tier and priority. */
function conflicts(
  clusterPolicies: readonly Placed<Named>[],
  namespacePolicies: readonly Placed<Named>[],
  manifests: readonly Placed<{ readonly manifest: unknown }>[],
): Problem[] {
  const problems: Problem[] = [];
  const names = new Map<string, string>();
  const priorities = new Map<string, string>();
  const isTaken = (taken: Map<string, string>, key: string, path: readonly PropertyKey[]) => {
    const first = taken.get(key);
    if (first === undefined) taken.set(key, pathText(path));
    return first;
  };
  const addName = (key: string, path: readonly PropertyKey[]): void => {
    const first = isTaken(names, key, path);
    if (first !== undefined)
      problems.push(error(path, 'NAME_REPEATED', `${first} names the same object`));
  };
  const addPriority = (spec: unknown, path: readonly PropertyKey[]): void => {
    const { tier, priority } = spec as Readonly<Record<string, unknown>>;
    if (typeof tier !== 'string' || typeof priority !== 'number') return;
    const first = isTaken(priorities, `${tier} ${priority}`, path);
    const message = `${first} has the same tier and priority, so their order is undefined`;
    if (first !== undefined) problems.push(error([...path, 'priority'], 'PRIORITY_EQUAL', message));
  };

  for (const { entry, path } of clusterPolicies) {
    addName(`${CLUSTER_POLICY} ${entry.name}`, [...path, 'name']);
    addPriority(entry.spec, [...path, 'spec']);
  }
  for (const { entry, path } of namespacePolicies)
    addName(`template ${entry.name}`, [...path, 'name']);
  for (const { entry, path } of manifests) {
    const parsed = ManifestEnvelope.safeParse(entry.manifest);
    if (!parsed.success) continue;
    const { metadata, spec } = parsed.data;
    const kind = kindKey(parsed.data);
    addName(`${kind} ${metadata.namespace ?? ''} ${metadata.name}`.replace('  ', ' '), [
      ...path,
      'manifest',
      'metadata',
      'name',
    ]);
    if (kind === CLUSTER_POLICY) addPriority(spec, [...path, 'manifest', 'spec']);
  }
  return problems;
}

function error(path: readonly PropertyKey[], code: string, message: string): Problem {
  return { path: pathText(path), code, message, severity: 'error' };
}
