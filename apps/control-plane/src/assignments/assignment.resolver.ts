import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';

import { CurrentActor, Requires } from '../access/access.guard.ts';
import type { Actor } from '../access/actor.ts';
import {
  BlueprintType,
  BlueprintVersionType,
  RetireBlueprintVersionInput,
  UnshareBlueprintInput,
} from '../blueprints/blueprint.graphql.ts';
import { ClusterSelector } from '../clusters/cluster-selector.ts';
import { ClusterConnection, FindArgs, ProjectRefType } from '../clusters/cluster.graphql.ts';
import { ClusterService } from '../clusters/cluster.service.ts';
import { checked } from '../platform/input.ts';
import * as graphql from './assignment.graphql.ts';
import { AssignmentService } from './assignment.service.ts';
import type { Assignment } from './assignment.ts';

@Resolver(() => graphql.AssignmentType)
export class AssignmentResolver {
  constructor(
    private readonly assignments: AssignmentService,
    private readonly clusters: ClusterService,
  ) {}

  @Query(() => graphql.AssignmentType, {
    description: 'One assignment, by id or by name and project.',
  })
  @Requires('read', 'Assignment')
  assignment(@CurrentActor() actor: Actor, @Args() by: FindArgs): Promise<Assignment> {
    return this.assignments.get(actor, by);
  }

  @Query(() => graphql.AssignmentConnection, {
    name: 'assignments',
    description: 'Assignments, ordered by project and name.',
  })
  @Requires('read', 'Assignment')
  listAssignments(
    @CurrentActor() actor: Actor,
    @Args() { first, after, filter }: graphql.AssignmentPageArgs,
  ): Promise<object> {
    return this.assignments.list(actor, filter?.project ?? undefined, first, after);
  }

  @Query(() => ClusterConnection, { description: 'The clusters that a selector would bind.' })
  @Requires('read', 'Cluster')
  previewAssignment(
    @CurrentActor() actor: Actor,
    @Args() { first, after, input }: graphql.PreviewArgs,
  ): Promise<object> {
    const selector = checked(ClusterSelector, input.clusterSelector, 'clusterSelector');
    return this.clusters.listMatching(
      actor,
      { project: input.project ?? 'default', selector },
      first,
      after,
    );
  }

  @ResolveField(() => ProjectRefType, { description: 'The project that owns it.' })
  @Requires('read', 'Assignment')
  project(@Parent() { project }: Assignment): { name: string } {
    return { name: project };
  }

  @ResolveField(() => graphql.BlueprintRefType, { description: 'What it binds.' })
  @Requires('read', 'Assignment')
  blueprint(@Parent() { blueprint, blueprintId }: Assignment): { id: string; name: string } {
    return { id: blueprintId, name: blueprint };
  }

  @Mutation(() => graphql.AssignmentResult, { description: 'Binds a version to clusters.' })
  @Requires('write', 'Assignment')
  createAssignment(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.CreateAssignmentInput,
  ): Promise<object> {
    return this.assignments.create(actor, { ...input, project: input.project ?? 'default' });
  }

  @Mutation(() => graphql.AssignmentResult, { description: 'Pins another version.' })
  @Requires('write', 'Assignment')
  moveAssignment(
    @CurrentActor() actor: Actor,
    @Args('input') { assignmentId, expectedRevision, ...change }: graphql.MoveAssignmentInput,
  ): Promise<object> {
    return this.assignments.change(actor, assignmentId, expectedRevision, change);
  }

  @Mutation(() => graphql.AssignmentResult, { description: 'Binds other clusters.' })
  @Requires('write', 'Assignment')
  retargetAssignment(
    @CurrentActor() actor: Actor,
    @Args('input') { assignmentId, expectedRevision, ...change }: graphql.RetargetAssignmentInput,
  ): Promise<object> {
    return this.assignments.change(actor, assignmentId, expectedRevision, change);
  }

  @Mutation(() => graphql.AssignmentResult, { description: 'Gives other parameters.' })
  @Requires('write', 'Assignment')
  configureAssignment(
    @CurrentActor() actor: Actor,
    @Args('input') { assignmentId, expectedRevision, ...change }: graphql.ConfigureAssignmentInput,
  ): Promise<object> {
    return this.assignments.change(actor, assignmentId, expectedRevision, change);
  }

  @Mutation(() => ID, { description: 'Unbinds; the agents prune what it brought.' })
  @Requires('write', 'Assignment')
  deleteAssignment(
    @CurrentActor() actor: Actor,
    @Args('input') input: graphql.DeleteAssignmentInput,
  ): Promise<string> {
    return this.assignments.remove(actor, input.assignmentId);
  }

  @Mutation(() => BlueprintVersionType, {
    description: 'Retires a version. While assignments pin it, only with `withdraw`.',
  })
  @Requires('write', 'Blueprint')
  retireBlueprintVersion(
    @CurrentActor() actor: Actor,
    @Args('input') input: RetireBlueprintVersionInput,
  ): Promise<object> {
    return this.assignments.retireVersion(
      actor,
      input.blueprintId,
      input.version,
      input.withdraw ?? false,
    );
  }

  @Mutation(() => BlueprintType, {
    description: 'Ends that a project may bind it; refused while one of its assignments does.',
  })
  @Requires('write', 'Blueprint')
  unshareBlueprint(
    @CurrentActor() actor: Actor,
    @Args('input') { blueprintId, project }: UnshareBlueprintInput,
  ): Promise<object> {
    return this.assignments.unshareBlueprint(actor, blueprintId, project);
  }
}
