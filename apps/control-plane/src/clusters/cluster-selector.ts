import { LabelSelector } from '@picket/selector';

/** Each becomes a parameter of a statement, of which PostgreSQL takes 65,535. */
const REQUIREMENTS_MAX = 1_000;

/** A selector over cluster labels, with at most 1,000 labels and values all in all. */
export const ClusterSelector = LabelSelector.refine(
  (selector) => requirementsOf(selector) <= REQUIREMENTS_MAX,
  { error: `at most ${REQUIREMENTS_MAX} labels and values are allowed` },
);

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): number {
  return matchExpressions.reduce(
    (sum, { values = [] }) => sum + Math.max(values.length, 1),
    Object.keys(matchLabels).length,
  );
}
