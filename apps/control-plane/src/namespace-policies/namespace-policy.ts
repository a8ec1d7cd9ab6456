import { DomainError } from '@picket/kernel';
import type { NamespacePolicyContent } from '@picket/policy';
import type { LabelSelector } from '@picket/selector';

import { type NamespaceClaim, NAME_LABEL, namespacesOf } from '../namespace-claims/claim.ts';

export type PolicyState = 'ACTIVE' | 'DELETED' | 'ENDED';

/** An application team's policy for namespaces of its claim, as its newest version says. With an end it is an exception. */
export interface NamespacePolicy extends NamespacePolicyContent {
  readonly id: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly project: string;
  readonly claimId: string;
  readonly claim: string;
  /** Where the database keeps which clusters the claim reaches. */
  readonly selectorId: string;
  readonly name: string;
  readonly version: number;
  readonly state: PolicyState;
  readonly reason: string | null;
  readonly author: string;
  readonly changedAt: Date;
  /** Ids of the projects that may read it, too. */
  readonly sharedWith: readonly string[];
}

/** An immutable state of one. */
export interface NamespacePolicyVersion extends NamespacePolicyContent {
  readonly policyId: string;
  readonly version: number;
  readonly reason: string | null;
  readonly author: string;
  readonly createdAt: Date;
}

/** What a policy says, without the rest. */
export function contentOf({
  namespaces,
  spec,
  expiresAt,
  owner,
}: NamespacePolicyContent): NamespacePolicyContent {
  return { namespaces, spec, expiresAt, owner };
}

/** The namespaces that a policy is for; undefined: none that the claim still has. */
export function selectedNamespaces(
  claim: Pick<NamespaceClaim, 'namespaces' | 'namespaceSelector'>,
  namespaces: readonly string[] | null,
): LabelSelector | undefined {
  const own = namespacesOf(claim);
  if (namespaces === null) return own;
  const values = namespaces.filter((name) => claim.namespaces?.includes(name) ?? true);
  if (values.length === 0) return undefined;
  const named = { key: NAME_LABEL, operator: 'In' as const, values };
  if (claim.namespaces !== null) return { matchExpressions: [named] };
  return { ...own, matchExpressions: [...(own.matchExpressions ?? []), named] };
}

export class NamespacePolicyMissing extends DomainError {
  readonly code = 'NAMESPACE_POLICY_MISSING';
  readonly kind = 'notFound';
}

/** The same words for one that is not there and for one that the actor may not see. */
export function noPolicyOf(
  by: { readonly id: string } | { readonly name: string },
): NamespacePolicyMissing {
  return new NamespacePolicyMissing(
    `There is no namespace policy ${'id' in by ? by.id : by.name}`,
    { ...by },
  );
}

/** Somebody else saved first. */
export class NamespacePolicyChanged extends DomainError {
  readonly code = 'NAMESPACE_POLICY_CHANGED';
  readonly kind = 'conflict';
}

/** What has an end is past it, or would be. */
export class ExceptionOver extends DomainError {
  readonly code = 'EXCEPTION_OVER';
  readonly kind = 'conflict';
}
