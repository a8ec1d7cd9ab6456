import type { Problem } from '@picket/kernel';
import {
  allowWorkload,
  denyNamespace,
  isolateNamespace,
  isolateWorkload,
  type NetworkPolicyPort,
  type Opening,
  type StandingPolicy,
  type WorkloadRef,
  type WrittenPolicy,
} from '@picket/policy';

import type { Actor } from '../access/actor.ts';
import type { NamespaceClaim } from '../namespace-claims/claim.ts';
import type { Sql } from '../platform/database.ts';
import type { GuardRailsRepository } from './guard-rails.repository.ts';
import type { NamespacePolicy } from './namespace-policy.ts';
import type { PolicyChanges } from './policy-changes.ts';
import { notOf, readContent, reasonIn } from './policy-input.ts';
import { eventOfAll, refusedEvent } from './policy-event.ts';
import type { PolicyRequest } from './policy-request.ts';

interface Where {
  readonly project: string;
  readonly claim: string;
  readonly reason?: string | null | undefined;
}
export interface Isolation extends Where {
  readonly namespace?: string;
  readonly openings: readonly Opening[];
}

/** What a helper wrote. */
export interface Written {
  readonly policies: readonly NamespacePolicy[];
  readonly requests: readonly PolicyRequest[];
  readonly problems: readonly Problem[];
}

interface Parts {
  readonly changes: PolicyChanges;
  readonly rails: GuardRailsRepository;
}

/** Writes ordinary namespace policies for a wish. The same wish twice is one policy. */
export class IsolationService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  isolateNamespace(actor: Actor, input: Isolation): Promise<Written> {
    return this.#write(actor, input, () =>
      Promise.resolve({ policies: [isolateNamespace(input)], problems: [] }),
    );
  }

  isolateWorkload(
    actor: Actor,
    input: Isolation & { readonly labels: WorkloadRef['labels'] },
  ): Promise<Written> {
    return this.#write(actor, input, () =>
      Promise.resolve({ policies: [isolateWorkload(input)], problems: [] }),
    );
  }

  /** Writes on those sides that the claim has. */
  allowWorkload(
    actor: Actor,
    input: Where & {
      readonly source: WorkloadRef;
      readonly target: WorkloadRef;
      readonly ports: readonly NetworkPolicyPort[];
    },
  ): Promise<Written> {
    const { source, target, ports } = input;
    return this.#write(actor, input, async (claim, sql) => {
      const isOurs = ({ namespace }: WorkloadRef): boolean =>
        notOf(claim, [namespace]).length === 0;
      const standing = async (workload: WorkloadRef): Promise<StandingPolicy[]> =>
        isOurs(workload)
          ? this.#parts.changes.standing(claim, { namespace: workload.namespace }, sql)
          : [];
      const { policies, problems } = allowWorkload({
        source,
        target,
        ports,
        standing: { source: await standing(source), target: await standing(target) },
      });
      if (isOurs(target)) return { policies, problems };
      const egress = policies.filter(({ namespace }) => namespace === source.namespace);
      const theirs = `who owns ${target.namespace} has to let it in`;
      return { policies: egress, problems: [warning('TARGET_NOT_CLAIMED', theirs)] };
    });
  }

  denyNamespace(
    actor: Actor,
    input: Where & { readonly source: string; readonly target: string },
  ): Promise<Written> {
    const { source, target } = input;
    return this.#write(actor, input, async (claim, sql) => {
      // What stands in namespaces of others is not told.
      const problems = notOf(claim, [target]);
      if (problems.length > 0) return { policies: [], problems };
      const { rails } = await this.#parts.rails.of(claim.projectId, sql);
      const standing = await this.#parts.changes.standing(claim, { namespace: target }, sql);
      const podNetworks = rails.podNetworks ?? [];
      const found = denyNamespace({ source, target, podNetworks, standing });
      switch (found.outcome) {
        case 'write':
          return { policies: [found.policy], problems: [] };
        case 'denied': {
          const already = `${found.by} closes ${target}, and nothing lets ${source} in`;
          return { policies: [], problems: [warning('DENIED_ALREADY', already)] };
        }
        case 'refused':
          return { policies: [], problems: [found.problem] };
      }
    });
  }

  /** All of the policies or none. */
  async #write(
    actor: Actor,
    where: Where,
    wish: (
      claim: NamespaceClaim,
      sql: Sql,
    ) => Promise<{ policies: readonly WrittenPolicy[]; problems: readonly Problem[] }>,
  ): Promise<Written> {
    const reason = reasonIn(where.reason);
    const { changes } = this.#parts;
    return changes
      .inClaim(actor, where, async (claim, sql, record): Promise<Written> => {
        const { policies, problems } = await wish(claim, sql);
        const results = [];
        const all = [...problems];
        for (const { name, namespace, spec } of policies) {
          const namespaces = namespace === undefined ? null : [namespace];
          const { content, problems: found } = readContent(claim, { spec, namespaces });
          all.push(...found);
          if (!content) continue;
          const result = await changes.make(actor, { claim, name, content, reason }, sql);
          all.push(...result.problems);
          results.push({ ...result, name });
        }
        const isRefused =
          results.some(({ outcome }) => outcome === 'REFUSED') || results.length < policies.length;
        if (isRefused) throw new Refused(claim, all);
        record(policies.length === 0 ? refusedEvent(claim) : eventOfAll(claim, results));
        return {
          policies: results.flatMap(({ policy }) => policy ?? []),
          requests: results.flatMap(({ request }) => request ?? []),
          problems: all,
        };
      })
      .catch(async (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        await changes.leave(actor, refusedEvent(error.claim));
        return { policies: [], requests: [], problems: error.problems };
      });
  }
}

/** Ends the transaction without keeping anything. */
class Refused extends Error {
  constructor(
    readonly claim: NamespaceClaim,
    readonly problems: readonly Problem[],
  ) {
    super();
  }
}

function warning(code: string, message: string): Problem {
  return { path: '', code, message, severity: 'warning' };
}
