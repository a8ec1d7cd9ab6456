import type { Problem } from '@picket/kernel';
import { type ContentChange, diffNamespacePolicies } from '@picket/policy';
import type { LabelSelector } from '@picket/selector';
import type { DataSource } from 'typeorm';

import { type Actor, authorize } from '../access/actor.ts';
import { noClaimOf } from '../access/missing.ts';
import type { Changes } from '../audit/changes.ts';
import type { ProjectRepository } from '../clusters/project.repository.ts';
import { visibleProject } from '../clusters/visible-project.ts';
import { type Connection, connectionOf, pageRequest } from '../platform/connection.ts';
import type { Sql } from '../platform/database.ts';
import { checked, nameSchema } from '../platform/input.ts';
import { isOver } from './exception-end.ts';
import type { NamespacePolicyRepository, PolicyQuestion } from './namespace-policy.repository.ts';
import {
  ExceptionOver,
  type NamespacePolicy,
  NamespacePolicyMissing,
  noPolicyOf,
  selectedNamespaces,
} from './namespace-policy.ts';
import { type ChangeResult, type Outcome, refused } from './change-result.ts';
import type { PolicyChanges } from './policy-changes.ts';
import { type PolicyInput, readContent, reasonIn } from './policy-input.ts';

export interface SaveInput extends PolicyInput {
  readonly project: string;
  readonly claim: string;
  readonly name: string;
  readonly expectedVersion?: number | null | undefined;
  readonly reason?: string | null | undefined;
}

export interface Preview {
  readonly outcome: Outcome;
  readonly problems: readonly Problem[];
  readonly changes: readonly ContentChange[];
  readonly namespaceSelector: LabelSelector | null;
  readonly selectorId: string;
}

interface Parts {
  readonly dataSource: DataSource;
  readonly audit: Changes;
  readonly policies: NamespacePolicyRepository;
  readonly projects: ProjectRepository;
  readonly changes: PolicyChanges;
}

/** The use cases of namespace policies. */
export class NamespacePolicyService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async find(
    actor: Actor,
    by: { id?: string; project?: string; claim?: string; name?: string },
  ): Promise<NamespacePolicy> {
    const { policies, changes } = this.#parts;
    if (by.id) {
      const policy = await policies.get(by.id);
      authorize(actor, 'read', 'NamespacePolicy', policy, noPolicyOf({ id: by.id }));
      return policy;
    }
    const { name = '', claim: claimName = '', project = 'default' } = by;
    const claim = await changes.find(actor, { project, claim: claimName });
    const policy = await policies.findByName(claim.id, name);
    const missing = noPolicyOf({ name });
    if (!policy) throw missing;
    authorize(actor, 'read', 'NamespacePolicy', policy, missing);
    return policy;
  }

  async list(
    question: PolicyQuestion,
    first: number,
    after?: string,
  ): Promise<Connection<NamespacePolicy>> {
    const { policies } = this.#parts;
    const page = pageRequest(first, after);
    const items = await policies.list(question, page.after, page.first + 1);
    return connectionOf(
      items,
      page,
      ({ project, claim, name }) => `${project}/${claim}/${name}`,
      () => policies.count(question),
    );
  }

  /** Saves a new version, asks for it where the guard rails say so, or tells all that is wrong with it. */
  save(actor: Actor, input: SaveInput): Promise<ChangeResult> {
    const name = checked(nameSchema, input.name, 'name');
    const { changes } = this.#parts;
    return changes.one(actor, { where: input, name }, async (claim, sql) => {
      const { content, problems } = readContent(claim, input);
      if (!content) return refused(problems);
      const reason = reasonIn(input.reason);
      const expectedVersion = input.expectedVersion ?? undefined;
      const change = { claim, name, content, reason, expectedVersion };
      const result = await changes.make(actor, change, sql);
      return { ...result, problems: [...problems, ...result.problems] };
    });
  }

  /** What saving would do and whom it would concern; nothing is kept. */
  async preview(actor: Actor, input: SaveInput): Promise<Preview> {
    const { changes, dataSource } = this.#parts;
    const name = checked(nameSchema, input.name, 'name');
    const claim = await changes.find(actor, input);
    authorize(actor, 'read', 'NamespacePolicy', claim, noClaimOf({ name: input.claim }));
    const { content, problems } = readContent(claim, input);
    const { selectorId } = claim;
    if (!content)
      return { outcome: 'REFUSED', problems, changes: [], namespaceSelector: null, selectorId };
    const {
      before,
      outcome,
      problems: outside,
    } = await changes.judge({ claim, name, content }, dataSource);
    return {
      outcome,
      problems: [...problems, ...outside],
      changes: diffNamespacePolicies(before, content),
      namespaceSelector: selectedNamespaces(claim, content.namespaces) ?? null,
      selectorId,
    };
  }

  async remove(actor: Actor, id: string, reason?: string | null): Promise<ChangeResult> {
    const { name, claimId } = await this.#active(actor, id);
    const { changes } = this.#parts;
    return changes.one(actor, { where: claimId, name }, (claim, sql) =>
      changes.make(actor, { claim, name, content: null, reason: reasonIn(reason) }, sql),
    );
  }

  /** Makes a new version that says what an older one said; also of a policy that was deleted. */
  async restore(
    actor: Actor,
    id: string,
    version: number,
    reason?: string | null,
  ): Promise<ChangeResult> {
    const { policies, changes } = this.#parts;
    const { claimId, name } = await this.#writable(actor, id);
    return changes.one(actor, { where: claimId, name }, async (claim, sql) => {
      const found = await policies.version(id, version, sql);
      if (!found)
        throw new NamespacePolicyMissing(`Namespace policy ${name} has no version ${version}`, {
          version,
        });
      if (await isOver(found.expiresAt, sql))
        throw new ExceptionOver(`Version ${version} has ended; renew the exception`, { version });
      const { content, problems } = readContent(claim, found, found);
      if (!content) return refused(problems);
      return changes.make(actor, { claim, name, content, reason: reasonIn(reason) }, sql);
    });
  }

  /** Lets a project read it, to copy it. The same twice is one. */
  share(actor: Actor, id: string, project: string): Promise<NamespacePolicy> {
    const { policies } = this.#parts;
    return this.#reshare(actor, id, project, (to, sql) => policies.share(id, to, sql));
  }

  unshare(actor: Actor, id: string, project: string): Promise<NamespacePolicy> {
    const { policies } = this.#parts;
    return this.#reshare(actor, id, project, (to, sql) => policies.unshare(id, to, sql));
  }

  async #reshare(
    actor: Actor,
    id: string,
    projectName: string,
    work: (projectId: string, sql: Sql) => Promise<void>,
  ): Promise<NamespacePolicy> {
    const { policies, audit, projects } = this.#parts;
    const before = await this.#writable(actor, id);
    const project = await visibleProject(actor, projects, projectName);
    return audit.make(actor, async (sql, record) => {
      await work(project.id, sql);
      const after = await policies.get(id, sql);
      const shares = ({ sharedWith }: NamespacePolicy): object => ({ sharedWith });
      const { name, projectId } = after;
      record({ id, name, projectId, before: shares(before), after: shares(after) });
      return after;
    });
  }

  async #writable(actor: Actor, id: string): Promise<NamespacePolicy> {
    const policy = await this.#parts.policies.get(id);
    authorize(actor, 'write', 'NamespacePolicy', policy, noPolicyOf({ id }));
    return policy;
  }

  async #active(actor: Actor, id: string): Promise<NamespacePolicy> {
    const policy = await this.#writable(actor, id);
    if (policy.state !== 'ACTIVE') throw noPolicyOf({ id });
    return policy;
  }
}
