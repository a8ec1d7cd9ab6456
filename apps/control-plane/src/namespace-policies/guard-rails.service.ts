import { GuardRails } from '@picket/policy';

import { type Actor, authorize } from '../access/actor.ts';
import { noProjectOf } from '../access/missing.ts';
import type { ProjectRepository } from '../clusters/project.repository.ts';
import { instanceOf, visibleProject } from '../clusters/visible-project.ts';
import { checked } from '../platform/input.ts';
import type { GuardRailsRepository } from './guard-rails.repository.ts';
import type { ProjectRails } from './guard-rails.ts';
import type { PolicyChanges } from './policy-changes.ts';

interface Parts {
  readonly rails: GuardRailsRepository;
  readonly projects: ProjectRepository;
  readonly changes: PolicyChanges;
}

/** The use cases of guard rails. They bind what is saved from then on; what is in force stays. */
export class GuardRailsService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async get(actor: Actor, projectName: string): Promise<ProjectRails> {
    const { rails, projects } = this.#parts;
    const project = await visibleProject(actor, projects, projectName);
    authorize(actor, 'read', 'GuardRails', instanceOf(project), noProjectOf(projectName));
    return { ...instanceOf(project), project: project.name, ...(await rails.of(project.id)) };
  }

  async set(
    actor: Actor,
    input: { project: string; rails: unknown; expectedRevision?: number | null | undefined },
  ): Promise<ProjectRails> {
    const { rails, projects, changes } = this.#parts;
    const given = checked(GuardRails, input.rails, 'rails');
    return changes.inOrganization(actor, async (sql, record) => {
      const project = await visibleProject(actor, projects, input.project, sql);
      authorize(actor, 'write', 'GuardRails', instanceOf(project), noProjectOf(input.project));
      const expected = input.expectedRevision ?? undefined;
      const before = await rails.of(project.id, sql);
      const stored = await rails.set(project.id, given, expected, sql);
      record({
        name: project.name,
        projectId: project.id,
        before: before.rails,
        after: stored.rails,
      });
      return { ...instanceOf(project), project: project.name, ...stored };
    });
  }
}
