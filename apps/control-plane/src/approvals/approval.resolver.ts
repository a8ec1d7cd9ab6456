import {
  Args,
  Context,
  ID,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import { ProjectType } from '../clusters/cluster.graphql.ts';
import { batched, type RequestContext } from '../platform/batched.ts';
import * as graphql from './approval.graphql.ts';
import type { PendingApproval } from './approval.repository.ts';
import { ApprovalService } from './approval.service.ts';

@Resolver(() => graphql.PendingApprovalType)
export class ApprovalResolver {
  constructor(private readonly approvals: ApprovalService) {}

  @Query(() => graphql.PendingApprovalConnection, {
    name: 'pendingApprovals',
    description: 'Clusters that wait for approvers.',
  })
  @Requires('read', 'Approval')
  listPending(
    @CurrentActor() actor: Actor,
    @Args() { project, first, after }: graphql.PendingApprovalArgs,
  ): Promise<object> {
    return this.approvals.listPending(actor, project ?? undefined, first, after);
  }

  @ResolveField(() => [graphql.ApprovalType], {
    description: 'Who let it run what it runs: whoever approves can see that it is so.',
  })
  @Requires('read', 'Approval')
  async runningApprovals(
    @Parent() { cluster }: PendingApproval,
    @Context() context: RequestContext,
  ): Promise<object[]> {
    const running = batched(context, 'runningApprovals', (ids) =>
      this.approvals.approvalsOfRunning(ids),
    );
    return (await running.load(cluster.id)) ?? [];
  }

  @Query(() => String, {
    description:
      'A policy set as canonical JSON, whose SHA-256 is its digest: whoever approves reads this, and not what somebody says of it.',
  })
  @Requires('read', 'PolicySet')
  policySetText(
    @CurrentActor() actor: Actor,
    @Args() { clusterId, digest }: graphql.PolicySetTextArgs,
  ): Promise<string> {
    return this.approvals.text(actor, clusterId, digest);
  }

  @Mutation(() => ProjectType, {
    description:
      'Says whose approval the clusters of a project want: it goes into the manifests of clusters that join from now on. Those that are there keep what theirs says.',
  })
  @Requires('write', 'Cluster')
  setApprovers(
    @CurrentActor() actor: Actor,
    @Args('input') { project, keys, needed }: graphql.SetApproversInput,
  ): Promise<object> {
    return this.approvals.setApprovers(actor, {
      project: project ?? 'default',
      keys,
      needed: needed ?? 1,
    });
  }

  @Mutation(() => [ID], { description: 'Hands in what an approver signed. Answers the clusters.' })
  @Requires('write', 'Approval')
  approvePolicySets(
    @CurrentActor() actor: Actor,
    @Args('input') { approvals }: graphql.ApprovePolicySetsInput,
  ): Promise<string[]> {
    return this.approvals.approve(
      actor,
      approvals.map((approval) => ({ ...approval, notAfter: approval.notAfter ?? null })),
    );
  }
}
