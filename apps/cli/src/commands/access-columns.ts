import type { Place, Subject } from '../hub/access-operations.ts';
import type { Column } from '../output/render.ts';

export const SUBJECT_COLUMNS: readonly Column<Subject>[] = [
  ['KIND', ({ subjectKind }) => subjectKind.toLowerCase()],
  ['SUBJECT', ({ subject }) => subject],
];

/** `organization`, or `project shop, clusters {"matchLabels":…}`. */
export function describePlace({ project, clusterSelector, claim }: Place): string {
  const parts = [
    ...(project === null ? [] : [`project ${project}`]),
    ...(claim === null ? [] : [`claim ${claim}`]),
    ...(clusterSelector === null ? [] : [`clusters ${JSON.stringify(clusterSelector)}`]),
  ];
  return parts.join(', ') || 'organization';
}
