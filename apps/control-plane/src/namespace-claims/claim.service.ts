import { z } from 'zod';

import { LimitReached } from '../access/access.ts';
import { type Actor, authorize } from '../access/actor.ts';
import { type By, lookUp } from '../access/look-up.ts';
import { noClaimOf } from '../access/missing.ts';
import type { Changes } from '../audit/changes.ts';
import { clustersStale } from '../clusters/cluster.jobs.ts';
import type { ProjectRepository } from '../clusters/project.repository.ts';
import { keepSelector, lockSelectors, markSelectedStale } from '../clusters/selected-clusters.ts';
import { instanceOf, visibleProject } from '../clusters/visible-project.ts';
import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import type { Sql } from '../platform/database.ts';
import type { FanOut } from '../platform/fan-out.ts';
import { checked, nameSchema } from '../platform/input.ts';
import type { JobQueue } from '../platform/jobs.ts';
import { contentOf } from './claim-input.ts';
import type { ClaimRepository } from './claim.repository.ts';
import { type NamespaceClaim, NamespaceClaimed, TrustedLabelInUse } from './claim.ts';

const CLAIMS_MAX = 2_000;
const TrustedLabels = z
  .array(
    z
      .string()
      .max(317)
      .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, {
        error: 'must be a label key',
      }),
  )
  .max(50)
  .transform((keys) => [...new Set(keys)].toSorted());

export interface CreateClaim {
  readonly project: string;
  readonly name: string;
  /** Name of the project whose clusters are meant: the claim's own when left out. */
  readonly clusterProject?: string | null;
  readonly allProjects?: boolean | null;
  readonly clusterSelector: unknown;
  readonly namespaces?: unknown;
  readonly namespaceSelector?: unknown;
}

export interface ChangeClaim {
  readonly clusterSelector?: unknown;
  readonly namespaces?: unknown;
  readonly namespaceSelector?: unknown;
}

interface Parts {
  readonly changes: Changes;
  readonly claims: ClaimRepository;
  readonly projects: ProjectRepository;
  readonly jobs: JobQueue;
  readonly fanOut: FanOut;
}

/** The use cases of namespace claims: whose a namespace is. */
export class ClaimService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get(actor: Actor, by: By): Promise<NamespaceClaim> {
    const { claims, projects } = this.#parts;
    return lookUp(actor, 'NamespaceClaim', by, { projects, things: claims, missing: noClaimOf });
  }

  async list(
    actor: Actor,
    project: string | undefined,
    first: number,
    after?: string,
  ): Promise<Connection<NamespaceClaim>> {
    const page = pageRequest(first, after);
    const { claims } = this.#parts;
    const items = await claims.list(actor.ability, project, page.after, page.first + 1);
    return connectionOf(
      items,
      page,
      (item) => `${item.project}/${item.name}`,
      () => claims.count(actor.ability, project),
    );
  }

  /** Throws NamespaceClaimed for a namespace that another project owns there. Clusters of others are given by those who own them. */
  async create(actor: Actor, input: CreateClaim): Promise<NamespaceClaim> {
    const { changes, claims, projects, fanOut } = this.#parts;
    const { organizationId } = actor;
    const name = checked(nameSchema, input.name, 'name');
    const claim = await changes.make(actor, async (sql, record) => {
      const project = await visibleProject(actor, projects, input.project, sql);
      authorize(actor, 'write', 'NamespaceClaim', instanceOf(project));
      const clusterProjectId = await this.#clusterProject(actor, input, project.id, sql);
      await lockSelectors(organizationId, 'alone', sql);
      const content = contentOf(input, await claims.trustedLabels(organizationId, sql));
      if ((await claims.countOf(project.id, sql)) >= CLAIMS_MAX)
        throw new LimitReached(`A project has at most ${CLAIMS_MAX} namespace claims`, {
          max: CLAIMS_MAX,
        });
      const selectorId = await keepSelector(
        { organizationId, projectId: clusterProjectId, selector: content.clusterSelector },
        sql,
      );
      const made = await claims.create(
        { organizationId, projectId: project.id, name, selectorId },
        content,
        sql,
      );
      await this.#mustBeFree(made, sql);
      record({ ...made, projectId: project.id, after: shown(made) });
      return made;
    });
    await fanOut.publish('tokens.changed', null);
    return claim;
  }

  /** What is left out stays. The clusters that it reached, and those that it reaches now, become stale. */
  async change(actor: Actor, id: string, input: ChangeClaim): Promise<NamespaceClaim> {
    const { changes, claims, fanOut, jobs } = this.#parts;
    const { organizationId } = actor;
    const changed = await changes.make(actor, async (sql, record) => {
      const before = await this.#lock(actor, id, sql);
      const isByName = input.namespaces ?? (input.namespaceSelector ? null : before.namespaces);
      const content = contentOf(
        {
          clusterSelector: input.clusterSelector ?? before.clusterSelector,
          namespaces: isByName,
          namespaceSelector:
            input.namespaceSelector ?? (isByName === null ? before.namespaceSelector : null),
        },
        await claims.trustedLabels(organizationId, sql),
      );
      const projectId =
        before.clusterProject === null
          ? null
          : ((await this.#parts.projects.findByName(organizationId, before.clusterProject, sql))
              ?.id ?? null);
      const selectorId = await keepSelector(
        { organizationId, projectId, selector: content.clusterSelector },
        sql,
      );
      await markSelectedStale(before.selectorId, sql);
      await markSelectedStale(selectorId, sql);
      const claim = await claims.change(id, selectorId, content, sql);
      await this.#mustBeFree(claim, sql);
      await claims.dropUnused(before.selectorId, sql);
      record({ ...claim, before: shown(before), after: shown(claim) });
      return claim;
    });
    await fanOut.publish('tokens.changed', null);
    await jobs.enqueue(clustersStale, {});
    return changed;
  }

  /** Ends a claim and the roles that were held for it. Throws NamespaceClaimInUse while it has policies. */
  async remove(actor: Actor, id: string): Promise<string> {
    const { changes, claims, fanOut } = this.#parts;
    await changes.make(actor, async (sql, record) => {
      const claim = await this.#lock(actor, id, sql);
      await claims.remove(claim, sql);
      await claims.dropUnused(claim.selectorId, sql);
      record({ ...claim, before: shown(claim) });
    });
    await fanOut.publish('tokens.changed', null);
    return id;
  }

  trustedLabels({ organizationId }: Actor): Promise<string[]> {
    return this.#parts.claims.trustedLabels(organizationId);
  }

  /** Replaces the keys of namespace labels that tenants cannot set. Throws TrustedLabelInUse for one that a claim needs. */
  async trustLabels(actor: Actor, input: readonly string[]): Promise<string[]> {
    const { changes, claims } = this.#parts;
    const { organizationId } = actor;
    authorize(actor, 'write', 'Organization', { organizationId });
    const labels = checked(TrustedLabels as z.ZodType<string[]>, input, 'labels');
    await changes.make(actor, async (sql, record) => {
      await lockSelectors(organizationId, 'alone', sql);
      const needed = await claims.selectedKeys(organizationId, sql);
      const trusted = await claims.trustedLabels(organizationId, sql);
      const lost = trusted.filter((key) => needed.has(key) && !labels.includes(key));
      if (lost.length > 0)
        throw new TrustedLabelInUse(`Namespace claims select by ${lost.join(', ')}`, {
          labels: lost,
        });
      await claims.trustLabels(organizationId, labels, sql);
      record({
        id: organizationId,
        before: { trustedLabels: trusted },
        after: { trustedLabels: labels },
      });
    });
    return labels;
  }

  /** Whose clusters are meant: null, those of all projects. Only who may claim namespaces there may say so. */
  async #clusterProject(
    actor: Actor,
    { clusterProject, allProjects }: CreateClaim,
    own: string,
    sql: Sql,
  ): Promise<string | null> {
    const { organizationId } = actor;
    if (allProjects) {
      authorize(actor, 'write', 'NamespaceClaim', { organizationId });
      return null;
    }
    if (!clusterProject) return own;
    const project = await visibleProject(actor, this.#parts.projects, clusterProject, sql);
    authorize(actor, 'write', 'NamespaceClaim', instanceOf(project));
    return project.id;
  }

  async #lock(actor: Actor, id: string, sql: Sql): Promise<NamespaceClaim> {
    const claim = await this.#parts.claims.get(id, sql);
    authorize(actor, 'write', 'NamespaceClaim', claim, noClaimOf({ id }));
    // Who could not make it for these clusters cannot widen it there either.
    const projectId =
      claim.clusterProject === null
        ? undefined
        : (await this.#parts.projects.findByName(claim.organizationId, claim.clusterProject, sql))
            ?.id;
    authorize(actor, 'write', 'NamespaceClaim', {
      organizationId: claim.organizationId,
      ...(projectId !== undefined && { projectId }),
    });
    await lockSelectors(claim.organizationId, 'alone', sql);
    return this.#parts.claims.get(id, sql);
  }

  async #mustBeFree(claim: NamespaceClaim, sql: Sql): Promise<void> {
    const namespace = await this.#parts.claims.takenNamespace(claim, sql);
    if (namespace !== undefined)
      throw new NamespaceClaimed(
        `Namespace ${namespace} belongs to another project in some of these clusters`,
        { namespace },
      );
  }
}

/** What auditors see of a claim. */
function shown(claim: NamespaceClaim): object {
  const { name, project, clusterProject, clusterSelector, namespaces, namespaceSelector } = claim;
  return { name, project, clusterProject, clusterSelector, namespaces, namespaceSelector };
}
