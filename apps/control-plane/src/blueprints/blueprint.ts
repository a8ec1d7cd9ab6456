import { DomainError, type Json } from '@picket/kernel';
import type { Blueprint as BlueprintDocument } from '@picket/policy';

export type VersionState = 'PUBLISHED' | 'ACTIVE' | 'RETIRED';

/** The editable intent and, apart from it, its published versions. */
export interface Blueprint {
  readonly id: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly project: string;
  readonly name: string;
  readonly draft: BlueprintDocument;
  readonly draftVersion: number;
  /** Ids of the projects whose assignments may bind it, too. */
  readonly sharedWith: readonly string[];
}

/** A published, immutable, numbered state. */
export interface BlueprintVersion {
  readonly blueprintId: string;
  readonly version: number;
  readonly document: BlueprintDocument;
  readonly state: VersionState;
  readonly publishedAt: Date;
}

export class BlueprintMissing extends DomainError {
  readonly code = 'BLUEPRINT_MISSING';
  readonly kind = 'notFound';
}

/** The same words for one that is not there and for one that the actor may not see. */
export function noBlueprintOf(
  by: { readonly id: string } | { readonly name: string },
): BlueprintMissing {
  return new BlueprintMissing(`There is no blueprint ${'id' in by ? by.id : by.name}`, { ...by });
}

export class VersionMissing extends DomainError {
  readonly code = 'VERSION_MISSING';
  readonly kind = 'notFound';
}

/** Somebody else saved first. The client reloads, shows both versions and asks. */
export class BlueprintChanged extends DomainError {
  readonly code = 'BLUEPRINT_CHANGED';
  readonly kind = 'conflict';

  constructor(name: string, expected: number, actual: number, draft: Json) {
    super(
      `The draft of ${name} is at version ${actual}, not ${expected}: somebody saved before you`,
      {
        expectedDraftVersion: expected,
        actualDraftVersion: actual,
        draft,
      },
    );
  }
}

export class VersionMoveForbidden extends DomainError {
  readonly code = 'VERSION_MOVE_FORBIDDEN';
  readonly kind = 'conflict';
}

/** Assignments still pin the version, so retiring it would take its objects away. */
export class VersionInUse extends DomainError {
  readonly code = 'VERSION_IN_USE';
  readonly kind = 'conflict';
}

/** Assignments of a project bind the blueprint, so it cannot be taken from it. */
export class BlueprintInUse extends DomainError {
  readonly code = 'BLUEPRINT_IN_USE';
  readonly kind = 'conflict';
}
