import { noProjectOf } from '../access/missing.ts';
import { type Actor, authorize } from '../access/actor.ts';
import type { Sql } from '../platform/database.ts';

import type { Project, ProjectRepository } from './project.repository.ts';

/** The project in which the actor makes something. Throws ProjectMissing also for one that the actor may not see. */
export async function visibleProject(
  actor: Actor,
  projects: ProjectRepository,
  name: string,
  sql?: Sql,
): Promise<Project> {
  const project = await projects.findByName(actor.organizationId, name, sql);
  if (!project) throw noProjectOf(name);
  authorize(actor, 'read', 'Project', instanceOf(project), noProjectOf(name));
  return project;
}

/** What the rules of access need to know of a project, and of what is made in it. */
export function instanceOf({ organizationId, id }: Project): {
  organizationId: string;
  projectId: string;
} {
  return { organizationId, projectId: id };
}
