import { DomainError } from '@picket/kernel';

export class TokenMissing extends DomainError {
  readonly code = 'TOKEN_MISSING';
  readonly kind = 'notFound';
}

export class RoleBindingMissing extends DomainError {
  readonly code = 'ROLE_BINDING_MISSING';
  readonly kind = 'notFound';
}

export class RoleMissing extends DomainError {
  readonly code = 'ROLE_MISSING';
  readonly kind = 'notFound';
}

/** There are as many as there may be. */
export class LimitReached extends DomainError {
  readonly code = 'LIMIT_REACHED';
  readonly kind = 'conflict';
}

/** More would be given, or taken away, than the actor may do there. */
export class Escalation extends DomainError {
  readonly code = 'ESCALATION';
  readonly kind = 'forbidden';
}

/** The last way to administer the organization would end. */
export class LastAdmin extends DomainError {
  readonly code = 'LAST_ADMIN';
  readonly kind = 'conflict';
}
