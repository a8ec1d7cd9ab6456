import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import { ClusterConnection, FindArgs } from '../clusters/cluster.graphql.ts';
import { ClusterService } from '../clusters/cluster.service.ts';
import { PageArgs } from '../platform/connection.ts';
import * as graphql from './claim.graphql.ts';
import { ClaimService } from './claim.service.ts';
import type { NamespaceClaim } from './claim.ts';

@Resolver(() => graphql.NamespaceClaimType)
export class ClaimResolver {
  constructor(
    private readonly claims: ClaimService,
    private readonly clusters: ClusterService,
  ) {}

  @Query(() => graphql.NamespaceClaimConnection, {
    name: 'namespaceClaims',
    description: 'Namespace claims, ordered by project and name.',
  })
  @Requires('read', 'NamespaceClaim')
  listClaims(
    @CurrentActor() actor: Actor,
    @Args() { first, after, filter }: graphql.NamespaceClaimPageArgs,
  ): Promise<object> {
    return this.claims.list(actor, filter?.project ?? undefined, first, after);
  }

  @Query(() => graphql.NamespaceClaimType, {
    description: 'One namespace claim, by id or by name and project.',
  })
  @Requires('read', 'NamespaceClaim')
  namespaceClaim(@CurrentActor() actor: Actor, @Args() by: FindArgs): Promise<NamespaceClaim> {
    return this.claims.get(actor, by);
  }

  @Query(() => [String], {
    description: 'Keys of namespace labels that tenants cannot set; claims may select by them.',
  })
  @Requires('read', 'NamespaceClaim')
  trustedNamespaceLabels(@CurrentActor() actor: Actor): Promise<string[]> {
    return this.claims.trustedLabels(actor);
  }

  @ResolveField(() => ClusterConnection, {
    name: 'clusters',
    description: 'The clusters that it reaches and the caller may see.',
  })
  @Requires('read', 'Cluster')
  listClusters(
    @Parent() { selectorId }: NamespaceClaim,
    @CurrentActor() actor: Actor,
    @Args() { first, after }: PageArgs,
  ): Promise<object> {
    return this.clusters.listMatching(actor, { selectorId }, first, after);
  }

  @Mutation(() => graphql.NamespaceClaimType, {
    description: 'Gives namespaces to a project. One that another project has there is refused.',
  })
  @Requires('write', 'NamespaceClaim')
  createNamespaceClaim(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.CreateNamespaceClaimInput,
  ): Promise<NamespaceClaim> {
    return this.claims.create(actor, { ...input, project: input.project ?? 'default' });
  }

  @Mutation(() => graphql.NamespaceClaimType, {
    description: 'Changes which namespaces, or in which clusters.',
  })
  @Requires('write', 'NamespaceClaim')
  updateNamespaceClaim(
    @CurrentActor() actor: Actor,
    @Args('input') { namespaceClaimId, ...change }: graphql.UpdateNamespaceClaimInput,
  ): Promise<NamespaceClaim> {
    return this.claims.change(actor, namespaceClaimId, change);
  }

  @Mutation(() => ID, { description: 'Ends a claim, and the roles that were held for it.' })
  @Requires('write', 'NamespaceClaim')
  deleteNamespaceClaim(
    @CurrentActor() actor: Actor,
    @Args('input') { namespaceClaimId }: graphql.DeleteNamespaceClaimInput,
  ): Promise<string> {
    return this.claims.remove(actor, namespaceClaimId);
  }

  @Mutation(() => [String], {
    description: 'Says which namespace labels tenants cannot set in the clusters.',
  })
  @Requires('write', 'Organization')
  trustNamespaceLabels(
    @CurrentActor() actor: Actor,
    @Args('input') { labels }: graphql.TrustNamespaceLabelsInput,
  ): Promise<string[]> {
    return this.claims.trustLabels(actor, labels);
  }
}
