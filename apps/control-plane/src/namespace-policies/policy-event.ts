import type { Change as AuditChange } from '../audit/changes.ts';
import type { NamespaceClaim } from '../namespace-claims/claim.ts';
import { contentOf, type NamespacePolicy } from './namespace-policy.ts';
import type { ChangeResult } from './change-result.ts';
import type { PolicyRequest } from './policy-request.ts';

type Place = Pick<NamespaceClaim, 'id' | 'name' | 'projectId'>;

/** What auditors see of one change: the policy that was saved or went, or the request that was made. */
export function eventOf(claim: Place, name: string, result: ChangeResult): AuditChange {
  const { outcome, before, policy, request } = result;
  const { projectId } = claim;
  const named = { name: `${claim.name}/${name}`, projectId };
  switch (outcome) {
    case 'REQUESTED':
      return { ...requestEvent(request), ...named };
    case 'SAVED':
      return {
        ...named,
        thing: 'NamespacePolicy',
        id: policy?.id,
        before: shown(before),
        after: policy?.state === 'ACTIVE' ? shown(policy) : undefined,
      };
    case 'UNCHANGED':
    case 'REFUSED':
      return { ...named, thing: 'NamespacePolicy', id: before?.id, unchanged: REASONS[outcome] };
  }
}

/** What auditors see of a wish that became several changes: all of them, by name. */
export function eventOfAll(
  claim: Place,
  results: readonly (ChangeResult & { readonly name: string })[],
): AuditChange {
  const [only] = results;
  if (only && results.length === 1) return eventOf(claim, only.name, only);
  const events = results.map(
    (result) => [result.name, eventOf(claim, result.name, result)] as const,
  );
  const changed = events.filter(([, { unchanged }]) => unchanged === undefined);
  return {
    thing: 'NamespaceClaim',
    ...claim,
    before: Object.fromEntries(changed.map(([name, { before }]) => [name, before])),
    after: Object.fromEntries(changed.map(([name, { after }]) => [name, after])),
    ...(changed.length === 0 && { unchanged: REASONS.UNCHANGED }),
  };
}

/** A wish of which nothing could be written. */
export function refusedEvent(claim: Place): AuditChange {
  const { id, name, projectId } = claim;
  return { thing: 'NamespaceClaim', id, name, projectId, unchanged: REASONS.REFUSED };
}

export function requestEvent(request: PolicyRequest | null, before?: PolicyRequest): AuditChange {
  return {
    thing: 'PolicyRequest',
    id: request?.id,
    name: request ? `${request.claim}/${request.name}` : undefined,
    projectId: request?.projectId,
    before: before && shownRequest(before),
    after: request && shownRequest(request),
  };
}

export function shown(policy: NamespacePolicy | null | undefined): object | undefined {
  return policy ? { version: policy.version, ...contentOf(policy) } : undefined;
}

function shownRequest({ state, baseVersion, content, decisionReason }: PolicyRequest): object {
  return { state, baseVersion, content, decisionReason };
}

const REASONS = { UNCHANGED: 'SAME', REFUSED: 'PROBLEMS' } as const;
