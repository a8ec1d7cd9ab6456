import { Args, Context, ID, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { agentManifest } from '@picket/agent-protocol';

import { mayDo } from '../access/ability.ts';
import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import { PageArgs } from '../platform/connection.ts';
import type { Cluster } from './cluster.ts';
import * as graphql from './cluster.graphql.ts';
import { ClusterService, type Invitation } from './cluster.service.ts';
import { ProjectRepository } from './project.repository.ts';
import { LiveClusters, type LiveContext } from './live-clusters.ts';
import { PublicAddress } from './public-address.ts';

@Resolver(() => graphql.ClusterType)
export class ClusterResolver {
  constructor(
    private readonly clusters: ClusterService,
    private readonly projects: ProjectRepository,
    private readonly address: PublicAddress,
    private readonly live: LiveClusters,
  ) {}

  @Query(() => graphql.OrganizationType, { description: 'The organization of the caller.' })
  @Requires('read', 'Organization')
  organization(@CurrentActor() actor: Actor): Promise<object> {
    return this.projects.organization(actor.organizationId);
  }

  @Query(() => graphql.ProjectConnection, { name: 'projects', description: 'Projects by name.' })
  @Requires('read', 'Project')
  listProjects(@CurrentActor() actor: Actor, @Args() { first, after }: PageArgs): Promise<object> {
    return this.clusters.listProjects(actor, first, after);
  }

  @Query(() => graphql.ClusterConnection, {
    name: 'clusters',
    description: 'Clusters, ordered by project and name.',
  })
  @Requires('read', 'Cluster')
  listClusters(
    @CurrentActor() actor: Actor,
    @Args() { first, after, filter }: graphql.ClusterPageArgs,
  ): Promise<object> {
    return this.clusters.list(actor, filter ?? {}, first, after);
  }

  @Query(() => graphql.ClusterType, { description: 'One cluster, by id or by name and project.' })
  @Requires('read', 'Cluster')
  cluster(@CurrentActor() actor: Actor, @Args() by: graphql.FindArgs): Promise<Cluster> {
    return this.clusters.get(actor, by);
  }

  /** What the caller may see is asked anew for each change, and the subscription ends with the last of it. */
  @Subscription(() => graphql.ClusterType, {
    description:
      'Clusters that have something new: what they must have, or what they say. The newest state, once; not every step. Ends when the caller may see no cluster any more, and when changes may have been missed: ask, then subscribe again.',
  })
  @Requires('read', 'Cluster')
  async *clusterChanged(
    @Context() context: LiveContext,
    @Args() { filter }: graphql.ClusterFilterArgs,
  ): AsyncGenerator<object, void, undefined> {
    for await (const ids of this.live.watch()) {
      const actor = await context.again();
      if (!actor || actor.ability.cannot('read', 'Cluster')) return;
      for (const cluster of await this.clusters.changed(actor, ids, filter ?? {})) {
        const now = await context.again();
        if (!now || !mayDo(now.ability, 'read', 'Cluster', cluster)) break;
        context.actor = now;
        context.loaders = new Map();
        yield { clusterChanged: cluster };
      }
    }
  }

  @Mutation(() => graphql.ProjectType, { description: 'Makes a project.' })
  @Requires('write', 'Project')
  createProject(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.CreateProjectInput,
  ): Promise<object> {
    return this.clusters.createProject(actor, input.name, input.requiresApproval ?? false);
  }

  @Mutation(() => graphql.RegisterClusterResult, {
    description: 'Registers a cluster and invites its agent.',
  })
  @Requires('write', 'Cluster')
  async registerCluster(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.RegisterClusterInput,
  ): Promise<object> {
    return this.#withManifest(
      await this.clusters.register(actor, {
        ...input,
        project: input.project ?? 'default',
        labels: input.labels,
      }),
    );
  }

  @Mutation(() => graphql.RegisterClusterResult, {
    description: 'Invites an agent anew; whoever enrols replaces the old identity.',
  })
  @Requires('write', 'Cluster')
  async reissueJoinToken(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.ReissueJoinTokenInput,
  ): Promise<object> {
    return this.#withManifest(await this.clusters.reissueJoinToken(actor, input.clusterId));
  }

  @Mutation(() => graphql.ClusterType, {
    description: 'Lets an enrolled agent take part (double opt-in).',
  })
  @Requires('write', 'Cluster')
  approveCluster(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.ApproveClusterInput,
  ): Promise<Cluster> {
    return this.clusters.approve(actor, input.clusterId);
  }

  @Mutation(() => graphql.ClusterType, {
    description: 'Cuts an agent off at once, open streams included.',
  })
  @Requires('write', 'Cluster')
  revokeCluster(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.RevokeClusterInput,
  ): Promise<Cluster> {
    return this.clusters.revoke(actor, input.clusterId);
  }

  @Mutation(() => ID, { description: 'Forgets a cluster and everything it reported.' })
  @Requires('write', 'Cluster')
  removeCluster(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.RemoveClusterInput,
  ): Promise<string> {
    return this.clusters.remove(actor, input.clusterId);
  }

  @Mutation(() => graphql.ClusterType, { description: 'Replaces all labels of a cluster.' })
  @Requires('write', 'Cluster')
  labelCluster(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.LabelClusterInput,
  ): Promise<Cluster> {
    return this.clusters.label(actor, input.clusterId, input.labels);
  }

  #withManifest(invitation: Invitation): object {
    const { hubUrl, image } = this.address;
    return {
      ...invitation,
      manifest: agentManifest({
        hubUrl,
        image,
        joinToken: invitation.joinToken,
        approvers: invitation.approvers,
      }),
    };
  }
}
