import { compare } from '../engine/connectivity.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Policy } from '../model/policy.ts';
import { listBroad } from './broad.ts';
import type { LintProblem } from './lint-problem.ts';
import { listUnselecting } from './unselecting.ts';
import { listUndecided } from './undecided.ts';
import { listUnneededProblems } from './unneeded-problems.ts';

/**
 * What is suspicious about policies, decided by what they mean and not by how they are written; sorted by policy, then direction and rule.
 *
 * Redundant and shadowed hold in every cluster, not only in this one, and for all that are reported together: without all of them no
 * verdict that is known changes. What selects nothing is asked of the inventory; one without workloads is not asked.
 */
export function lint(policies: readonly Policy[], inventory: Inventory): LintProblem[] {
  const place = new Map(policies.map(({ id }, index) => [id, index]));
  return [
    ...listUnneededProblems(policies),
    ...listUnselecting(policies, inventory),
    ...listUndecided(policies),
    ...listBroad(policies),
  ].toSorted(
    (a, b) =>
      (place.get(a.policy) ?? 0) - (place.get(b.policy) ?? 0) ||
      compare(a.direction ?? '', b.direction ?? '') ||
      (a.rule?.index ?? -1) - (b.rule?.index ?? -1),
  );
}
