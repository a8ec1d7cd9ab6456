import { pathText, type Json, type Problem } from '@picket/kernel';
import { LabelSelector } from '@picket/selector';
import type { z } from 'zod';

import type { Blueprint } from './blueprint.ts';
import { ClusterNetworkPolicySpec } from './cluster-network-policy.ts';
import { DnsLabel, ManifestEnvelope } from './manifest.ts';
import { NetworkPolicySpec } from './network-policy.ts';
import { problemsOf } from './problems-of.ts';

/** The sections of a blueprint that turn into objects. */
export const BLUEPRINT_SECTIONS = ['clusterPolicies', 'namespacePolicies', 'manifests'] as const;

type Sections = Pick<Blueprint, (typeof BLUEPRINT_SECTIONS)[number]>;

/** Everything that is wrong with the entries of a blueprint whose parameters have been replaced by values. Paths start with `base`. */
export function validateEntries(sections: Sections, base: readonly PropertyKey[]): Problem[] {
  return [
    ...(sections.clusterPolicies ?? []).flatMap(({ name, spec }, index) => {
      const path = [...base, 'clusterPolicies', index];
      return [
        ...faults(DnsLabel, name, [...path, 'name']),
        ...faults(ClusterNetworkPolicySpec, spec, [...path, 'spec']),
      ];
    }),
    ...(sections.namespacePolicies ?? []).flatMap(({ name, spec, namespaceSelector }, index) => {
      const path = [...base, 'namespacePolicies', index];
      return [
        ...faults(DnsLabel, name, [...path, 'name']),
        ...faults(LabelSelector, namespaceSelector, [...path, 'namespaceSelector']),
        ...faults(NetworkPolicySpec, spec, [...path, 'spec']),
      ];
    }),
    ...(sections.manifests ?? []).flatMap(({ manifest }, index) =>
      manifestFaults(manifest, [...base, 'manifests', index, 'manifest']),
    ),
    ...equalPriorities(sections, base),
    ...repeatedNames(sections, base),
  ];
}

function manifestFaults(manifest: Json, path: readonly PropertyKey[]): Problem[] {
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

/** Same tier and same priority: the API leaves their order undefined. */
function equalPriorities(
  { clusterPolicies = [] }: Sections,
  base: readonly PropertyKey[],
): Problem[] {
  const first = new Map<string, string>();
  return clusterPolicies.flatMap(({ name, spec }, index) => {
    const key = `${JSON.stringify(spec['tier'])} priority ${JSON.stringify(spec['priority'])}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, name);
      return [];
    }
    const path = pathText([...base, 'clusterPolicies', index, 'spec', 'priority']);
    const message = `policy ${other} has the same tier and priority, so their order is undefined`;
    return [{ path, code: 'PRIORITY_EQUAL', message, severity: 'error' as const }];
  });
}

function repeatedNames(sections: Sections, base: readonly PropertyKey[]): Problem[] {
  return (['clusterPolicies', 'namespacePolicies'] as const).flatMap((section) => {
    const seen = new Set<string>();
    return (sections[section] ?? []).flatMap(({ name }, index) => {
      const repeated = seen.has(name);
      seen.add(name);
      const path = pathText([...base, section, index, 'name']);
      const message = `another entry of ${section} has this name`;
      return repeated ? [{ path, code: 'NAME_REPEATED', message, severity: 'error' as const }] : [];
    });
  });
}
