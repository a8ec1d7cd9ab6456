import type { DomainError } from '@picket/kernel';

import { type Instance, mayDo } from './ability.ts';
import { type Actor, authorize } from './actor.ts';
import { noProjectOf } from './missing.ts';
import type { Thing } from './permissions.ts';

/** How people name one thing: by its id, or by its name in a project (`default` when left out). */
export interface By {
  readonly id?: string;
  readonly name?: string;
  readonly project?: string;
}

/** Where to look. */
export interface Places<Found> {
  readonly projects: {
    findByName(
      organizationId: string,
      name: string,
    ): Promise<{ readonly id: string; readonly organizationId: string } | undefined>;
  };
  readonly things: {
    /** Throws `missing` when there is none. */
    get(id: string): Promise<Found>;
    findByName(projectId: string, name: string): Promise<Found | undefined>;
  };
  readonly missing: (by: { readonly id: string } | { readonly name: string }) => DomainError;
}

/** Of no project. */
export const NO_PROJECT = '00000000-0000-0000-0000-000000000000';

/**
 * One thing that the actor may read. What the actor may not see answers like what is not there, and costs the same: nobody learns from an
 * error, nor from its time, that a project or a thing exists.
 */
export async function lookUp<Found extends Instance>(
  actor: Actor,
  thing: Thing,
  { id, name = '', project = 'default' }: By,
  { projects, things, missing }: Places<Found>,
): Promise<Found> {
  if (id) {
    const found = await things.get(id);
    authorize(actor, 'read', thing, found, missing({ id }));
    return found;
  }
  const place = await projects.findByName(actor.organizationId, project);
  const found = await things.findByName(place?.id ?? NO_PROJECT, name);
  if (found && mayDo(actor.ability, 'read', thing, found)) return found;
  const seesNoProject = actor.ability.cannot('read', 'Project');
  const seesThisOne =
    place !== undefined &&
    mayDo(actor.ability, 'read', 'Project', {
      organizationId: place.organizationId,
      projectId: place.id,
    });
  throw seesThisOne || seesNoProject ? missing({ name }) : noProjectOf(project);
}
