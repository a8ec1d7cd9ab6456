import { expand } from '@picket/compiler';
import { z } from 'zod';

import { mayDo } from '../access/ability.ts';
import { type Actor, authorize } from '../access/actor.ts';
import { type By, lookUp } from '../access/look-up.ts';
import type { Changes } from '../audit/changes.ts';
import type { BlueprintRepository } from '../blueprints/blueprint.repository.ts';
import {
  type Blueprint,
  BlueprintInUse,
  type BlueprintVersion,
  noBlueprintOf,
  VersionInUse,
} from '../blueprints/blueprint.ts';
import { loadIncludes } from '../blueprints/includes.ts';
import { ClusterSelector } from '../clusters/cluster-selector.ts';
import { clustersStale } from '../clusters/cluster.jobs.ts';
import type { ClusterRepository } from '../clusters/cluster.repository.ts';
import type { ProjectRepository } from '../clusters/project.repository.ts';
import { instanceOf, visibleProject } from '../clusters/visible-project.ts';
import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import type { Sql } from '../platform/database.ts';
import { InputInvalid, checked, nameSchema } from '../platform/input.ts';
import type { JobQueue } from '../platform/jobs.ts';
import type { AssignmentContent, AssignmentRepository } from './assignment.repository.ts';
import { type Assignment, noAssignmentOf, VersionNotActive } from './assignment.ts';

const Parameters = z.record(z.string(), z.json());

export interface AssignmentResult {
  readonly assignment: Assignment;
  readonly warnings: readonly string[];
  readonly matchedClusters: number;
}

interface Parts {
  readonly changes: Changes;
  readonly assignments: AssignmentRepository;
  readonly blueprints: BlueprintRepository;
  readonly clusters: ClusterRepository;
  readonly projects: ProjectRepository;
  readonly jobs: JobQueue;
}

export interface AssignmentChange {
  readonly version?: number | undefined;
  readonly clusterSelector?: unknown;
  readonly parameters?: unknown;
}

/** The use cases of assignments. Each change marks the clusters it touches, before and after, in its own transaction. */
export class AssignmentService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get(actor: Actor, by: By): Promise<Assignment> {
    const { assignments, projects } = this.#parts;
    return lookUp(actor, 'Assignment', by, {
      projects,
      things: assignments,
      missing: noAssignmentOf,
    });
  }

  async list(
    actor: Actor,
    project: string | undefined,
    first: number,
    after?: string,
  ): Promise<Connection<Assignment>> {
    const page = pageRequest(first, after);
    const { assignments } = this.#parts;
    const items = await assignments.list(actor.ability, project, page.after, page.first + 1);
    return connectionOf(
      items,
      page,
      (item) => `${item.project}/${item.name}`,
      () => assignments.count(actor.ability, project),
    );
  }

  async create(
    actor: Actor,
    input: {
      project: string;
      name: string;
      blueprintId: string;
      version: number;
      clusterSelector: unknown;
      parameters?: unknown;
    },
  ): Promise<AssignmentResult> {
    const { changes, blueprints, projects } = this.#parts;
    const name = checked(nameSchema, input.name, 'name');
    const project = await visibleProject(actor, projects, input.project);
    authorize(actor, 'write', 'Assignment', instanceOf(project));
    const { blueprintId } = input;
    const blueprint = await blueprints.get(blueprintId);
    authorize(actor, 'read', 'Blueprint', blueprint, noBlueprintOf({ id: blueprintId }));
    mustBeUsable(blueprint, project.id, 'blueprintId');
    const content = contentOf(
      input.blueprintId,
      input.version,
      input.clusterSelector,
      input.parameters,
    );
    const result = await changes.make(actor, async (sql, record) => {
      await blueprints.lockVersions(blueprintId, 'shared', sql);
      await projects.lockBindings(project.id, 'alone', sql);
      const made = await this.createIn(actor, project.id, name, content, sql);
      record({ ...made.assignment, after: shown(made.assignment) });
      return made;
    });
    await this.#parts.jobs.enqueue(clustersStale, {});
    return result;
  }

  /** Part of a transaction that holds `lockBindings` alone: the caller enqueues `clustersStale` when it has committed. */
  async createIn(
    actor: Actor,
    projectId: string,
    name: string,
    content: AssignmentContent,
    sql: Sql,
  ): Promise<AssignmentResult> {
    const { assignments, clusters } = this.#parts;
    await this.#checkPin(projectId, content, sql);
    const assignment = await assignments.create(projectId, name, content, sql);
    await clusters.markStale(projectId, [content.clusterSelector], sql);
    return this.#result(actor, assignment, sql);
  }

  async change(
    actor: Actor,
    id: string,
    expectedRevision: number | undefined,
    change: AssignmentChange,
  ): Promise<AssignmentResult> {
    const { changes, jobs } = this.#parts;
    const result = await changes.make(actor, async (sql, record) => {
      const before = await this.#lock(actor, id, sql);
      const content = contentOf(
        before.blueprintId,
        change.version ?? before.version,
        change.clusterSelector ?? before.clusterSelector,
        change.parameters ?? before.parameters,
      );
      const revision = expectedRevision ?? before.revision;
      const changed = await this.changeIn(actor, before, revision, content, sql);
      record({ ...before, before: shown(before), after: shown(changed.assignment) });
      return changed;
    });
    await jobs.enqueue(clustersStale, {});
    return result;
  }

  /** Part of a transaction, as `createIn`. */
  async changeIn(
    actor: Actor,
    before: Assignment,
    expectedRevision: number,
    content: AssignmentContent,
    sql: Sql,
  ): Promise<AssignmentResult> {
    const { assignments, clusters } = this.#parts;
    await this.#checkPin(before.projectId, content, sql, before);
    const assignment = await assignments.save(before.id, expectedRevision, content, sql);
    await clusters.markStale(
      before.projectId,
      [before.clusterSelector, content.clusterSelector],
      sql,
    );
    return this.#result(actor, assignment, sql);
  }

  async remove(actor: Actor, id: string): Promise<string> {
    const { changes, assignments, clusters, jobs } = this.#parts;
    await changes.make(actor, async (sql, record) => {
      const assignment = await this.#lock(actor, id, sql);
      record({ ...assignment, before: shown(assignment) });
      await assignments.remove(id, sql);
      await clusters.markStale(assignment.projectId, [assignment.clusterSelector], sql);
    });
    await jobs.enqueue(clustersStale, {});
    return id;
  }

  /** Retires a version. While assignments pin it this needs `withdraw`, and then their clusters lose its objects. */
  async retireVersion(
    actor: Actor,
    blueprintId: string,
    version: number,
    withdraw: boolean,
  ): Promise<BlueprintVersion> {
    const { changes, assignments, blueprints, clusters, projects, jobs } = this.#parts;
    const blueprint = await blueprints.get(blueprintId);
    authorize(actor, 'write', 'Blueprint', blueprint, noBlueprintOf({ id: blueprintId }));
    const retired = await changes.make(actor, async (sql, record) => {
      await blueprints.lockVersions(blueprintId, 'alone', sql);
      const { state } = await blueprints.version(blueprintId, version, sql);
      const pinning = await assignments.listPinning(blueprintId, version, sql);
      if (pinning.length > 0 && !withdraw) throw inUse(actor, version, pinning);
      const byProject = Map.groupBy(pinning, ({ projectId }) => projectId);
      for (const [projectId, bound] of [...byProject].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        await projects.lockBindings(projectId, 'alone', sql);
        const selectors = bound.map(({ clusterSelector }) => clusterSelector);
        await clusters.markStale(projectId, selectors, sql);
      }
      record({
        ...blueprint,
        before: { version, state },
        after: { version, state: 'RETIRED', assignmentsWithdrawn: pinning.length },
      });
      return blueprints.setState(blueprintId, version, 'RETIRED', sql);
    });
    await jobs.enqueue(clustersStale, {});
    return retired;
  }

  /** Takes a blueprint from a project that it was shared with. Throws BlueprintInUse while an assignment there binds it. */
  async unshareBlueprint(
    actor: Actor,
    blueprintId: string,
    projectName: string,
  ): Promise<Blueprint> {
    const { changes, assignments, blueprints, projects } = this.#parts;
    const blueprint = await blueprints.get(blueprintId);
    authorize(actor, 'write', 'Blueprint', blueprint, noBlueprintOf({ id: blueprintId }));
    const project = await visibleProject(actor, projects, projectName);
    return changes.make(actor, async (sql, record) => {
      await blueprints.lockVersions(blueprintId, 'alone', sql);
      const binding = await assignments.listBinding(blueprintId, project.id, sql);
      if (binding.length > 0)
        throw new BlueprintInUse(
          `${binding.length} assignments of project ${projectName} bind blueprint ${blueprint.name}`,
          { assignments: binding.length },
        );
      await blueprints.unshare(blueprintId, project.id, sql);
      record({ ...blueprint, before: { sharedWith: projectName } });
      return blueprints.get(blueprintId, sql);
    });
  }

  /** The assignment as it is when nobody else changes bindings of its project. */
  async #lock(actor: Actor, id: string, sql: Sql): Promise<Assignment> {
    const { assignments, projects } = this.#parts;
    const assignment = await assignments.get(id, sql);
    authorize(actor, 'write', 'Assignment', assignment, noAssignmentOf({ id }));
    await this.#parts.blueprints.lockVersions(assignment.blueprintId, 'shared', sql);
    await projects.lockBindings(assignment.projectId, 'alone', sql);
    return assignments.get(id, sql);
  }

  /** Throws unless the version exists, may be pinned, and takes these parameters. */
  async #checkPin(
    projectId: string,
    content: AssignmentContent,
    sql: Sql,
    before?: Assignment,
  ): Promise<void> {
    const { blueprints } = this.#parts;
    const { state, document } = await blueprints.version(content.blueprintId, content.version, sql);
    const keeps = before?.blueprintId === content.blueprintId && before.version === content.version;
    if (state !== 'ACTIVE' && !keeps)
      throw new VersionNotActive(
        `Version ${content.version} is ${state}; only an ACTIVE version can be pinned`,
        { version: content.version, state },
      );
    const blueprint = await blueprints.get(content.blueprintId, sql);
    // Again, inside the transaction: it may have been taken from the project meanwhile.
    mustBeUsable(blueprint, projectId, 'blueprint');
    const includes = await loadIncludes(blueprints, blueprint.projectId, document, sql);
    const root = { blueprint: blueprint.name, version: content.version, document };
    const { problems } = expand(root, content.parameters, includes, []);
    if (problems.some(({ severity }) => severity === 'error'))
      throw new InputInvalid('Invalid assignment', problems);
  }

  async #result({ ability }: Actor, assignment: Assignment, sql: Sql): Promise<AssignmentResult> {
    const { project, clusterSelector: selector } = assignment;
    const matchedClusters = await this.#parts.clusters.count({ ability, project, selector }, sql);
    const warnings =
      matchedClusters === 0
        ? ['The selector matches no cluster now; later ones will be bound.']
        : [];
    return { assignment, warnings, matchedClusters };
  }
}

function mustBeUsable(
  { projectId: owner, project, sharedWith }: Blueprint,
  projectId: string,
  path: string,
): void {
  if (owner === projectId || sharedWith.includes(projectId)) return;
  throw new InputInvalid('Invalid assignment', [
    {
      path,
      code: 'PROJECT_DIFFERS',
      message: `the blueprint belongs to project ${project}, which does not share it with this one`,
      severity: 'error',
    },
  ]);
}

/** Names those that the actor may see, and counts the others. */
function inUse({ ability }: Actor, version: number, pinning: readonly Assignment[]): VersionInUse {
  const names = pinning
    .filter((assignment) => mayDo(ability, 'read', 'Assignment', assignment))
    .map(({ name }) => name);
  const others = pinning.length - names.length;
  const who = [...names, ...(others > 0 ? [`${others} of other projects`] : [])].join(', ');
  return new VersionInUse(
    `Assignments pin version ${version}: ${who}. Move them, or withdraw it from their clusters`,
    { assignments: names, others },
  );
}

/** What auditors see of an assignment. */
export function shown(assignment: Assignment): object {
  const { blueprint, version, clusterSelector, parameters } = assignment;
  return { blueprint, version, clusterSelector, parameters };
}

/** Checks the form of an assignment's content. */
export function contentOf(
  blueprintId: string,
  version: number,
  clusterSelector: unknown,
  parameters: unknown,
): AssignmentContent {
  return {
    blueprintId,
    version,
    clusterSelector: checked(ClusterSelector, clusterSelector, 'clusterSelector'),
    parameters: checked(Parameters, parameters ?? {}, 'parameters'),
  };
}
