import { DomainError } from '@picket/kernel';

export class ProjectMissing extends DomainError {
  readonly code = 'PROJECT_MISSING';
  readonly kind = 'notFound';
}

/** The same words for one that is not there and for one that the actor may not see. */
export function noProjectOf(name: string): ProjectMissing {
  return new ProjectMissing(`There is no project ${name}`, { name });
}

export class ClusterMissing extends DomainError {
  readonly code = 'CLUSTER_MISSING';
  readonly kind = 'notFound';
}

export function noClusterOf(
  by: { readonly id: string } | { readonly name: string },
): ClusterMissing {
  return new ClusterMissing(`There is no cluster ${'id' in by ? by.id : by.name}`, { ...by });
}

export class NamespaceClaimMissing extends DomainError {
  readonly code = 'NAMESPACE_CLAIM_MISSING';
  readonly kind = 'notFound';
}

export function noClaimOf(
  by: { readonly id: string } | { readonly name: string },
): NamespaceClaimMissing {
  return new NamespaceClaimMissing(`There is no namespace claim ${'id' in by ? by.id : by.name}`, {
    ...by,
  });
}
