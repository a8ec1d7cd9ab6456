import type { Inventory } from '../model/inventory.ts';
import type { Policy, PolicyId } from '../model/policy.ts';
import { inventoryOf } from './inventory-of.ts';
import { parsePolicies } from './parse-policies.ts';
import type { ObjectProblem, SourceObject } from './source-object.ts';

export interface ParsedObjects {
  readonly inventory: Inventory;
  readonly policies: readonly Policy[];
  /** Each once, in the order of the input's files. With an error among them the API server would refuse something. */
  readonly problems: readonly ObjectProblem[];
  /** The file that each policy was read from, by its `id`, where the input names it. */
  readonly files: ReadonlyMap<PolicyId, string>;
}

/** Reads a whole input: every policy and everything that policies can select. Never throws. */
export function parseObjects(objects: readonly SourceObject[]): ParsedObjects {
  const { policies, problems, files } = parsePolicies(objects);
  const { inventory, problems: more } = inventoryOf(objects);
  const all = [...problems, ...more];
  const unique = new Map(all.map((problem) => [JSON.stringify(problem), problem]));
  return {
    inventory,
    policies,
    files,
    problems: [...unique.values()].toSorted((a, b) => compare(a.file ?? '', b.file ?? '')),
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
