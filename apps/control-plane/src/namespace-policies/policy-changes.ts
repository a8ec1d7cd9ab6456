import { canonicalJson, type Json, type Problem } from '@picket/kernel';
import {
  checkGuardRails,
  type NamespacePolicyContent,
  outcomeOf,
  type StandingPolicy,
} from '@picket/policy';

import { LimitReached } from '../access/access.ts';
import { type Actor, authorize } from '../access/actor.ts';
import { noClaimOf } from '../access/missing.ts';
import type { Change as AuditChange, Changes } from '../audit/changes.ts';
import { clustersStale } from '../clusters/cluster.jobs.ts';
import { lockSelectors, markSelectedStale } from '../clusters/selected-clusters.ts';
import type { ClaimRepository } from '../namespace-claims/claim.repository.ts';
import type { ClaimService } from '../namespace-claims/claim.service.ts';
import { type NamespaceClaim, namespacesOf } from '../namespace-claims/claim.ts';
import type { Sql } from '../platform/database.ts';
import type { JobQueue } from '../platform/jobs.ts';
import type { ChangeResult, Outcome } from './change-result.ts';
import type { GuardRailsRepository } from './guard-rails.repository.ts';
import type { NamespacePolicyRepository } from './namespace-policy.repository.ts';
import {
  contentOf,
  type NamespacePolicy,
  NamespacePolicyChanged,
  type PolicyState,
} from './namespace-policy.ts';
import { eventOf } from './policy-event.ts';
import type { PolicyRequestRepository } from './policy-request.repository.ts';
import type { PolicyRequest } from './policy-request.ts';
import type { StandingInClusters } from './standing-in-clusters.ts';

const PENDING_MAX = 100;

/** What is to be in force under a name of a claim; `content` null: nothing any more. */
export interface Change {
  readonly claim: NamespaceClaim;
  readonly name: string;
  readonly content: NamespacePolicyContent | null;
  readonly reason: string | null;
  /** The version that the author has seen, 0 for none. */
  readonly expectedVersion?: number | undefined;
}

export interface ClaimName {
  readonly project: string;
  readonly claim: string;
}

/** What would become of a change. */
export interface Judgement {
  readonly before: NamespacePolicy | undefined;
  readonly outcome: Outcome;
  readonly problems: readonly Problem[];
}

type Recorder = Parameters<Parameters<Changes['make']>[1]>[1];

interface Parts {
  readonly audit: Changes;
  readonly claims: ClaimRepository;
  readonly claimService: ClaimService;
  readonly policies: NamespacePolicyRepository;
  readonly requests: PolicyRequestRepository;
  readonly rails: GuardRailsRepository;
  readonly inClusters: StandingInClusters;
  readonly jobs: JobQueue;
}

/** The one way by which a namespace policy changes: through the guard rails, and to the clusters of its claim. */
export class PolicyChanges {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes one change in a claim whose policies the actor may write, with its audit event. */
  one(
    actor: Actor,
    { where, name }: { readonly where: ClaimName | string; readonly name: string },
    work: (claim: NamespaceClaim, sql: Sql) => Promise<ChangeResult>,
  ): Promise<ChangeResult> {
    return this.inClaim(actor, where, async (claim, sql, record) => {
      const result = await work(claim, sql);
      record(eventOf(claim, name, result));
      return result;
    });
  }

  /** Runs `work` on a claim, by its names or its id, in one transaction; afterwards its clusters are brought up to date. */
  async inClaim<T>(
    actor: Actor,
    where: ClaimName | string,
    work: (claim: NamespaceClaim, sql: Sql, record: Recorder) => Promise<T>,
  ): Promise<T> {
    const id = typeof where === 'string' ? where : (await this.find(actor, where)).id;
    return this.inOrganization(actor, async (sql, record) => {
      const claim = await this.#parts.claims.get(id, sql);
      authorize(actor, 'write', 'NamespacePolicy', claim, noClaimOf({ name: claim.name }));
      return work(claim, sql, record);
    });
  }

  find(actor: Actor, { project, claim }: ClaimName): Promise<NamespaceClaim> {
    return this.#parts.claimService.get(actor, { name: claim, project });
  }

  /** Runs `work` while nobody else changes what selectors bring to clusters. */
  async inOrganization<T>(
    actor: Actor,
    work: (sql: Sql, record: Recorder) => Promise<T>,
  ): Promise<T> {
    const { audit, jobs } = this.#parts;
    const result = await audit.make(actor, async (sql, record) => {
      await lockSelectors(actor.organizationId, 'alone', sql);
      return work(sql, record);
    });
    await jobs.enqueue(clustersStale, {});
    return result;
  }

  /** Leaves the event of a wish that changed nothing. */
  leave(actor: Actor, event: AuditChange): Promise<void> {
    return this.#parts.audit.make(actor, (_sql, record) => Promise.resolve(record(event)));
  }

  async judge(
    { claim, name, content, expectedVersion }: Omit<Change, 'reason'>,
    sql: Sql,
  ): Promise<Judgement> {
    const { policies, rails } = this.#parts;
    const found = await policies.findByName(claim.id, name, sql);
    const before = found?.state === 'ACTIVE' ? found : undefined;
    const version = before?.version ?? 0;
    if (expectedVersion !== undefined && expectedVersion !== version)
      throw new NamespacePolicyChanged(
        `Namespace policy ${name} is at version ${version}, not ${expectedVersion}`,
        { expected: expectedVersion, actual: version },
      );
    if (isSame(before && contentOf(before), content))
      return { before, outcome: 'UNCHANGED', problems: [] };
    const { rails: given } = await rails.of(claim.projectId, sql);
    const others = await policies.standing(claim.id, { except: name }, sql);
    const problems = content
      ? checkGuardRails(content.spec, {
          rails: given,
          own: namespacesOf(claim),
          others: others.length,
        })
      : [];
    return { before, outcome: OUTCOMES[outcomeOf(given, problems)], problems };
  }

  /** Saves the change, asks for it, or says why it can be neither. The caller holds `lockSelectors` alone and has asked for permission. */
  async make(actor: Actor, change: Change, sql: Sql): Promise<ChangeResult> {
    const { before, outcome, problems } = await this.judge(change, sql);
    const nothing = { before: before ?? null, policy: before ?? null, request: null };
    switch (outcome) {
      case 'UNCHANGED':
      case 'REFUSED':
        return { ...nothing, outcome, problems };
      case 'REQUESTED':
        return {
          ...nothing,
          outcome,
          problems,
          request: await this.#ask(actor, change, before, problems, sql),
        };
      case 'SAVED': {
        const { claim, name, content, reason } = change;
        const by = { author: actor.caller.name, reason };
        const policy = content
          ? await this.putInForce(claim, name, content, by, sql)
          : before && (await this.end(before, 'DELETED', sql));
        return { ...nothing, outcome, problems, policy: policy ?? null };
      }
    }
  }

  async putInForce(
    claim: NamespaceClaim,
    name: string,
    content: NamespacePolicyContent,
    by: { readonly author: string; readonly reason: string | null },
    sql: Sql,
  ): Promise<NamespacePolicy> {
    const policy = await this.#parts.policies.put({ claimId: claim.id, name }, content, by, sql);
    await markSelectedStale(claim.selectorId, sql);
    return policy;
  }

  async end(
    { id, selectorId }: Pick<NamespacePolicy, 'id' | 'selectorId'>,
    state: PolicyState,
    sql: Sql,
  ): Promise<NamespacePolicy> {
    const ended = await this.#parts.policies.setState(id, state, sql);
    await markSelectedStale(selectorId, sql);
    return ended;
  }

  /** What stands in a namespace, or in the first of the claim: its own policies but one, and what others have there. */
  async standing(
    claim: NamespaceClaim,
    { namespace, except = '' }: { readonly namespace?: string; readonly except?: string },
    sql: Sql,
  ): Promise<StandingPolicy[]> {
    const { policies, inClusters } = this.#parts;
    const own = await policies.standing(claim.id, { ...(namespace && { namespace }), except }, sql);
    const place = namespace ?? claim.namespaces?.[0];
    return place === undefined ? own : [...own, ...(await inClusters.ofOthers(claim, place, sql))];
  }

  /** One request per requester and policy: a later one takes the place of the earlier. */
  async #ask(
    { caller }: Actor,
    { claim, name, content, reason }: Change,
    before: NamespacePolicy | undefined,
    problems: readonly Problem[],
    sql: Sql,
  ): Promise<PolicyRequest> {
    const { requests } = this.#parts;
    const request = {
      claimId: claim.id,
      name,
      baseVersion: before?.version ?? null,
      content,
      problems,
      reason,
      requester: caller,
    };
    const pending = await requests.findPending(request, sql);
    if (pending && !pending.stale && isSame(pending.content, content)) return pending;
    if (pending)
      await requests.decide(pending.id, 'WITHDRAWN', { by: caller.name, reason: null }, sql);
    if ((await requests.countPending(claim.id, sql)) >= PENDING_MAX)
      throw new LimitReached(`A namespace claim has at most ${PENDING_MAX} requests that wait`, {
        max: PENDING_MAX,
      });
    return requests.add(request, sql);
  }
}

const OUTCOMES = { save: 'SAVED', ask: 'REQUESTED', refuse: 'REFUSED' } as const;

function isSame(
  a: NamespacePolicyContent | null | undefined,
  b: NamespacePolicyContent | null,
): boolean {
  return canonicalJson((a ?? null) as Json) === canonicalJson(b as Json);
}
