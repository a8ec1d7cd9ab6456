import { NAMESPACE_NAME_LABEL, type Inventory, type Namespace } from '../model/inventory.ts';

/**
 * Adds what the API server would have seen to: a Namespace for every name that a workload or service uses, and
 * `kubernetes.io/metadata.name` on each, whatever was written there. Everything sorted by name, so order has no effect.
 */
export function completeInventory(inventory: Inventory): Inventory {
  const { namespaces, workloads, nodes, services } = inventory;
  const labels = new Map(namespaces.map((namespace) => [namespace.name, namespace.labels]));
  for (const { namespace } of [...workloads, ...services])
    if (!labels.has(namespace)) labels.set(namespace, {});
  return {
    namespaces: [...labels]
      .map(([name, own]): Namespace => ({ name, labels: { ...own, [NAMESPACE_NAME_LABEL]: name } }))
      .toSorted((a, b) => compare(a.name, b.name)),
    workloads: workloads.toSorted(
      (a, b) =>
        compare(a.namespace, b.namespace) || compare(a.name, b.name) || compare(a.kind, b.kind),
    ),
    nodes: nodes.toSorted((a, b) => compare(a.name, b.name)),
    services: services.toSorted(
      (a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name),
    ),
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
