import type { Manifest, NamespaceTemplate, PolicySet, PolicySetObject } from '@picket/compiler';

/** Manifests and sets for tests. */
export function networkPolicy(name: string, more: Partial<Manifest> = {}): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name,
      labels: { 'app.kubernetes.io/managed-by': 'picket', 'picket.dev/blueprint': 'b' },
      annotations: {},
    },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
    ...more,
  };
}

export function inNamespace(manifest: Manifest, namespace: string): PolicySetObject {
  return {
    adoption: 'Never',
    manifest: { ...manifest, metadata: { ...manifest.metadata, namespace } },
  };
}

export function template(
  manifest: Manifest,
  matchLabels: Readonly<Record<string, string>> = {},
): NamespaceTemplate {
  return { adoption: 'Never', manifest, namespaceSelector: { matchLabels } };
}

export function policySet(
  objects: readonly PolicySetObject[],
  templates: readonly NamespaceTemplate[] = [],
): PolicySet {
  return { format: 1, objects, templates };
}
