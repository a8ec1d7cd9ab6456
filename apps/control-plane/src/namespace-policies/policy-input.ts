import type { Problem } from '@picket/kernel';
import { type NamespacePolicyContent, parseNamespacePolicy, problemsOf } from '@picket/policy';
import { z } from 'zod';

import type { NamespaceClaim } from '../namespace-claims/claim.ts';
import { checked, nameSchema } from '../platform/input.ts';

const NAMESPACES_MAX = 100;
const Namespaces = z.array(nameSchema).min(1).max(NAMESPACES_MAX).nullable();
const Words = z.string().trim().min(1).max(500);

/** What somebody wants in force, as it came. */
export interface PolicyInput {
  readonly spec: unknown;
  /** Namespaces of the claim; all of them when left out. */
  readonly namespaces?: unknown;
}

export type ReadContent =
  | { readonly content: NamespacePolicyContent; readonly problems: readonly Problem[] }
  | { readonly content?: undefined; readonly problems: readonly Problem[] };

/** The content that an input means, or everything that is wrong with it; warnings may stand beside a content. */
export function readContent(
  claim: Pick<NamespaceClaim, 'namespaces'>,
  { spec, namespaces }: PolicyInput,
  until: Pick<NamespacePolicyContent, 'expiresAt' | 'owner'> = { expiresAt: null, owner: null },
): ReadContent {
  const parsed = parseNamespacePolicy(spec);
  const names = Namespaces.safeParse(namespaces ?? null);
  const problems = [
    ...(names.success ? [] : problemsOf(names.error, ['namespaces'])),
    ...notOf(claim, names.data ?? []),
    ...parsed.problems,
  ];
  if (!names.success || !parsed.spec || problems.some(({ severity }) => severity === 'error'))
    return { problems };
  const sorted = names.data && [...new Set(names.data)].toSorted();
  return { content: { namespaces: sorted, spec: parsed.spec, ...until }, problems };
}

/** Namespaces that the claim has not. One that takes them by label may come to have any. */
export function notOf(
  { namespaces: own }: Pick<NamespaceClaim, 'namespaces'>,
  namespaces: readonly string[],
): Problem[] {
  if (own === null) return [];
  return [...namespaces.entries()]
    .filter(([, name]) => !own.includes(name))
    .map(([index, name]) => ({
      path: `namespaces[${index}]`,
      code: 'NAMESPACE_NOT_CLAIMED',
      message: `${name} is no namespace of this claim`,
      allowed: own.join(', '),
      severity: 'error' as const,
    }));
}

/** Why, or whose, in words: at most 500 characters, not only blanks. */
export function wordsIn(value: string, field: string): string {
  return checked(Words, value, field);
}

export function reasonIn(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : wordsIn(value, 'reason');
}
