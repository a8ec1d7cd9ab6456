import {
  Args,
  Context,
  Int,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import { FindArgs } from '../clusters/cluster.graphql.ts';
import { ProjectRepository } from '../clusters/project.repository.ts';
import { pageRequest } from '../platform/connection.ts';
import { batched, type RequestContext } from '../platform/batched.ts';
import type { Blueprint, BlueprintVersion } from './blueprint.ts';
import * as graphql from './blueprint.graphql.ts';
import { BlueprintRepository } from './blueprint.repository.ts';
import { BlueprintService } from './blueprint.service.ts';

@Resolver(() => graphql.BlueprintType)
export class BlueprintResolver {
  constructor(
    private readonly blueprints: BlueprintService,
    private readonly repository: BlueprintRepository,
    private readonly projects: ProjectRepository,
  ) {}

  @Query(() => graphql.BlueprintType, {
    description: 'One blueprint, by id or by name and project.',
  })
  @Requires('read', 'Blueprint')
  blueprint(@CurrentActor() actor: Actor, @Args() by: FindArgs): Promise<Blueprint> {
    return this.blueprints.get(actor, by);
  }

  @Query(() => graphql.BlueprintConnection, {
    name: 'blueprints',
    description: 'Blueprints, ordered by project and name.',
  })
  @Requires('read', 'Blueprint')
  listBlueprints(
    @CurrentActor() actor: Actor,
    @Args() { first, after, filter }: graphql.BlueprintPageArgs,
  ): Promise<object> {
    return this.blueprints.list(actor, filter?.project ?? undefined, first, after);
  }

  @Query(() => graphql.BlueprintDiff, { description: 'What changed between two versions.' })
  @Requires('read', 'Blueprint')
  async diffBlueprintVersions(
    @CurrentActor() actor: Actor,
    @Args() { id, from, to }: graphql.DiffArgs,
  ): Promise<object> {
    return { changes: await this.blueprints.diff(actor, id, from, to) };
  }

  @ResolveField(() => graphql.ProjectRefType, { description: 'The project that owns it.' })
  @Requires('read', 'Blueprint')
  project(@Parent() { project }: Blueprint): { name: string } {
    return { name: project };
  }

  @ResolveField(() => graphql.BlueprintVersionType, {
    nullable: true,
    description: 'The version with the highest number.',
  })
  @Requires('read', 'Blueprint')
  newestVersion(
    @Parent() { id }: Blueprint,
    @Context() context: RequestContext,
  ): Promise<BlueprintVersion | undefined> {
    return batched(context, 'newestVersion', (ids) => this.repository.newestVersions(ids)).load(id);
  }

  @ResolveField(() => [String], {
    name: 'sharedWith',
    nullable: true,
    description: 'Names of the projects that may bind it, too. Needs Blueprint:write.',
  })
  @Requires('write', 'Blueprint')
  async listSharedWith(
    @Parent() { sharedWith }: Blueprint,
    @Context() context: RequestContext,
  ): Promise<string[]> {
    const load = batched(context, 'projectNames', (ids) => this.projects.names(ids));
    return (await Promise.all(sharedWith.map((id) => load.load(id)))).flatMap((name) => name ?? []);
  }

  @ResolveField(() => [graphql.BlueprintVersionType], { description: 'Versions, newest first.' })
  @Requires('read', 'Blueprint')
  async versions(
    @Parent() { id }: Blueprint,
    @Args('first', { type: () => Int, defaultValue: 20, description: 'How many, 1 to 200.' })
    first: number,
    @Context() context: RequestContext,
  ): Promise<BlueprintVersion[]> {
    const limit = pageRequest(first).first;
    const load = (ids: readonly string[]): Promise<Map<string, BlueprintVersion[]>> =>
      this.repository.listVersions(ids, limit);
    return (await batched(context, `versions ${limit}`, load).load(id)) ?? [];
  }

  @Mutation(() => graphql.SaveBlueprintResult, {
    description: 'Saves the draft. Publishes nothing.',
  })
  @Requires('write', 'Blueprint')
  saveBlueprintDraft(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.SaveBlueprintDraftInput,
  ): Promise<object> {
    return this.blueprints.saveDraft(actor, {
      ...input,
      project: input.project ?? 'default',
      expectedDraftVersion: input.expectedDraftVersion ?? 0,
    });
  }

  @Mutation(() => graphql.PublishBlueprintResult, {
    description: 'Makes the draft the next version. Moves nothing in any cluster.',
  })
  @Requires('write', 'Blueprint')
  publishBlueprint(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.PublishBlueprintInput,
  ): Promise<object> {
    return this.blueprints.publish(actor, input.blueprintId, input.expectedDraftVersion);
  }

  @Mutation(() => graphql.BlueprintVersionType, {
    description: 'Lets assignments pin this version.',
  })
  @Requires('write', 'Blueprint')
  activateBlueprintVersion(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.ActivateBlueprintVersionInput,
  ): Promise<object> {
    return this.blueprints.activate(actor, input.blueprintId, input.version);
  }

  @Mutation(() => graphql.BlueprintType, {
    description: 'Lets assignments of another project bind it.',
  })
  @Requires('write', 'Blueprint')
  shareBlueprint(
    @CurrentActor() actor: Actor,
    @Args('input') { blueprintId, project }: graphql.ShareBlueprintInput,
  ): Promise<Blueprint> {
    return this.blueprints.share(actor, blueprintId, project);
  }
}
