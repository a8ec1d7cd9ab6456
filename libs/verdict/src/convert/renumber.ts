import type { Problem } from '@picket/kernel';

import { listUndecided } from '../lint/undecided.ts';
import { parsePolicies } from '../parse/parse-policies.ts';
import type { Envelope, ObjectProblem } from '../parse/source-object.ts';
import { assignPriorities, MAX_PRIORITY } from './assign-priorities.ts';

/** A cluster-wide policy on its way. `priority` is of its first part. */
export interface Written {
  readonly envelope: Envelope;
  readonly isOld: boolean;
  readonly tier: 'Admin' | 'Baseline';
  readonly parts: readonly object[];
  priority: number;
}

/** Gives every policy of the tier its new priority, or says why that cannot be. */
export function renumber(policies: readonly Written[], tier: Written['tier']): ObjectProblem[] {
  const problems: ObjectProblem[] = [];
  const groups = [...Map.groupBy(policies, ({ priority }) => priority)]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, group]): Written[][] => {
      // Policies of one priority keep one; to be split they need several each, which is right where their order has no meaning.
      if (group.every(({ parts }) => parts.length === 1)) return [group];
      problems.push(...disagreements(group));
      return group.map((policy) => [policy]);
    });
  const places = groups.map((group) => ({
    priority: group[0]?.priority ?? 0,
    width: Math.max(...group.map(({ parts }) => parts.length)),
  }));
  const firsts = assignPriorities(places);
  if (!firsts) {
    const needed = places.reduce((sum, { width }) => sum + width, 0);
    const message = `tier ${tier} would need ${needed} priorities, and has ${MAX_PRIORITY + 1}: join policies, or give them fewer rules`;
    return [{ path: '', code: 'PRIORITIES_EXHAUSTED', message, severity: 'error' }];
  }
  for (const [index, group] of groups.entries())
    for (const policy of group) policy.priority = firsts[index] ?? 0;
  return problems;
}

function disagreements(group: readonly Written[]): ObjectProblem[] {
  const { policies } = parsePolicies(group.map(({ envelope: { value } }) => ({ value })));
  // They have one priority here, wherever the old kinds stand.
  return listUndecided(policies).map(({ message, policy }): ObjectProblem => {
    const problem: Problem = {
      path: 'spec.priority',
      code: 'PRIORITY_UNDECIDED',
      message,
      severity: 'error',
    };
    return { ...problem, kind: policy.kind, name: policy.name };
  });
}
