import { canonicalJson, DomainError, type Json, pathText } from '@picket/kernel';
import { type Document, documentKey, type DocumentProblem, parseDocuments } from '@picket/policy';

import { mayDo } from '../access/ability.ts';
import { NO_PROJECT } from '../access/look-up.ts';
import { noClusterOf } from '../access/missing.ts';
import { type Actor, authorize } from '../access/actor.ts';
import type { Changes } from '../audit/changes.ts';
import { AssignmentRepository } from '../assignments/assignment.repository.ts';
import {
  AssignmentService,
  type AssignmentResult,
  contentOf,
  shown,
} from '../assignments/assignment.service.ts';
import { type Blueprint as BlueprintEntity, noBlueprintOf } from '../blueprints/blueprint.ts';
import type { BlueprintRepository } from '../blueprints/blueprint.repository.ts';
import type { BlueprintService } from '../blueprints/blueprint.service.ts';
import { clustersStale } from '../clusters/cluster.jobs.ts';
import type { ClusterRepository } from '../clusters/cluster.repository.ts';

import type { Project, ProjectRepository } from '../clusters/project.repository.ts';
import { lockSelectors } from '../clusters/selected-clusters.ts';
import { instanceOf, visibleProject } from '../clusters/visible-project.ts';
import type { Config } from '../config/config.ts';
import type { ClaimRepository } from '../namespace-claims/claim.repository.ts';
import type { PolicyChanges } from '../namespace-policies/policy-changes.ts';
import type { Sql } from '../platform/database.ts';
import { jsonFault } from '../platform/json-fault.ts';
import type { JobQueue } from '../platform/jobs.ts';
import { applyNamespacePolicy } from './apply-namespace-policy.ts';

export interface DocumentResult {
  readonly index: number;
  readonly kind: string;
  readonly name: string;
  readonly action: 'CREATED' | 'CHANGED' | 'UNCHANGED' | 'REQUESTED';
  readonly warnings: readonly string[];
}

export interface ApplyResult {
  readonly results: readonly DocumentResult[];
  readonly problems: readonly DocumentProblem[];
}

interface Parts {
  readonly changes: Changes;
  readonly projects: ProjectRepository;
  readonly clusters: ClusterRepository;
  readonly blueprints: BlueprintRepository;
  readonly blueprintService: BlueprintService;
  readonly assignments: AssignmentRepository;
  readonly assignmentService: AssignmentService;
  readonly claims: ClaimRepository;
  readonly policyChanges: PolicyChanges;
  readonly jobs: JobQueue;
  readonly config: Config;
}

type Outcome = Pick<DocumentResult, 'action' | 'warnings'> & {
  /** What auditors see of the thing, before and after; absent when it is unchanged. */
  readonly before?: unknown;
  readonly after?: unknown;
};

/** Ends the transaction without keeping anything: a dry run, or problems that only showed on the way. */
class RolledBack extends Error {}

/** Takes a stream of documents as one change: all or nothing. The door for CI and GitOps. */
export class DocumentService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async apply(
    actor: Actor,
    projectName: string,
    yaml: string,
    dryRun: boolean,
  ): Promise<ApplyResult> {
    const { documents, problems: read } = parseDocuments(yaml, this.#parts.config.BODY_BYTES_MAX);
    const found = [...read, ...documents.flatMap(faultsOf)];
    const project = await visibleProject(actor, this.#parts.projects, projectName);
    if (found.some(({ severity }) => severity === 'error')) {
      await this.#unchanged(actor, project, 'PROBLEMS');
      return { results: [], problems: found };
    }

    const results: DocumentResult[] = [];
    const problems: DocumentProblem[] = [...found];
    try {
      await this.#parts.changes.make(actor, async (sql, record) => {
        await this.#lockVersions(actor, project, documents, sql);
        await this.#parts.projects.lockBindings(project.id, 'alone', sql);
        // Alone from the start: a cluster that is labelled on the way would share it, and two who share it cannot both have it alone.
        if (documents.some(({ kind }) => kind === 'NamespacePolicy'))
          await lockSelectors(actor.organizationId, 'alone', sql);
        const before: Record<string, unknown> = {};
        const after: Record<string, unknown> = {};
        const published = new Set<string>();
        for (const document of inOrder(documents)) {
          const outcome = await this.#applyOne(actor, project, document, published, sql, problems);
          if (!outcome) continue;
          const { index, kind, name } = document;
          results.push({ index, kind, name, action: outcome.action, warnings: outcome.warnings });
          before[documentKey(document)] = outcome.before;
          after[documentKey(document)] = outcome.after;
        }
        if (dryRun || problems.some(({ severity }) => severity === 'error')) throw new RolledBack();
        record({ ...documentsOf(project), before, after });
      });
      await this.#parts.jobs.enqueue(clustersStale, {});
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    const isRefused = problems.some(({ severity }) => severity === 'error');
    if (isRefused || dryRun)
      await this.#unchanged(actor, project, isRefused ? 'PROBLEMS' : 'DRY_RUN');
    return { results: isRefused ? [] : results.toSorted((a, b) => a.index - b.index), problems };
  }

  #unchanged(actor: Actor, project: Project, unchanged: string): Promise<void> {
    return this.#parts.changes.make(actor, (_, record) => {
      record({ ...documentsOf(project), unchanged });
      return Promise.resolve();
    });
  }

  /** A refusal of one document becomes its problem, so that all documents are looked at; a savepoint keeps the transaction usable. */
  async #applyOne(
    actor: Actor,
    project: Project,
    document: Document,
    published: Set<string>,
    sql: Sql,
    problems: DocumentProblem[],
  ): Promise<Outcome | undefined> {
    const { index, kind, name } = document;
    await sql.query('SAVEPOINT document');
    try {
      if (document.kind === 'Blueprint' || document.kind === 'Assignment')
        authorize(actor, 'write', document.kind, instanceOf(project));
      switch (document.kind) {
        case 'Blueprint':
          return await this.#blueprint(project, document, published, sql, problems);
        case 'Assignment':
          return await this.#assignment(actor, project, document, published, sql);
        case 'Cluster':
          return await this.#cluster(actor, project, document, sql);
        case 'NamespacePolicy': {
          const at = { actor, projectId: project.id, sql };
          const { problems: found, ...outcome } = await applyNamespacePolicy(
            this.#parts,
            at,
            document,
          );
          problems.push(...found.map((problem) => ({ ...problem, index, kind, name })));
          return outcome;
        }
      }
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      await sql.query('ROLLBACK TO SAVEPOINT document');
      const inner = error.details['problems'] as unknown as readonly DocumentProblem[] | undefined;
      if (inner)
        problems.push(
          ...inner.map((problem) => ({
            ...problem,
            path: `spec.${problem.path}`,
            index,
            kind,
            name,
          })),
        );
      else
        problems.push({
          path: '',
          code: error.code,
          message: error.message,
          severity: 'error',
          index,
          kind,
          name,
        });
    }
    return undefined;
  }

  async #blueprint(
    project: Project,
    { index, name, spec }: Extract<Document, { kind: 'Blueprint' }>,
    published: Set<string>,
    sql: Sql,
    problems: DocumentProblem[],
  ): Promise<Outcome> {
    const { blueprints, blueprintService } = this.#parts;
    const existing = await blueprints.findByName(project.id, name, sql);
    const newest =
      existing && (await blueprints.newestVersions([existing.id], sql)).get(existing.id);
    if (newest?.state === 'ACTIVE' && isSame(newest.document, spec))
      return { action: 'UNCHANGED', warnings: [] };

    const found = await blueprintService.problemsOf(project.id, name, spec, sql);
    problems.push(...found.map((problem) => ({ ...problem, index, kind: 'Blueprint', name })));
    const saved = existing
      ? await blueprints.saveDraft(existing.id, spec, existing.draftVersion, sql)
      : await blueprints.create(project.id, name, spec, sql);
    const { version } = await blueprints.publish(saved.id, undefined, sql);
    await blueprints.setState(saved.id, version, 'ACTIVE', sql);
    published.add(name);
    return {
      action: existing ? 'CHANGED' : 'CREATED',
      warnings: [],
      before: newest && { version: newest.version, spec: newest.document },
      after: { version, spec },
    };
  }

  async #assignment(
    actor: Actor,
    project: Project,
    { name, spec }: Extract<Document, { kind: 'Assignment' }>,
    published: ReadonlySet<string>,
    sql: Sql,
  ): Promise<Outcome> {
    const { assignments, assignmentService, blueprints } = this.#parts;
    const blueprint = await this.#blueprintOf(actor, project, spec.blueprint, sql);
    const before = await assignments.findByName(project.id, name, sql);
    const pinned =
      before?.blueprintId === blueprint.id && !published.has(spec.blueprint)
        ? before.version
        : undefined;
    const newest = (await blueprints.newestVersions([blueprint.id], sql, true)).get(blueprint.id);
    const version = spec.version ?? pinned ?? newest?.version ?? 1;
    const content = contentOf(blueprint.id, version, spec.clusterSelector, spec.parameters);
    const isUnchanged =
      before?.blueprintId === blueprint.id &&
      before.version === version &&
      isSame(before.clusterSelector, content.clusterSelector) &&
      isSame(before.parameters, content.parameters);
    if (isUnchanged) return { action: 'UNCHANGED', warnings: [] };
    const result: AssignmentResult = before
      ? await assignmentService.changeIn(actor, before, before.revision, content, sql)
      : await assignmentService.createIn(actor, project.id, name, content, sql);
    return {
      action: before ? 'CHANGED' : 'CREATED',
      warnings: result.warnings,
      before: before && shown(before),
      after: shown(result.assignment),
    };
  }

  /** Before bindings are locked, and in one order: whoever retires a version does the same. */
  async #lockVersions(
    actor: Actor,
    own: Project,
    documents: readonly Document[],
    sql: Sql,
  ): Promise<void> {
    const { blueprints } = this.#parts;
    const ids = new Set<string>();
    for (const document of documents)
      if (document.kind === 'Assignment') {
        const blueprint = await this.#findBlueprint(own, document.spec.blueprint, sql);
        if (blueprint && mayDo(actor.ability, 'read', 'Blueprint', blueprint))
          ids.add(blueprint.id);
      }
    for (const id of [...ids].toSorted()) await blueprints.lockVersions(id, 'shared', sql);
  }

  async #findBlueprint(
    own: Project,
    reference: string,
    sql: Sql,
  ): Promise<BlueprintEntity | undefined> {
    const { projects, blueprints } = this.#parts;
    const [name = '', owner] = reference.split('/').toReversed();
    const project =
      owner === undefined ? own : await projects.findByName(own.organizationId, owner, sql);
    return blueprints.findByName(project?.id ?? NO_PROJECT, name, sql);
  }

  /** By its name, or as `project/name` when another project shares it. */
  async #blueprintOf(
    actor: Actor,
    own: Project,
    reference: string,
    sql: Sql,
  ): Promise<BlueprintEntity> {
    const missing = noBlueprintOf({ name: reference });
    const blueprint = await this.#findBlueprint(own, reference, sql);
    if (!blueprint) throw missing;
    authorize(actor, 'read', 'Blueprint', blueprint, missing);
    return blueprint;
  }

  async #cluster(
    actor: Actor,
    project: Project,
    { name, labels }: Extract<Document, { kind: 'Cluster' }>,
    sql: Sql,
  ): Promise<Outcome> {
    const { clusters } = this.#parts;
    const cluster = await clusters.findByName(project.id, name, sql);
    if (!cluster) throw noClusterOf({ name });
    authorize(actor, 'write', 'Cluster', cluster, noClusterOf({ name }));
    authorize(actor, 'write', 'Cluster', { ...cluster, labels });
    if (isSame(cluster.labels, labels)) return { action: 'UNCHANGED', warnings: [] };
    await clusters.label(cluster.id, labels, sql);
    return {
      action: 'CHANGED',
      warnings: [],
      before: { labels: cluster.labels },
      after: { labels },
    };
  }
}

/** The event of a stream of documents is about its project. */
function documentsOf({ id, name }: Project): {
  thing: string;
  id: string;
  name: string;
  projectId: string;
} {
  return { thing: 'Project', id, name, projectId: id };
}

/** YAML's escapes can say what cannot be kept. */
function faultsOf({ index, kind, name, ...rest }: Document): DocumentProblem[] {
  const fault = jsonFault(rest);
  if (!fault) return [];
  const { path, message } = fault;
  return [
    { index, kind, name, path: pathText(path), code: 'JSON_INVALID', message, severity: 'error' },
  ];
}

const ORDER = { Blueprint: 0, Cluster: 1, Assignment: 2, NamespacePolicy: 3 } as const;

/** Blueprints first, those that others include before them, whatever the order in the stream. */
function inOrder(documents: readonly Document[]): Document[] {
  const byName = new Map(
    documents.flatMap((document) =>
      document.kind === 'Blueprint' ? [[document.name, document] as const] : [],
    ),
  );
  const sorted: Document[] = [];
  const seen = new Set<string>();
  const visit = (document: Extract<Document, { kind: 'Blueprint' }>): void => {
    if (seen.has(document.name)) return;
    seen.add(document.name);
    for (const { blueprint } of document.spec.includes ?? []) {
      const included = byName.get(blueprint);
      if (included) visit(included);
    }
    sorted.push(document);
  };
  for (const document of byName.values()) visit(document);
  return [
    ...sorted,
    ...documents
      .filter(({ kind }) => kind !== 'Blueprint')
      .toSorted((a, b) => ORDER[a.kind] - ORDER[b.kind]),
  ];
}

function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a as Json) === canonicalJson(b as Json);
}
