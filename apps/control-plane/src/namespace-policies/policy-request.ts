import { DomainError, type Problem } from '@picket/kernel';
import type { ContentChange, NamespacePolicyContent } from '@picket/policy';

import type { Caller } from '../access/actor.ts';

export type RequestState = 'PENDING' | 'APPROVED' | 'REFUSED' | 'WITHDRAWN';

/** A change to a namespace policy that waits for somebody of the platform team. */
export interface PolicyRequest {
  readonly id: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly project: string;
  readonly claimId: string;
  readonly claim: string;
  /** Name of the policy. */
  readonly name: string;
  /** The version that it was made upon; null: nothing was in force. */
  readonly baseVersion: number | null;
  /** What is to be in force; null: the policy is to go. */
  readonly content: NamespacePolicyContent | null;
  /** Against the version that it was made upon. */
  readonly changes: readonly ContentChange[];
  /** What of it was outside the guard rails. */
  readonly problems: readonly Problem[];
  readonly reason: string | null;
  readonly requester: Caller;
  /** Its name, for people. */
  readonly requestedBy: string;
  readonly state: RequestState;
  /** Whether the policy has changed since: then it cannot be approved any more. */
  readonly stale: boolean;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly decidedAt: Date | null;
  readonly createdAt: Date;
}

export class PolicyRequestMissing extends DomainError {
  readonly code = 'POLICY_REQUEST_MISSING';
  readonly kind = 'notFound';
}

/** The same words for one that is not there and for one that the actor may not see. */
export function noRequestOf(id: string): PolicyRequestMissing {
  return new PolicyRequestMissing(`There is no policy request ${id}`, { id });
}

/** Somebody decided it already, or it was withdrawn. */
export class PolicyRequestDecided extends DomainError {
  readonly code = 'POLICY_REQUEST_DECIDED';
  readonly kind = 'conflict';
}

/** What it was made upon is not in force any more. */
export class PolicyRequestStale extends DomainError {
  readonly code = 'POLICY_REQUEST_STALE';
  readonly kind = 'conflict';
}

/** Nobody decides a request of their own. */
export class OwnRequest extends DomainError {
  readonly code = 'OWN_REQUEST';
  readonly kind = 'forbidden';
}
