import {
  Args,
  GraphQLISODateTime,
  ID,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import type { NamespacePolicyContent } from '@picket/policy';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import * as graphql from './policy-request.graphql.ts';
import { PolicyRequestService } from './policy-request.service.ts';
import type { PolicyRequest } from './policy-request.ts';

@Resolver(() => graphql.PolicyRequestType)
export class PolicyRequestResolver {
  constructor(private readonly requests: PolicyRequestService) {}

  @Query(() => graphql.PolicyRequestType, { description: 'One policy request.' })
  @Requires('read', 'PolicyRequest')
  policyRequest(
    @CurrentActor() actor: Actor,
    @Args('id', { type: () => ID, description: 'Id.' }) id: string,
  ): Promise<PolicyRequest> {
    return this.requests.get(actor, id);
  }

  @Query(() => graphql.PolicyRequestConnection, {
    name: 'policyRequests',
    description: 'Changes to namespace policies that waited or wait, the newest first.',
  })
  @Requires('read', 'PolicyRequest')
  listPolicyRequests(
    @CurrentActor() { ability }: Actor,
    @Args() { first, after, filter }: graphql.PolicyRequestPageArgs,
  ): Promise<object> {
    const { project, claim, state } = filter ?? {};
    return this.requests.list(
      {
        ability,
        project: project ?? undefined,
        claim: claim ?? undefined,
        state: state ?? undefined,
      },
      first,
      after,
    );
  }

  @Mutation(() => graphql.PolicyRequestType, {
    description:
      'Puts in force what was asked for. Not by who asked; not when the policy has changed since.',
  })
  @Requires('write', 'PolicyRequest')
  approvePolicyRequest(
    @CurrentActor() actor: Actor,
    @Args('input') { policyRequestId, reason }: graphql.ApprovePolicyRequestInput,
  ): Promise<PolicyRequest> {
    return this.requests.approve(actor, policyRequestId, reason);
  }

  @Mutation(() => graphql.PolicyRequestType, { description: 'Refuses it, with a reason.' })
  @Requires('write', 'PolicyRequest')
  refusePolicyRequest(
    @CurrentActor() actor: Actor,
    @Args('input') { policyRequestId, reason }: graphql.RefusePolicyRequestInput,
  ): Promise<PolicyRequest> {
    return this.requests.refuse(actor, policyRequestId, reason);
  }

  @Mutation(() => graphql.PolicyRequestType, { description: 'Takes back a request of your own.' })
  @Requires('write', 'NamespacePolicy')
  withdrawPolicyRequest(
    @CurrentActor() actor: Actor,
    @Args('input') { policyRequestId }: graphql.WithdrawPolicyRequestInput,
  ): Promise<PolicyRequest> {
    return this.requests.withdraw(actor, policyRequestId);
  }
}

@Resolver(() => graphql.PolicyContentType)
export class PolicyContentResolver {
  @ResolveField(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When the exception ends; null: it is none.',
  })
  @Requires('read', 'PolicyRequest')
  expiresAt(@Parent() { expiresAt }: NamespacePolicyContent): Date | null {
    return endDate(expiresAt);
  }
}

/** Seconds since the epoch as the API says it. */
export function endDate(expiresAt: number | null): Date | null {
  return expiresAt === null ? null : new Date(expiresAt * 1_000);
}
