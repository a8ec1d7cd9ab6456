import { Args, Query, Resolver } from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import * as graphql from './audit-log.graphql.ts';
import { AuditLogService } from './audit-log.service.ts';

@Resolver(() => graphql.AuditEventType)
export class AuditLogResolver {
  constructor(private readonly log: AuditLogService) {}

  @Query(() => graphql.AuditEventConnection, {
    name: 'auditEvents',
    description: 'Who did what, newest first.',
  })
  @Requires('read', 'AuditEvent')
  listAuditEvents(
    @CurrentActor() actor: Actor,
    @Args() { first, after, filter }: graphql.AuditEventPageArgs,
  ): Promise<object> {
    return this.log.list(actor, filter ?? {}, first, after);
  }
}
