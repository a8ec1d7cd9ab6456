import { type Actor, authorize } from '../access/actor.ts';
import type { ClaimRepository } from '../namespace-claims/claim.repository.ts';
import { type Connection, connectionOf, PageInvalid, pageRequest } from '../platform/connection.ts';
import type { Sql } from '../platform/database.ts';
import { InputInvalid } from '../platform/input.ts';
import { isOver } from './exception-end.ts';
import type { NamespacePolicyRepository } from './namespace-policy.repository.ts';
import { ExceptionOver } from './namespace-policy.ts';
import type { PolicyChanges } from './policy-changes.ts';
import { requestEvent } from './policy-event.ts';
import { notOf, reasonIn, wordsIn } from './policy-input.ts';
import type { PolicyRequestRepository, RequestQuestion } from './policy-request.repository.ts';
import {
  noRequestOf,
  OwnRequest,
  type PolicyRequest,
  PolicyRequestDecided,
  PolicyRequestStale,
} from './policy-request.ts';

/** Microseconds and an id. */
const CURSOR = /^\d{1,18}\/[0-9a-f-]{36}$/;

interface Parts {
  readonly requests: PolicyRequestRepository;
  readonly policies: NamespacePolicyRepository;
  readonly claims: ClaimRepository;
  readonly changes: PolicyChanges;
}

/** The use cases of policy requests: somebody asks, somebody else decides. */
export class PolicyRequestService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async get(actor: Actor, id: string): Promise<PolicyRequest> {
    const request = await this.#parts.requests.get(id);
    authorize(actor, 'read', 'PolicyRequest', request, noRequestOf(id));
    return request;
  }

  async list(
    question: RequestQuestion,
    first: number,
    after?: string,
  ): Promise<Connection<PolicyRequest>> {
    const { requests } = this.#parts;
    const page = pageRequest(first, after);
    if (page.after !== undefined && !CURSOR.test(page.after))
      throw new PageInvalid('after is not a cursor of this list');
    const items = await requests.list(question, page.after, page.first + 1);
    return connectionOf(
      items,
      page,
      ({ micros, id }) => `${micros}/${id}`,
      () => requests.count(question),
    );
  }

  /** Puts in force what was asked for. Never by who asked, and never upon something else than what was asked upon. */
  approve(actor: Actor, id: string, reason?: string | null): Promise<PolicyRequest> {
    return this.#decide(actor, id, async (request, sql) => {
      const { claims, policies, changes, requests } = this.#parts;
      const { name, claimId, content, baseVersion } = request;
      if (request.stale)
        throw new PolicyRequestStale(
          `Namespace policy ${name} has changed since; it must be asked for again`,
          { baseVersion },
        );
      const claim = await claims.get(claimId, sql);
      const problems = notOf(claim, content?.namespaces ?? []);
      if (problems.length > 0) throw new InputInvalid('The claim has changed since', problems);
      if (content) {
        const { expiresAt } = content;
        if (await isOver(expiresAt, sql))
          throw new ExceptionOver('The time that was asked for is over', { expiresAt });
        const by = { author: request.requester.name, reason: request.reason };
        await changes.putInForce(claim, name, content, by, sql);
      } else {
        const policy = await policies.findByName(claimId, name, sql);
        if (policy) await changes.end(policy, 'DELETED', sql);
      }
      return requests.decide(
        id,
        'APPROVED',
        { by: actor.caller.name, reason: reasonIn(reason) },
        sql,
      );
    });
  }

  refuse(actor: Actor, id: string, reason: string): Promise<PolicyRequest> {
    return this.#decide(actor, id, (_request, sql) =>
      this.#parts.requests.decide(
        id,
        'REFUSED',
        { by: actor.caller.name, reason: wordsIn(reason, 'reason') },
        sql,
      ),
    );
  }

  /** Takes back what the actor asked for. */
  async withdraw(actor: Actor, id: string): Promise<PolicyRequest> {
    const { requests, changes } = this.#parts;
    return changes.inOrganization(actor, async (sql, record) => {
      const request = await requests.get(id, sql);
      authorize(actor, 'read', 'PolicyRequest', request, noRequestOf(id));
      authorize(actor, 'write', 'NamespacePolicy', request);
      if (!isOf(actor, request))
        throw new OwnRequest('Only who asked can withdraw a request; refuse it instead', { id });
      mustWait(request);
      const by = { by: actor.caller.name, reason: null };
      const withdrawn = await requests.decide(id, 'WITHDRAWN', by, sql);
      record(requestEvent(withdrawn, request));
      return withdrawn;
    });
  }

  #decide(
    actor: Actor,
    id: string,
    decide: (request: PolicyRequest, sql: Sql) => Promise<PolicyRequest>,
  ): Promise<PolicyRequest> {
    const { requests, changes } = this.#parts;
    return changes.inOrganization(actor, async (sql, record) => {
      const request = await requests.get(id, sql);
      authorize(actor, 'write', 'PolicyRequest', request, noRequestOf(id));
      if (isOf(actor, request))
        throw new OwnRequest('Nobody decides a request of their own', { id });
      mustWait(request);
      const decided = await decide(request, sql);
      record(requestEvent(decided, request));
      return decided;
    });
  }
}

function isOf({ caller }: Actor, { requester }: PolicyRequest): boolean {
  return caller.kind === requester.kind && caller.id === requester.id;
}

function mustWait({ state, decidedBy }: PolicyRequest): void {
  if (state !== 'PENDING')
    throw new PolicyRequestDecided(`It was ${state.toLowerCase()} by ${decidedBy}`, { state });
}
