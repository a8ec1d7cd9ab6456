import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import * as graphql from './guard-rails.graphql.ts';
import { GuardRailsService } from './guard-rails.service.ts';
import type { ProjectRails } from './guard-rails.ts';

@Resolver(() => graphql.GuardRailsType)
export class GuardRailsResolver {
  constructor(private readonly rails: GuardRailsService) {}

  @Query(() => graphql.GuardRailsType, {
    description: 'What namespace policies of a project may open.',
  })
  @Requires('read', 'GuardRails')
  guardRails(
    @CurrentActor() actor: Actor,
    @Args('project', { defaultValue: 'default', description: 'Name of the project.' })
    project: string,
  ): Promise<ProjectRails> {
    return this.rails.get(actor, project);
  }

  @Mutation(() => graphql.GuardRailsType, {
    description: 'Says what namespace policies of a project may open from now on.',
  })
  @Requires('write', 'GuardRails')
  setGuardRails(
    @CurrentActor() actor: Actor,
    @Args('input') { project, ...input }: graphql.SetGuardRailsInput,
  ): Promise<ProjectRails> {
    return this.rails.set(actor, { ...input, project: project ?? 'default' });
  }
}
