import { DomainError } from '@picket/kernel';

import type { Attempt } from '../audit/attempt.ts';
import { type Ability, type Held, type Instance, mayDo } from './ability.ts';
import type { Action, Thing } from './permissions.ts';

/** Who asks: `id` never changes (a token's id, a person's issuer and subject), `name` is for people to read. */
export interface Caller {
  readonly kind: 'TOKEN' | 'USER';
  readonly id: string;
  readonly name: string;
  /** Those that the issuer put a person into. */
  readonly groups?: readonly string[];
}

/** The person or token who asks, with all that it may do. */
export interface Actor {
  readonly caller: Caller;
  readonly organizationId: string;
  readonly held: readonly Held[];
  readonly ability: Ability;
  /** The mutation that this actor is about to make; absent while it only reads. */
  readonly attempt?: Attempt;
}

/** What everybody hears whose token is not good, whatever is wrong with it. */
export const HOW_TO_SIGN_IN =
  'Give an API token, or a token of the issuer at which you sign in, that has not ended: Authorization: Bearer …';

/** Nobody with a valid token asks. */
export class NotAuthenticated extends DomainError {
  readonly code = 'UNAUTHENTICATED';
  readonly kind = 'forbidden';
}

/** None of the actor's roles allows this. */
export class NotAllowed extends DomainError {
  readonly code = 'FORBIDDEN';
  readonly kind = 'forbidden';
}

/**
 * The one check of a thing: throws unless the actor may do this to it. What the actor may not even see is `missing`, as if it were not
 * there; a thing that is to be made has no `missing`.
 */
export function authorize(
  { ability }: Actor,
  action: Action,
  thing: Thing,
  instance: Instance,
  missing?: DomainError,
): void {
  if (mayDo(ability, action, thing, instance)) return;
  if (missing && !mayDo(ability, 'read', thing, instance)) throw missing;
  throw new NotAllowed(`You may not ${action} this ${thing}`, { action, type: thing });
}
