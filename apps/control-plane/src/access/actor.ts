import { AbilityBuilder, createMongoAbility, type MongoAbility } from '@casl/ability';
import { DomainError } from '@picket/kernel';

/** The person or token who asks. */
export interface Actor {
  readonly tokenId: string;
  readonly organizationId: string;
  readonly role: string;
}

export type Action = 'read' | 'write';
export type Thing = 'Organization' | 'Project' | 'Cluster' | 'Blueprint' | 'Assignment';
export type Ability = MongoAbility<[Action | 'manage', Thing | 'all']>;

/** Nobody with a valid token asks. */
export class NotAuthenticated extends DomainError {
  readonly code = 'UNAUTHENTICATED';
  readonly kind = 'forbidden';
}

/** The actor's role does not allow this. */
export class NotAllowed extends DomainError {
  readonly code = 'FORBIDDEN';
  readonly kind = 'forbidden';
}

const ABILITIES = new Map<string, Ability>();

/** What a role may do. For now there is one; an unknown role may do nothing. */
export function abilityOf({ role }: Actor): Ability {
  let ability = ABILITIES.get(role);
  if (!ability) {
    const { can, build } = new AbilityBuilder<Ability>(createMongoAbility);
    if (role === 'admin') can('manage', 'all');
    ability = build();
    ABILITIES.set(role, ability);
  }
  return ability;
}

/** The one check of an instance: throws NotAllowed unless the actor may do this to a thing of this organization. */
export function authorize(actor: Actor, action: Action, type: Thing, organizationId: string): void {
  if (actor.organizationId !== organizationId || abilityOf(actor).cannot(action, type))
    throw new NotAllowed(`You may not ${action} this ${type}`, { action, type });
}
