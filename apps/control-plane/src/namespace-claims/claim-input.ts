import type { Problem } from '@picket/kernel';
import { LabelSelector } from '@picket/selector';
import { z } from 'zod';

import { ClusterSelector } from '../clusters/cluster-selector.ts';
import { checked, InputInvalid, nameSchema } from '../platform/input.ts';
import { NAME_LABEL, RESERVED_NAMESPACES } from './claim.ts';

const NAMESPACES_MAX = 100;
const Namespaces = z
  .array(nameSchema)
  .min(1)
  .max(NAMESPACES_MAX)
  .transform((names) => [...new Set(names)].toSorted());

export interface ClaimContent {
  readonly clusterSelector: LabelSelector;
  readonly namespaces: readonly string[] | null;
  readonly namespaceSelector: LabelSelector | null;
}

/** Checks the form of a claim. Labels that tenants could set do not say whose a namespace is. */
export function contentOf(
  input: { clusterSelector: unknown; namespaces?: unknown; namespaceSelector?: unknown },
  trustedLabels: readonly string[],
): ClaimContent {
  const clusterSelector = checked(ClusterSelector, input.clusterSelector, 'clusterSelector');
  const namespaces = checked(
    Namespaces.nullable() as z.ZodType<readonly string[] | null>,
    input.namespaces ?? null,
    'namespaces',
  );
  const namespaceSelector = checked(
    LabelSelector.nullable(),
    input.namespaceSelector ?? null,
    'namespaceSelector',
  );
  const problems: Problem[] = [];
  if ((namespaces === null) === (namespaceSelector === null))
    problems.push(
      problem('namespaces', 'ONE_OF', 'give either namespaces or namespaceSelector, not both'),
    );
  const reserved = namespaces?.filter((name) => isReserved(name)) ?? [];
  if (reserved.length > 0)
    problems.push(
      problem('namespaces', 'RESERVED', `${reserved.join(', ')}: no project can own these`),
    );
  if (namespaceSelector !== null)
    problems.push(...untrusted(namespaceSelector, new Set([...trustedLabels, NAME_LABEL])));
  if (problems.length > 0) throw new InputInvalid('Invalid namespace claim', problems);
  return { clusterSelector, namespaces, namespaceSelector };
}

function untrusted(selector: LabelSelector, trusted: ReadonlySet<string>): Problem[] {
  const positive = [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? [])
      .filter(({ operator }) => operator === 'In' || operator === 'Exists')
      .map(({ key }) => key),
  ];
  const keys = [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map(({ key }) => key),
  ];
  const allowed = [...trusted].toSorted().join(', ');
  return [
    ...keys
      .filter((key) => !trusted.has(key))
      .map((key) =>
        problem(
          'namespaceSelector',
          'LABEL_NOT_TRUSTED',
          `tenants could set the label ${key}; allowed are ${allowed}`,
        ),
      ),
    ...(positive.length > 0
      ? []
      : [
          problem(
            'namespaceSelector',
            'TOO_WIDE',
            'must ask for at least one label with matchLabels, In or Exists: else it takes every namespace that nobody labelled',
          ),
        ]),
  ];
}

function isReserved(name: string): boolean {
  return (RESERVED_NAMESPACES as readonly string[]).includes(name);
}

function problem(path: string, code: string, message: string): Problem {
  return { path, code, message, severity: 'error' };
}
