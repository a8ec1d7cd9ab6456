import { ArgsType, Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';

import { ConnectionType, PageArgs } from '../platform/connection.ts';
import { JsonValue } from '../platform/json-scalar.ts';

@ObjectType('BlueprintRef', { description: 'The blueprint that an assignment binds.' })
export class BlueprintRefType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name, unique in the project.' }) name!: string;
}

@ObjectType('Assignment', {
  description: 'Binds a blueprint version to the clusters that a selector picks.',
})
export class AssignmentType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name, unique in the project.' }) name!: string;
  @Field(() => Int, { description: 'The version that it pins.' }) version!: number;
  @Field(() => JsonValue, { description: 'LabelSelector over cluster labels.' })
  clusterSelector!: object;
  @Field(() => JsonValue, { description: 'Values of the blueprint’s parameters.' })
  parameters!: object;
  @Field(() => Int, { description: 'Rises with each change; give it back when you change it.' })
  revision!: number;
}

@ObjectType({ description: 'A page of assignments, ordered by project and name.' })
export class AssignmentConnection extends ConnectionType(AssignmentType, 'Assignment') {}

@ObjectType({ description: 'An assignment and what it reaches.' })
export class AssignmentResult {
  @Field(() => AssignmentType, { description: 'As it is now.' }) assignment!: AssignmentType;
  @Field(() => [String], {
    description: 'What is allowed but odd, such as a selector that matches nothing.',
  })
  warnings!: string[];
  @Field(() => Int, { description: 'How many clusters it binds now.' }) matchedClusters!: number;
}

@InputType({ description: 'Which assignments.' })
export class AssignmentFilter {
  @Field(() => String, { nullable: true, description: 'Name of the project.' }) project?:
    | string
    | null;
}
@ArgsType()
export class AssignmentPageArgs extends PageArgs {
  @Field(() => AssignmentFilter, { nullable: true, description: 'Which ones.' })
  filter?: AssignmentFilter;
}

@InputType({ description: 'A selector to try.' })
export class PreviewAssignmentInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project; `default` when left out.',
  })
  project?: string | null;
  @Field(() => JsonValue, { description: 'LabelSelector over cluster labels.' })
  clusterSelector!: object;
}
@ArgsType()
export class PreviewArgs extends PageArgs {
  @Field(() => PreviewAssignmentInput, { description: 'What to try.' })
  input!: PreviewAssignmentInput;
}

@InputType({ description: 'A new assignment.' })
export class CreateAssignmentInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project; `default` when left out.',
  })
  project?: string | null;
  @Field({ description: 'Name (RFC 1123 label).' }) name!: string;
  @Field(() => ID, { description: 'The blueprint.' }) blueprintId!: string;
  @Field(() => Int, { description: 'An ACTIVE version of it.' }) version!: number;
  @Field(() => JsonValue, { description: 'LabelSelector over cluster labels.' })
  clusterSelector!: object;
  @Field(() => JsonValue, { nullable: true, description: 'Values of the blueprint’s parameters.' })
  parameters?: object;
}

@InputType({ isAbstract: true })
abstract class ChangeInput {
  @Field(() => ID, { description: 'The assignment.' }) assignmentId!: string;
  @Field(() => Int, { nullable: true, description: 'The revision that you have seen.' })
  expectedRevision?: number;
}
@InputType({ description: 'Another version for an assignment.' })
export class MoveAssignmentInput extends ChangeInput {
  @Field(() => Int, { description: 'An ACTIVE version.' }) version!: number;
}
@InputType({ description: 'Another selector for an assignment.' })
export class RetargetAssignmentInput extends ChangeInput {
  @Field(() => JsonValue, { description: 'LabelSelector over cluster labels.' })
  clusterSelector!: object;
}
@InputType({ description: 'Other parameters for an assignment.' })
export class ConfigureAssignmentInput extends ChangeInput {
  @Field(() => JsonValue, { description: 'All values.' }) parameters!: object;
}
@InputType({ description: 'An assignment to delete.' })
export class DeleteAssignmentInput {
  @Field(() => ID, { description: 'The assignment.' }) assignmentId!: string;
}
