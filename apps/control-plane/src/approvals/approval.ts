import { DomainError } from '@picket/kernel';

/** The signature is of nobody who approves for this project, or not of this. */
export class ApprovalInvalid extends DomainError {
  readonly code = 'APPROVAL_INVALID';
  readonly kind = 'invalid';
}

/** The cluster must have another set than the one that was approved. */
export class ApprovalNotDue extends DomainError {
  readonly code = 'APPROVAL_NOT_DUE';
  readonly kind = 'conflict';
}

/** There is no such policy set, or no such cluster for it. */
export class PolicySetMissing extends DomainError {
  readonly code = 'POLICY_SET_MISSING';
  readonly kind = 'notFound';
}
