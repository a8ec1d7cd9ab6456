import type { Manifest } from '@picket/compiler';

import type { KubeApi } from './kube-api.ts';
import { objectPath } from './kinds.ts';

/** Holds everything open in one namespace. */
function bracketOf(namespace: string): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      namespace,
      name: 'picket-bracket',
      labels: { 'app.kubernetes.io/managed-by': 'picket' },
      annotations: {},
    },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
  };
}

/**
 * Where several NetworkPolicies first come to a namespace that has none, the first one written would isolate its pods from all that the
 * others allow. So a temporary policy that allows everything goes before them and away after them (decision 8).
 *
 * Never in a namespace where policies exist already: there it would open what is closed.
 */
export async function withBracket(
  api: KubeApi,
  namespace: string,
  count: number,
  write: () => Promise<void>,
): Promise<void> {
  if (count < 2 || (await hasPolicies(api, namespace))) return write();
  const bracket = bracketOf(namespace);
  await api.apply(objectPath(bracket), bracket, { force: true });
  try {
    await write();
  } finally {
    await api.delete(objectPath(bracket));
  }
}

async function hasPolicies(api: KubeApi, namespace: string): Promise<boolean> {
  const { items } = await api.get<{ items: unknown[] }>(
    `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies?limit=1`,
  );
  return items.length > 0;
}
