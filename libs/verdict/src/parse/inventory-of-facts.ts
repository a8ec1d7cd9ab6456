import type { Labels } from '@picket/selector';

import type { ContainerPort, Inventory, Node, Workload } from '../model/inventory.ts';
import { completeInventory } from './complete-inventory.ts';

/** What an agent says of a cluster: which label sets its pods have, not which pods there are. */
export interface Facts {
  readonly namespaces: readonly {
    readonly name: string;
    readonly labels: Labels;
    readonly labelSets: readonly LabelSet[];
  }[];
  readonly nodes?: readonly Node[];
}

/** Pods that are alike for every policy. */
export interface LabelSet {
  readonly labels: Labels;
  readonly ports?: readonly ContainerPort[];
  /** Default `default`. */
  readonly serviceAccount?: string;
  /** Default false. */
  readonly hostNetwork?: boolean;
}

/** The inventory of an agent's facts: a label set is a workload, named by its labels, with no known address. */
export function inventoryOfFacts({ namespaces, nodes = [] }: Facts): Inventory {
  return completeInventory({
    namespaces: namespaces.map(({ name, labels }) => ({ name, labels })),
    workloads: namespaces.flatMap(({ name, labelSets }) => workloadsOf(name, labelSets)),
    nodes,
    services: [],
  });
}

function workloadsOf(namespace: string, labelSets: readonly LabelSet[]): Workload[] {
  const times = new Map<string, number>();
  return labelSets.map((set) => {
    const { labels, ports = [], serviceAccount = 'default', hostNetwork = false } = set;
    const text = textOf(labels);
    const time = (times.get(text) ?? 0) + 1;
    times.set(text, time);
    // Label sets that differ in ports or service account alone are told apart by a number.
    const name = time === 1 ? text : `${text}#${time}`;
    return {
      namespace,
      name,
      kind: 'LabelSet',
      owner: `${namespace}/${name}[LabelSet]`,
      labels,
      ports,
      serviceAccount,
      hostNetwork,
      addresses: [],
    };
  });
}

/** `app=web,tier=front`, sorted by key; `-` for no labels. */
function textOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.toSorted().join(',') || '-';
}
