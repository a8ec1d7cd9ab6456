import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';

import { PageArgs } from '../platform/connection.ts';
import { CurrentActor, Requires, RequiresSignIn } from './access.guard.ts';
import * as graphql from './access.graphql.ts';
import { AccessService } from './access.service.ts';
import type { Actor } from './actor.ts';

@Resolver()
export class AccessResolver {
  constructor(private readonly access: AccessService) {}

  @Query(() => graphql.MeType, { description: 'Who asks. Needs no role.' })
  @RequiresSignIn()
  me(@CurrentActor() actor: Actor): Promise<object> {
    return this.access.me(actor);
  }

  @Query(() => [graphql.MyPermissionType], { description: 'What the caller may do, and where.' })
  @Requires('read', 'Organization')
  myPermissions(@CurrentActor() actor: Actor): Promise<object[]> {
    return this.access.permissionsOf(actor);
  }

  @Query(() => [graphql.RoleType], { description: 'Roles that can be given.' })
  @Requires('read', 'Organization')
  roles(@CurrentActor() actor: Actor): Promise<object[]> {
    return this.access.roles(actor);
  }

  @Query(() => [graphql.SubjectType], {
    description:
      'Who may do this to a cluster, in a project, or in the whole organization. At most 1,000.',
  })
  @Requires('read', 'RoleBinding')
  whoCan(@CurrentActor() actor: Actor, @Args() question: graphql.WhoCanArgs): Promise<object[]> {
    return this.access.whoCan(actor, question);
  }

  @Query(() => graphql.ApiTokenConnection, {
    name: 'apiTokens',
    description: 'Tokens for automation, by name.',
  })
  @Requires('read', 'Token')
  listApiTokens(@CurrentActor() actor: Actor, @Args() { first, after }: PageArgs): Promise<object> {
    return this.access.listTokens(actor, first, after);
  }

  @Query(() => graphql.RoleBindingConnection, {
    name: 'roleBindings',
    description: 'Who has which role, where.',
  })
  @Requires('read', 'RoleBinding')
  listRoleBindings(
    @CurrentActor() actor: Actor,
    @Args() { first, after }: PageArgs,
  ): Promise<object> {
    return this.access.listBindings(actor, first, after);
  }

  @Mutation(() => graphql.CreateApiTokenResult, {
    description: 'Makes a token for automation, which may do nothing yet.',
  })
  @Requires('write', 'Token')
  createApiToken(
    @CurrentActor() actor: Actor,
    @Args('input') { name, expiresAt }: graphql.CreateApiTokenInput,
  ): Promise<object> {
    return this.access.createToken(actor, { name, expiresAt: expiresAt ?? null });
  }

  @Mutation(() => ID, { description: 'Ends a token, and what was bound to it. At once.' })
  @Requires('write', 'Token')
  revokeApiToken(
    @CurrentActor() actor: Actor,
    @Args('input') { tokenId }: graphql.RevokeApiTokenInput,
  ): Promise<string> {
    return this.access.revokeToken(actor, tokenId);
  }

  @Mutation(() => graphql.RoleType, {
    description: 'Makes a role of the organization, or changes what it allows.',
  })
  @Requires('write', 'RoleBinding')
  saveRole(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.SaveRoleInput,
  ): Promise<object> {
    return this.access.saveRole(actor, input);
  }

  @Mutation(() => String, { description: 'Ends a role, and what it gave. At once.' })
  @Requires('write', 'RoleBinding')
  deleteRole(
    @CurrentActor() actor: Actor,
    @Args('input') { name }: graphql.DeleteRoleInput,
  ): Promise<string> {
    return this.access.deleteRole(actor, name);
  }

  @Mutation(() => graphql.RoleBindingType, {
    description: 'Gives somebody a role. The same twice is one.',
  })
  @Requires('write', 'RoleBinding')
  createRoleBinding(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.CreateRoleBindingInput,
  ): Promise<object> {
    return this.access.bind(actor, input);
  }

  @Mutation(() => ID, { description: 'Takes a role away. At once.' })
  @Requires('write', 'RoleBinding')
  deleteRoleBinding(
    @CurrentActor() actor: Actor,
    @Args('input') { roleBindingId }: graphql.DeleteRoleBindingInput,
  ): Promise<string> {
    return this.access.unbind(actor, roleBindingId);
  }
}
