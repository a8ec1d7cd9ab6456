import { Args, Mutation, Resolver } from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import * as graphql from './exception.graphql.ts';
import { ExceptionService } from './exception.service.ts';
import { NamespacePolicyResult, NamespacePolicyType } from './namespace-policy.graphql.ts';
import { resultOf } from './namespace-policy.resolver.ts';
import type { NamespacePolicy } from './namespace-policy.ts';

@Resolver()
export class ExceptionResolver {
  constructor(private readonly exceptions: ExceptionService) {}

  @Mutation(() => NamespacePolicyResult, {
    description:
      'Allows something until a time, at which the agents take it out by themselves, also without the hub.',
  })
  @Requires('write', 'NamespacePolicy')
  async createException(
    @CurrentActor() actor: Actor,
    @Args('input') { project, ...input }: graphql.CreateExceptionInput,
  ): Promise<object> {
    const created = await this.exceptions.create(actor, {
      ...input,
      project: project ?? 'default',
    });
    return resultOf(created);
  }

  @Mutation(() => NamespacePolicyResult, {
    description: 'Gives an exception another end, also when it has ended.',
  })
  @Requires('write', 'NamespacePolicy')
  async renewException(
    @CurrentActor() actor: Actor,
    @Args('input') { namespacePolicyId, expiresAt, reason }: graphql.RenewExceptionInput,
  ): Promise<object> {
    return resultOf(await this.exceptions.renew(actor, namespacePolicyId, expiresAt, reason));
  }

  @Mutation(() => NamespacePolicyType, {
    description: 'Ends an exception before its time. Never waits for an approval.',
  })
  @Requires('write', 'NamespacePolicy')
  endException(
    @CurrentActor() actor: Actor,
    @Args('input') { namespacePolicyId, reason }: graphql.EndExceptionInput,
  ): Promise<NamespacePolicy> {
    return this.exceptions.end(actor, namespacePolicyId, reason);
  }
}
