import type { LabelSelector } from '@picket/selector';

import type { Held } from './ability.ts';
import { type Permission, ROLES } from './permissions.ts';
import type { Scope } from './scope.ts';

/** A role binding as it is stored; `permissions` are those of a custom role. */
export interface StoredBinding {
  readonly role: string;
  readonly permissions: readonly Permission[] | null;
  readonly projectId: string | null;
  readonly selector: LabelSelector | null;
}

/** What bindings give. A role that nobody knows any more gives nothing. */
export function heldBy(bindings: readonly StoredBinding[]): Held[] {
  return bindings.map(({ role, permissions, projectId, selector }) => ({
    permissions: Object.hasOwn(ROLES, role)
      ? ROLES[role as keyof typeof ROLES]
      : (permissions ?? []),
    scope: scopeOf(projectId, selector),
  }));
}

export function scopeOf(projectId: string | null, selector: LabelSelector | null): Scope {
  if (selector !== null) return { kind: 'clusters', projectId, selector };
  return projectId === null ? { kind: 'organization' } : { kind: 'project', projectId };
}
