import type { Inventory, Workload } from '@picket/verdict';

/** The inventory as a repository would hold it: Namespaces, and each workload as a Deployment with what such manifests say besides. */
export function manifestsOf({ namespaces, workloads }: Inventory): object[] {
  return [
    ...namespaces.map(({ name, labels }) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    })),
    ...workloads.map(deploymentOf),
  ];
}

function deploymentOf({ namespace, name, labels, ports, serviceAccount }: Workload): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: serviceAccount,
          containers: [
            {
              name: 'main',
              image: 'registry.example/app:1.2.3',
              ports: ports.map((each) => ({
                name: each.name,
                containerPort: each.port,
                protocol: each.protocol,
              })),
              resources: {
                requests: { cpu: '100m', memory: '128Mi' },
                limits: { cpu: '1', memory: '256Mi' },
              },
              env: [{ name: 'MODE', value: 'production' }],
            },
          ],
        },
      },
    },
  };
}
