import { DomainError } from '@picket/kernel';
import type { LabelSelector } from '@picket/selector';

/** Namespaces that a project owns in the clusters that a selector picks: by name, or by labels that tenants cannot set. */
export interface NamespaceClaim {
  readonly id: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly project: string;
  readonly name: string;
  /** Name of the project whose clusters it speaks of; null: those of all. */
  readonly clusterProject: string | null;
  readonly clusterSelector: LabelSelector;
  /** Where the database keeps which clusters those are. */
  readonly selectorId: string;
  readonly namespaces: readonly string[] | null;
  readonly namespaceSelector: LabelSelector | null;
  readonly createdAt: Date;
  /** As access asks for it: its own id. */
  readonly claimId: string;
}

/** No tenant owns these: what they hold up holds up the cluster, or Picket itself. */
export const RESERVED_NAMESPACES = [
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'picket-system',
] as const;

/** Set by the API server itself, so no tenant can forge it (KEP-2161). */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

/** The namespaces of a claim, as agents select them; never a reserved one. */
export function namespacesOf({
  namespaces,
  namespaceSelector,
}: Pick<NamespaceClaim, 'namespaces' | 'namespaceSelector'>): LabelSelector {
  if (namespaces !== null)
    return { matchExpressions: [{ key: NAME_LABEL, operator: 'In', values: [...namespaces] }] };
  return {
    ...namespaceSelector,
    matchExpressions: [
      ...(namespaceSelector?.matchExpressions ?? []),
      { key: NAME_LABEL, operator: 'NotIn', values: [...RESERVED_NAMESPACES] },
    ],
  };
}

export class NamespaceClaimExists extends DomainError {
  readonly code = 'NAMESPACE_CLAIM_EXISTS';
  readonly kind = 'conflict';
}

/** Something still depends on it. */
export class NamespaceClaimInUse extends DomainError {
  readonly code = 'NAMESPACE_CLAIM_IN_USE';
  readonly kind = 'conflict';
}

/** A namespace has one owner in a cluster. Who that is, is not told. */
export class NamespaceClaimed extends DomainError {
  readonly code = 'NAMESPACE_CLAIMED';
  readonly kind = 'conflict';
}

/** Claims select namespaces by this label. */
export class TrustedLabelInUse extends DomainError {
  readonly code = 'TRUSTED_LABEL_IN_USE';
  readonly kind = 'conflict';
}
