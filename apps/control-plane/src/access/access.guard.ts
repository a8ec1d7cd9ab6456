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

import { type Actor, NotAllowed, NotAuthenticated } from './actor.ts';
import type { Action, Thing } from './permissions.ts';

export interface Requirement {
  readonly action: Action;
  readonly type: Thing;
}

/** Declares what an operation, or a field that is more than a property of its parent, needs. Without it, it answers FORBIDDEN to everyone. */
export function Requires(action: Action, type: Thing): MethodDecorator {
  const requires = { action, type } satisfies Requirement;
  return applyDecorators(SetMetadata('requires', requires), Extensions({ requires }));
}

/** The actor of the request. The guard has seen to it that there is one. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { actor } = GqlExecutionContext.create(context).getContext<{ actor?: Actor }>();
  if (!actor) throw new NotAuthenticated('Give an API token: Authorization: Bearer picket_…');
  return actor;
});

/** Default deny: an operation without `@Requires` answers FORBIDDEN to everyone (decision 11). */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): true {
    const rule = this.reflector.get<Requirement | undefined>('requires', context.getHandler());
    const { actor } = GqlExecutionContext.create(context).getContext<{ actor?: Actor }>();
    if (!actor) throw new NotAuthenticated('Give an API token: Authorization: Bearer picket_…');
    if (actor.attempt) actor.attempt.thing = rule?.type;
    if (!rule || actor.ability.cannot(rule.action, rule.type))
      throw new NotAllowed(
        rule
          ? `You may not ${rule.action} a ${rule.type}`
          : 'This operation declares no permission',
      );
    return true;
  }
}
