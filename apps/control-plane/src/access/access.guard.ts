import {
  applyDecorators,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Extensions, GqlExecutionContext } from '@nestjs/graphql';

import { type Actor, HOW_TO_SIGN_IN, NotAllowed, NotAuthenticated } from './actor.ts';
import type { Action, Thing } from './permissions.ts';

export interface Requirement {
  readonly action: Action;
  readonly type: Thing;
  /** One of these is enough, too. */
  readonly or?: readonly Thing[];
}
const SIGN_IN = { action: 'read', type: null } as const;

/** Declares what an operation, or a field that is more than a property of its parent, needs. Without it, it answers FORBIDDEN to everyone. */
export function Requires(action: Action, type: Thing, ...or: Thing[]): MethodDecorator {
  const requires = { action, type, or } satisfies Requirement;
  return applyDecorators(SetMetadata('requires', requires), Extensions({ requires }));
}

/** Declares that an operation speaks of nothing but the caller, who needs no role for it. */
export function RequiresSignIn(): MethodDecorator {
  return applyDecorators(SetMetadata('requires', SIGN_IN), Extensions({ requires: SIGN_IN }));
}

/** The actor of the request. The guard has seen to it that there is one. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { actor } = GqlExecutionContext.create(context).getContext<{ actor?: Actor }>();
  if (!actor) throw new NotAuthenticated(HOW_TO_SIGN_IN);
  return actor;
});

/** Default deny: an operation without `@Requires` or `@RequiresSignIn` answers FORBIDDEN to everyone (decision 11). */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): true {
    const rule = this.reflector.get<Requirement | typeof SIGN_IN | undefined>(
      'requires',
      context.getHandler(),
    );
    const { actor } = GqlExecutionContext.create(context).getContext<{ actor?: Actor }>();
    if (!actor) throw new NotAuthenticated(HOW_TO_SIGN_IN);
    if (actor.attempt && rule?.type) actor.attempt.thing = rule.type;
    if (!rule) throw new NotAllowed('This operation declares no permission');
    const { action, type } = rule;
    const others = 'or' in rule ? (rule.or ?? []) : [];
    if (type !== null && [type, ...others].every((thing) => actor.ability.cannot(action, thing)))
      throw new NotAllowed(`You may not ${action} a ${type}`);
    return true;
  }
}
