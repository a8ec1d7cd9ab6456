import { DomainError, type Json } from '@picket/kernel';
import type { LabelSelector } from '@picket/selector';

/** Binds a blueprint version to the clusters that a selector picks, with parameters. */
export interface Assignment {
  readonly id: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly project: string;
  readonly name: string;
  readonly blueprintId: string;
  readonly blueprint: string;
  /** The project that owns the blueprint: its own, or one that shares it. */
  readonly blueprintProjectId: string;
  readonly version: number;
  readonly clusterSelector: LabelSelector;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly revision: number;
}

export class AssignmentMissing extends DomainError {
  readonly code = 'ASSIGNMENT_MISSING';
  readonly kind = 'notFound';
}

/** The same words for one that is not there and for one that the actor may not see. */
export function noAssignmentOf(
  by: { readonly id: string } | { readonly name: string },
): AssignmentMissing {
  return new AssignmentMissing(`There is no assignment ${'id' in by ? by.id : by.name}`, { ...by });
}

export class AssignmentExists extends DomainError {
  readonly code = 'ASSIGNMENT_EXISTS';
  readonly kind = 'conflict';
}

/** Somebody else changed it first. */
export class AssignmentChanged extends DomainError {
  readonly code = 'ASSIGNMENT_CHANGED';
  readonly kind = 'conflict';
}

/** Only an ACTIVE version can be newly pinned. */
export class VersionNotActive extends DomainError {
  readonly code = 'VERSION_NOT_ACTIVE';
  readonly kind = 'conflict';
}
