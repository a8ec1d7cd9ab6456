import { exceptionOf } from '@picket/policy';
import type { DataSource } from 'typeorm';

import { type Actor, authorize } from '../access/actor.ts';
import { Attempt } from '../audit/attempt.ts';
import { addEvent, newEvent } from '../audit/event.ts';
import { lockSelectors } from '../clusters/selected-clusters.ts';
import { checked, nameSchema } from '../platform/input.ts';
import { inTransaction } from '../platform/database.ts';
import type { NamespacePolicyRepository } from './namespace-policy.repository.ts';
import { endOf, isOver } from './exception-end.ts';
import { type NamespacePolicy, noPolicyOf } from './namespace-policy.ts';
import { type ChangeResult, refused } from './change-result.ts';
import type { PolicyChanges } from './policy-changes.ts';
import { shown } from './policy-event.ts';
import { type PolicyInput, readContent, reasonIn, wordsIn } from './policy-input.ts';

/** How many that are over are ended at a time. */
const BATCH = 200;

export interface CreateException extends PolicyInput {
  readonly project: string;
  readonly claim: string;
  readonly name: string;
  /** Whose it is; the caller's name when left out. */
  readonly owner?: string | null | undefined;
  readonly reason: string;
  readonly expiresAt: Date;
}

interface Parts {
  readonly policies: NamespacePolicyRepository;
  readonly changes: PolicyChanges;
  readonly dataSource: DataSource;
}

/** The use cases of exceptions: allow rules with an owner, a reason and an end. The agent ends them by itself, the hub here. */
export class ExceptionService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  create(actor: Actor, input: CreateException): Promise<ChangeResult> {
    const name = checked(nameSchema, input.name, 'name');
    const reason = wordsIn(input.reason, 'reason');
    const owner = wordsIn(input.owner ?? actor.caller.name, 'owner');
    const { changes } = this.#parts;
    return changes.one(actor, { where: input, name }, async (claim, sql) => {
      const expiresAt = await endOf(input.expiresAt, sql);
      const { content, problems } = readContent(claim, input, { expiresAt, owner });
      if (!content) return refused(problems);
      const [namespace] = content.namespaces ?? [];
      const where = { except: name, ...(namespace !== undefined && { namespace }) };
      const standing = await changes.standing(claim, where, sql);
      const { spec, problems: more } = exceptionOf(content.spec, standing);
      const told = [...problems.filter(({ code }) => code !== 'RULES_WITHOUT_EFFECT'), ...more];
      if (more.some(({ severity }) => severity === 'error')) return refused(told);
      const change = { claim, name, content: { ...content, spec }, reason };
      const result = await changes.make(actor, change, sql);
      return { ...result, problems: [...told, ...result.problems] };
    });
  }

  /** Gives it another end, also when it was over already. What lies outside the guard rails is asked for again. */
  async renew(actor: Actor, id: string, until: Date, reason: string): Promise<ChangeResult> {
    const { name, claimId } = await this.#exception(actor, id);
    const { changes, policies } = this.#parts;
    return changes.one(actor, { where: claimId, name }, async (claim, sql) => {
      const expiresAt = await endOf(until, sql);
      const { owner, ...before } = await policies.get(id, sql);
      const { content, problems } = readContent(claim, before, { expiresAt, owner });
      if (!content) return refused(problems);
      return changes.make(actor, { claim, name, content, reason: wordsIn(reason, 'reason') }, sql);
    });
  }

  /** Ends it before its time. That never waits for anybody. */
  async end(actor: Actor, id: string, reason?: string | null): Promise<NamespacePolicy> {
    const { claimId } = await this.#exception(actor, id);
    const { changes, policies } = this.#parts;
    reasonIn(reason);
    return changes.inClaim(actor, claimId, async (claim, sql, record) => {
      const exception = await policies.get(id, sql);
      const named = { id, name: `${claim.name}/${exception.name}`, projectId: claim.projectId };
      const isEnded = exception.state !== 'ACTIVE';
      record({ ...named, ...(isEnded ? { unchanged: 'SAME' } : { before: shown(exception) }) });
      return isEnded ? exception : changes.end(exception, 'ENDED', sql);
    });
  }

  /** Ends what is over: the agents have done it already, and learn here that it is as it should be. Each is an audit event of the hub. */
  async endOver(): Promise<void> {
    for (;;) {
      const over = await this.#parts.policies.listOver(BATCH);
      for (const { organizationId, id } of over) await this.#endOne(organizationId, id);
      if (over.length < BATCH) return;
    }
  }

  #endOne(organizationId: string, id: string): Promise<void> {
    const { policies, changes, dataSource } = this.#parts;
    const hub = {
      caller: HUB,
      organizationId,
      attempt: new Attempt('endException', NOWHERE, OVER),
    };
    return inTransaction(dataSource, async (sql) => {
      await lockSelectors(organizationId, 'alone', sql);
      const { state, expiresAt, claim, name, projectId, ...policy } = await policies.get(id, sql);
      // Another replica, or a renewal, may have been first.
      if (state !== 'ACTIVE' || !(await isOver(expiresAt, sql))) return;
      const named = { thing: 'NamespacePolicy', id, name: `${claim}/${name}`, projectId };
      await addEvent(sql, newEvent(hub, named));
      await changes.end({ id, selectorId: policy.selectorId }, 'ENDED', sql);
    });
  }

  async #exception(actor: Actor, id: string): Promise<NamespacePolicy> {
    const policy = await this.#parts.policies.get(id);
    authorize(actor, 'write', 'NamespacePolicy', policy, noPolicyOf({ id }));
    if (policy.expiresAt === null || policy.state === 'DELETED') throw noPolicyOf({ id });
    return policy;
  }
}

const HUB = { kind: 'HUB', id: 'hub', name: 'hub' } as const;
const NOWHERE = { address: null, requestId: null };
const OVER = 'its time is over';
