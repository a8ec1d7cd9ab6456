import {
  Args,
  Context,
  GraphQLISODateTime,
  Int,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import { ClusterConnection } from '../clusters/cluster.graphql.ts';
import { ClusterService } from '../clusters/cluster.service.ts';
import { ProjectRepository } from '../clusters/project.repository.ts';
import { batched, type RequestContext } from '../platform/batched.ts';
import { PageArgs, pageRequest } from '../platform/connection.ts';
import * as graphql from './namespace-policy.graphql.ts';
import { NamespacePolicyRepository } from './namespace-policy.repository.ts';
import {
  NamespacePolicyService,
  type Preview,
  type SaveInput,
} from './namespace-policy.service.ts';
import type { NamespacePolicy, NamespacePolicyVersion } from './namespace-policy.ts';
import type { ChangeResult } from './change-result.ts';
import { endDate } from './policy-request.resolver.ts';
import { PreviewType } from './preview.graphql.ts';

@Resolver(() => graphql.NamespacePolicyType)
export class NamespacePolicyResolver {
  constructor(
    private readonly policies: NamespacePolicyService,
    private readonly repository: NamespacePolicyRepository,
    private readonly projects: ProjectRepository,
  ) {}

  @Query(() => graphql.NamespacePolicyType, {
    description: 'One namespace policy, by id or by project, claim and name.',
  })
  @Requires('read', 'NamespacePolicy')
  namespacePolicy(
    @CurrentActor() actor: Actor,
    @Args() by: graphql.FindPolicyArgs,
  ): Promise<NamespacePolicy> {
    return this.policies.find(actor, by);
  }

  @Query(() => graphql.NamespacePolicyConnection, {
    name: 'namespacePolicies',
    description: 'Namespace policies, ordered by project, claim and name.',
  })
  @Requires('read', 'NamespacePolicy')
  listNamespacePolicies(
    @CurrentActor() { ability }: Actor,
    @Args() { first, after, filter }: graphql.NamespacePolicyPageArgs,
  ): Promise<object> {
    const { project, claim, state, expiring } = filter ?? {};
    return this.policies.list(
      {
        ability,
        project: project ?? undefined,
        claim: claim ?? undefined,
        state: state ?? 'ACTIVE',
        expiring: expiring ?? undefined,
      },
      first,
      after,
    );
  }

  @Query(() => PreviewType, {
    description: 'What saving a namespace policy would do, and whom it concerns.',
  })
  @Requires('read', 'NamespacePolicy')
  previewNamespacePolicy(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.SaveNamespacePolicyInput,
  ): Promise<Preview> {
    return this.policies.preview(actor, saveInput(input));
  }

  @ResolveField(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When the exception ends; null: it is none.',
  })
  @Requires('read', 'NamespacePolicy')
  expiresAt(@Parent() { expiresAt }: NamespacePolicy): Date | null {
    return endDate(expiresAt);
  }

  @ResolveField(() => [graphql.NamespacePolicyVersionType], {
    description: 'Versions, newest first.',
  })
  @Requires('read', 'NamespacePolicy')
  async versions(
    @Parent() { id }: NamespacePolicy,
    @Args('first', { type: () => Int, defaultValue: 20, description: 'How many, 1 to 200.' })
    first: number,
    @Context() context: RequestContext,
  ): Promise<NamespacePolicyVersion[]> {
    const { first: limit } = pageRequest(first);
    const load = batched(context, `namespacePolicyVersions ${limit}`, (ids) =>
      this.repository.listVersions(ids, limit),
    );
    return (await load.load(id)) ?? [];
  }

  @ResolveField(() => [String], {
    name: 'sharedWith',
    nullable: true,
    description: 'Names of the projects that may read it, too. Needs NamespacePolicy:write.',
  })
  @Requires('write', 'NamespacePolicy')
  async listSharedWith(
    @Parent() { sharedWith }: NamespacePolicy,
    @Context() context: RequestContext,
  ): Promise<string[]> {
    const load = batched(context, 'projectNames', (ids) => this.projects.names(ids));
    return (await Promise.all(sharedWith.map((id) => load.load(id)))).flatMap((name) => name ?? []);
  }

  @Mutation(() => graphql.NamespacePolicyResult, {
    description: 'Saves a version, or asks for it where the guard rails say so.',
  })
  @Requires('write', 'NamespacePolicy')
  async saveNamespacePolicy(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.SaveNamespacePolicyInput,
  ): Promise<object> {
    return resultOf(await this.policies.save(actor, saveInput(input)));
  }

  @Mutation(() => graphql.NamespacePolicyResult, {
    description: 'Takes a policy out of force; the agents prune it. Its versions stay.',
  })
  @Requires('write', 'NamespacePolicy')
  async deleteNamespacePolicy(
    @CurrentActor() actor: Actor,
    @Args('input') { namespacePolicyId, reason }: graphql.DeleteNamespacePolicyInput,
  ): Promise<object> {
    return resultOf(await this.policies.remove(actor, namespacePolicyId, reason));
  }

  @Mutation(() => graphql.NamespacePolicyResult, {
    description: 'Makes a new version of what an older one said.',
  })
  @Requires('write', 'NamespacePolicy')
  async restoreNamespacePolicyVersion(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.RestoreNamespacePolicyVersionInput,
  ): Promise<object> {
    const { namespacePolicyId, version, reason } = input;
    return resultOf(await this.policies.restore(actor, namespacePolicyId, version, reason));
  }

  @Mutation(() => graphql.NamespacePolicyType, {
    description: 'Lets a project read a policy, to copy it.',
  })
  @Requires('write', 'NamespacePolicy')
  shareNamespacePolicy(
    @CurrentActor() actor: Actor,
    @Args('input') { namespacePolicyId, project }: graphql.ShareNamespacePolicyInput,
  ): Promise<NamespacePolicy> {
    return this.policies.share(actor, namespacePolicyId, project);
  }

  @Mutation(() => graphql.NamespacePolicyType, {
    description: 'Lets a project read a policy no more.',
  })
  @Requires('write', 'NamespacePolicy')
  unshareNamespacePolicy(
    @CurrentActor() actor: Actor,
    @Args('input') { namespacePolicyId, project }: graphql.UnshareNamespacePolicyInput,
  ): Promise<NamespacePolicy> {
    return this.policies.unshare(actor, namespacePolicyId, project);
  }
}

@Resolver(() => graphql.NamespacePolicyVersionType)
export class NamespacePolicyVersionResolver {
  @ResolveField(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When the exception ends; null: it is none.',
  })
  @Requires('read', 'NamespacePolicy')
  expiresAt(@Parent() { expiresAt }: NamespacePolicyVersion): Date | null {
    return endDate(expiresAt);
  }
}

@Resolver(() => PreviewType)
export class PreviewResolver {
  constructor(private readonly clusters: ClusterService) {}

  @ResolveField(() => ClusterConnection, {
    name: 'clusters',
    description: 'The clusters that it reaches and the caller may see.',
  })
  @Requires('read', 'Cluster')
  listClusters(
    @Parent() { selectorId }: Preview,
    @CurrentActor() actor: Actor,
    @Args() { first, after }: PageArgs,
  ): Promise<object> {
    return this.clusters.listMatching(actor, { selectorId }, first, after);
  }
}

function saveInput({ project, ...input }: graphql.SaveNamespacePolicyInput): SaveInput {
  return { ...input, project: project ?? 'default' };
}

/** As the API calls its parts. */
export function resultOf({ outcome, policy, request, problems }: ChangeResult): object {
  return { outcome, namespacePolicy: policy, policyRequest: request, problems };
}
