import type { DemoCluster } from './demo-clusters.ts';
import type { KubeApi } from './kube-api.ts';

/** Puts the namespaces and pods of the demo into an empty cluster. */
export async function furnish(api: KubeApi, { namespaces }: DemoCluster): Promise<void> {
  const existing = new Set(
    (await api.list('/api/v1/namespaces')).map(({ metadata }) => metadata.name),
  );
  for (const [namespace, { labels, pods }] of Object.entries(namespaces)) {
    if (!existing.has(namespace))
      await api.create('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: namespace,
          labels: { 'kubernetes.io/metadata.name': namespace, ...labels },
        },
      });
    for (const [name, podLabels] of Object.entries(pods))
      await api.create(`/api/v1/namespaces/${namespace}/pods`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: podLabels },
        spec: { containers: [{ name: 'main', image: 'registry.example/demo' }] },
      });
  }
}
