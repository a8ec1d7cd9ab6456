import type { DomainError } from '@picket/kernel';

import { type Instance, mayDo } from './ability.ts';
import type { Actor } from './actor.ts';
import type { Thing } from './permissions.ts';

interface Project {
  readonly id: string;
  readonly organizationId: string;
}

/**
 * A thing by name in a project by name. What the actor may not see answers like what is not there: nobody learns from an error that a
 * project or a thing exists.
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
  const found = project && (await find(project.id));
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
