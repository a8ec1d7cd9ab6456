import type { Labels } from '@picket/selector';

import type { Inventory, Workload } from '../model/inventory.ts';

export interface WrittenSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'DoesNotExist';
  }[];
}

/** Labels that controllers put on pods, other ones on the next pod of the same workload (kubernetes.io, "Well-Known Labels"). */
const PASSING_LABELS = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-completion-index',
  'controller-uid',
]);

/**
 * A selector for the pods of the workload and, in its namespace, as few others as labels can tell apart: all labels that last, and none of
 * those that make another workload more special.
 */
export function selectorOf(
  { namespace, labels }: Workload,
  { workloads }: Inventory,
): WrittenSelector {
  const own = Object.entries(labels).filter(([key]) => !PASSING_LABELS.has(key));
  const alike = workloads.filter(
    (other) =>
      other.namespace === namespace && own.every(([key, value]) => other.labels[key] === value),
  );
  const excluded = new Set<string>();
  for (const other of alike) {
    const more = Object.keys(other.labels)
      .filter((key) => !Object.hasOwn(labels, key) && !PASSING_LABELS.has(key))
      .toSorted();
    if (more[0] !== undefined && !more.some((key) => excluded.has(key))) excluded.add(more[0]);
  }
  return {
    ...(own.length > 0 && { matchLabels: Object.fromEntries(own) }),
    ...(excluded.size > 0 && {
      matchExpressions: [...excluded]
        .toSorted()
        .map((key) => ({ key, operator: 'DoesNotExist' as const })),
    }),
  };
}
