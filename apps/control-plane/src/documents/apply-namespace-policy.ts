import type { Problem } from '@picket/kernel';
import type { Document } from '@picket/policy';

import { type Actor, authorize } from '../access/actor.ts';
import { noClaimOf } from '../access/missing.ts';
import type { ClaimRepository } from '../namespace-claims/claim.repository.ts';
import { type ChangeResult, refused } from '../namespace-policies/change-result.ts';
import type { PolicyChanges } from '../namespace-policies/policy-changes.ts';
import { shown } from '../namespace-policies/policy-event.ts';
import { readContent } from '../namespace-policies/policy-input.ts';
import type { Sql } from '../platform/database.ts';

interface Parts {
  readonly claims: ClaimRepository;
  readonly policyChanges: PolicyChanges;
}

/** What became of it, with what auditors see. */
export interface AppliedPolicy {
  readonly action: 'CREATED' | 'CHANGED' | 'UNCHANGED' | 'REQUESTED';
  readonly warnings: readonly string[];
  readonly before?: unknown;
  readonly after?: unknown;
  /** With an error among them nothing was done. */
  readonly problems: readonly Problem[];
}

/** Takes a NamespacePolicy document through the same door as any other change. The caller holds `lockSelectors` alone. */
export async function applyNamespacePolicy(
  { claims, policyChanges }: Parts,
  { actor, projectId, sql }: { actor: Actor; projectId: string; sql: Sql },
  { name, claim: claimName, namespaces, spec }: Extract<Document, { kind: 'NamespacePolicy' }>,
): Promise<AppliedPolicy> {
  const missing = noClaimOf({ name: claimName });
  const claim = await claims.findByName(projectId, claimName, sql);
  if (!claim) throw missing;
  authorize(actor, 'write', 'NamespacePolicy', claim, missing);
  const { content, problems } = readContent(claim, { spec, namespaces });
  const reason = actor.attempt?.reason ?? null;
  const result = content
    ? await policyChanges.make(actor, { claim, name, content, reason }, sql)
    : refused(problems);
  return applied(result);
}

function applied({ outcome, before, policy, request, problems }: ChangeResult): AppliedPolicy {
  const warnings: string[] = [];
  switch (outcome) {
    case 'SAVED': {
      const events = { before: shown(before), after: shown(policy) };
      return { action: before ? 'CHANGED' : 'CREATED', warnings, problems, ...events };
    }
    case 'REQUESTED': {
      const outside = problems.map(({ path, message }) => `${path}: ${message}`);
      const waits = `waits for the platform team as policy request ${request?.id}`;
      const after = { policyRequest: request?.id, content: request?.content };
      return { action: 'REQUESTED', warnings: [waits, ...outside], problems: [], after };
    }
    case 'UNCHANGED':
    case 'REFUSED':
      return { action: 'UNCHANGED', warnings, problems: problems.map(placed) };
  }
}

/** A document names its namespaces beside its name. */
function placed(problem: Problem): Problem {
  const { path } = problem;
  return path.startsWith('namespaces') ? { ...problem, path: `metadata.${path}` } : problem;
}
