import { pathText, type Problem } from '@picket/kernel';
import { problemsOf } from '@picket/policy';

import type { Inventory, Namespace, Node, Service, Workload } from '../model/inventory.ts';
import { completeInventory } from './complete-inventory.ts';
import { labelsOf, Metadata, type ReadResult } from './metadata.ts';
import { readNode, readService } from './read-infrastructure.ts';
import { readWorkload } from './read-workload.ts';
import { inObject, openEnvelopes, type ObjectProblem, type SourceObject } from './source-object.ts';

export interface ParsedInventory {
  readonly inventory: Inventory;
  readonly problems: readonly ObjectProblem[];
}

/**
 * Reads namespaces, workloads, nodes and services among Kubernetes objects; other kinds are left alone. Never throws.
 *
 * An object that cannot be read is a problem and is left out. Namespaces that are only named are added.
 */
export function inventoryOf(objects: readonly SourceObject[]): ParsedInventory {
  const { envelopes, problems: faults } = openEnvelopes(objects);
  const problems: ObjectProblem[] = [...faults];
  const namespaces = new Map<string, Namespace>();
  const workloads = new Map<string, Workload>();
  const nodes = new Map<string, Node>();
  const services = new Map<string, Service>();
  for (const envelope of envelopes) {
    const put = <Thing>(things: Map<string, Thing>, result: ReadResult<Thing>): void => {
      const { error } = Metadata.safeParse(envelope.value);
      const found = [
        ...(error ? problemsOf(error) : []),
        ...('error' in result ? problemsOf(result.error) : []),
      ];
      problems.push(...unique(found).map((problem) => inObject(problem, envelope)));
      if (found.length > 0 || 'error' in result) return;
      const key = `${envelope.kind} ${envelope.namespace ?? 'default'}/${envelope.name ?? ''}`;
      if (things.has(key)) problems.push(inObject(repeated(key), envelope));
      else things.set(key, result.thing);
    };
    switch (`${envelope.apiVersion} ${envelope.kind}`) {
      case 'v1 Namespace':
        put(namespaces, { thing: { name: envelope.name ?? '', labels: labelsOf(envelope) } });
        break;
      case 'v1 Node':
        put(nodes, readNode(envelope));
        break;
      case 'v1 Service':
        put(services, readService(envelope));
        break;
      default: {
        const workload = readWorkload(envelope);
        if (workload) put(workloads, workload);
      }
    }
  }
  const inventory = completeInventory({
    namespaces: [...namespaces.values()],
    workloads: [...workloads.values()],
    nodes: [...nodes.values()],
    services: [...services.values()],
  });
  return { inventory, problems };
}

function unique(problems: readonly Problem[]): Problem[] {
  return [
    ...new Map(problems.map((problem) => [`${problem.path} ${problem.code}`, problem])).values(),
  ];
}

function repeated(key: string): Problem {
  return {
    path: pathText(['metadata', 'name']),
    code: 'OBJECT_REPEATED',
    message: `${key} is there twice`,
    severity: 'error',
  };
}
