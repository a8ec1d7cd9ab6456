import type { DomainError } from '@picket/kernel';

import { type Instance, mayDo } from './ability.ts';
import type { Actor } from './actor.ts';
import type { Thing } from './permissions.ts';

interface Project {
  readonly id: string;
  readonly organizationId: string;
}

/** Of no project. */
export const NO_PROJECT = '00000000-0000-0000-0000-000000000000';

/**
 * A thing by name in a project by name. What the actor may not see answers like what is not there, and costs the same: nobody learns from
 * an error, nor from its time, that a project or a thing exists.
 */
export async function lookUp<Found extends Instance>(
  actor: Actor,
  thing: Thing,
  {
    project,
    find,
    projectMissing,
    missing,
  }: {
    readonly project: Project | undefined;
    readonly find: (projectId: string) => Promise<Found | undefined>;
    readonly projectMissing: DomainError;
    readonly missing: DomainError;
  },
): Promise<Found> {
  const found = await find(project?.id ?? NO_PROJECT);
  if (found && mayDo(actor.ability, 'read', thing, found)) return found;
  const seesNoProject = actor.ability.cannot('read', 'Project');
  const seesThisOne =
    project !== undefined &&
    mayDo(actor.ability, 'read', 'Project', {
      organizationId: project.organizationId,
      projectId: project.id,
    });
  throw seesThisOne || seesNoProject ? missing : projectMissing;
}
