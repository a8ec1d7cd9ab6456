import { diffBlueprints, type EntryChange, expand } from '@picket/compiler';
import type { Problem } from '@picket/kernel';
import { type Blueprint as BlueprintDocument, parseBlueprint } from '@picket/policy';

import { type Actor, authorize } from '../access/actor.ts';
import { type By, lookUp } from '../access/look-up.ts';
import type { Changes } from '../audit/changes.ts';
import type { ProjectRepository } from '../clusters/project.repository.ts';
import { instanceOf, visibleProject } from '../clusters/visible-project.ts';
import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import type { Sql } from '../platform/database.ts';
import { checked, nameSchema } from '../platform/input.ts';
import type { BlueprintRepository } from './blueprint.repository.ts';
import type { Blueprint, BlueprintVersion } from './blueprint.ts';
import { BlueprintMissing, noBlueprintOf, VersionMoveForbidden } from './blueprint.ts';
import { loadIncludes } from './includes.ts';

export interface Refused {
  readonly problems: readonly Problem[];
}

/** The use cases of blueprints. Publishing moves nothing: no cluster changes until an assignment does (decision 4). */
export class BlueprintService {
  readonly #changes: Changes;
  readonly #blueprints: BlueprintRepository;
  readonly #projects: ProjectRepository;

  constructor(changes: Changes, blueprints: BlueprintRepository, projects: ProjectRepository) {
    this.#changes = changes;
    this.#blueprints = blueprints;
    this.#projects = projects;
  }

  get(actor: Actor, by: By): Promise<Blueprint> {
    return lookUp(actor, 'Blueprint', by, {
      projects: this.#projects,
      things: this.#blueprints,
      missing: noBlueprintOf,
    });
  }

  async list(
    actor: Actor,
    project: string | undefined,
    first: number,
    after?: string,
  ): Promise<Connection<Blueprint>> {
    const page = pageRequest(first, after);
    const items = await this.#blueprints.list(actor.ability, project, page.after, page.first + 1);
    return connectionOf(
      items,
      page,
      (item) => `${item.project}/${item.name}`,
      () => this.#blueprints.count(actor.ability, project),
    );
  }

  async diff(actor: Actor, id: string, from: number, to: number): Promise<EntryChange[]> {
    await this.get(actor, { id });
    const [before, after] = await Promise.all([
      this.#blueprints.version(id, from),
      this.#blueprints.version(id, to),
    ]);
    return diffBlueprints(before.document, after.document);
  }

  /** Saves the draft, or says all that is wrong with it. `expected` 0 makes a new blueprint. Throws BlueprintChanged with what is there. */
  async saveDraft(
    actor: Actor,
    input: { project: string; name: string; document: unknown; expectedDraftVersion: number },
  ): Promise<Blueprint | Refused> {
    const name = checked(nameSchema, input.name, 'name');
    const project = await visibleProject(actor, this.#projects, input.project);
    authorize(actor, 'write', 'Blueprint', instanceOf(project));
    const { blueprint: document, problems } = parseBlueprint(input.document);
    return this.#changes.make(actor, async (sql, record) => {
      const existing = await this.#blueprints.findByName(project.id, name, sql);
      const about = { id: existing?.id, name, projectId: project.id };
      if (!document) {
        record({ ...about, unchanged: 'PROBLEMS' });
        return { problems };
      }
      if (!existing && input.expectedDraftVersion > 0)
        throw new BlueprintMissing(`There is no blueprint ${name} any more`, { name });
      const saved = existing
        ? await this.#blueprints.saveDraft(existing.id, document, input.expectedDraftVersion, sql)
        : await this.#blueprints.create(project.id, name, document, sql);
      record({
        ...about,
        id: saved.id,
        before: existing && { draft: existing.draft },
        after: { draft: saved.draft },
      });
      return saved;
    });
  }

  /** Makes the draft the next version, or says what is wrong with it and what it includes. */
  async publish(
    actor: Actor,
    id: string,
    expectedDraftVersion?: number,
  ): Promise<BlueprintVersion | Refused> {
    const blueprint = await this.#writable(actor, id);
    return this.#changes.make(actor, async (sql, record) => {
      const { name, projectId, draft, draftVersion } = blueprint;
      const problems = await this.problemsOf(projectId, name, draft, sql);
      if (problems.some(({ severity }) => severity === 'error')) {
        record({ ...blueprint, unchanged: 'PROBLEMS' });
        return { problems };
      }
      const expected = expectedDraftVersion ?? draftVersion;
      const published = await this.#blueprints.publish(id, expected, sql);
      record({ ...blueprint, after: { version: published.version } });
      return published;
    });
  }

  async activate(actor: Actor, id: string, version: number): Promise<BlueprintVersion> {
    const blueprint = await this.#writable(actor, id);
    return this.#changes.make(actor, async (sql, record) => {
      await this.#projects.lockBindings(blueprint.projectId, 'alone', sql);
      const { state } = await this.#blueprints.version(id, version, sql);
      if (state === 'RETIRED')
        throw new VersionMoveForbidden(`Version ${version} is retired; publish it anew`, { state });
      record({ ...blueprint, before: { version, state }, after: { version, state: 'ACTIVE' } });
      return this.#blueprints.setState(id, version, 'ACTIVE', sql);
    });
  }

  /** Lets assignments of another project bind it. The same twice is one. */
  async share(actor: Actor, id: string, projectName: string): Promise<Blueprint> {
    const blueprint = await this.#writable(actor, id);
    const project = await visibleProject(actor, this.#projects, projectName);
    return this.#changes.make(actor, async (sql, record) => {
      await this.#blueprints.share(id, project.id, sql);
      record({ ...blueprint, after: { sharedWith: projectName } });
      return this.#blueprints.get(id, sql);
    });
  }

  /** What is wrong with a document beside its own form: its includes, all the way down. */
  async problemsOf(
    projectId: string,
    name: string,
    document: BlueprintDocument,
    sql: Sql,
  ): Promise<Problem[]> {
    const { problems } = parseBlueprint(document);
    if ((document.includes ?? []).length === 0) return [...problems];
    const includes = await loadIncludes(this.#blueprints, projectId, document, sql);
    const { problems: found } = expand({ blueprint: name, version: 0, document }, {}, includes, [
      'spec',
    ]);
    // A required parameter of the blueprint itself is the assignment's business.
    return [
      ...problems,
      ...found.filter(
        ({ code, path }) => code !== 'PARAMETER_MISSING' || !path.startsWith('spec.parameters'),
      ),
    ];
  }

  async #writable(actor: Actor, id: string): Promise<Blueprint> {
    const blueprint = await this.#blueprints.get(id);
    authorize(actor, 'write', 'Blueprint', blueprint, noBlueprintOf({ id }));
    return blueprint;
  }
}
