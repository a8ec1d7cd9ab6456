import {
  ArgsType,
  createUnionType,
  Field,
  GraphQLISODateTime,
  ID,
  InputType,
  Int,
  ObjectType,
  registerEnumType,
} from '@nestjs/graphql';

import { ProjectRefType } from '../clusters/cluster.graphql.ts';
import { ConnectionType, PageArgs } from '../platform/connection.ts';
import { JsonValue } from '../platform/json-scalar.ts';

export const VersionStateType = {
  PUBLISHED: 'PUBLISHED',
  ACTIVE: 'ACTIVE',
  RETIRED: 'RETIRED',
} as const;
registerEnumType(VersionStateType, {
  name: 'BlueprintVersionState',
  description: 'The life of a version.',
  valuesMap: {
    PUBLISHED: { description: 'Numbered and immutable; no assignment may pin it yet.' },
    ACTIVE: { description: 'Assignments may pin it.' },
    RETIRED: {
      description: 'No new assignment may pin it; one that still does contributes nothing.',
    },
  },
});

@ObjectType('BlueprintVersion', {
  description: 'A published, immutable, numbered state of a blueprint.',
})
export class BlueprintVersionType {
  @Field(() => ID, { description: 'The blueprint.' }) blueprintId!: string;
  @Field(() => Int, { description: 'Number, from 1.' }) version!: number;
  @Field(() => VersionStateType, { description: 'Where it stands.' }) state!: string;
  @Field(() => JsonValue, { description: '`spec` of the Blueprint document.' }) document!: object;
  @Field(() => GraphQLISODateTime, { description: 'When it was published.' }) publishedAt!: Date;
}

@ObjectType('Blueprint', { description: 'The editable intent, and its published versions.' })
export class BlueprintType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name, unique in the project.' }) name!: string;
  @Field(() => JsonValue, { description: '`spec` of the draft.' }) draft!: object;
  @Field(() => Int, { description: 'Rises with each save; give it back when you save.' })
  draftVersion!: number;
}

@ObjectType('Problem', { description: 'One thing that is wrong with an input.' })
export class ProblemType {
  @Field({ description: 'Path into the document.' }) path!: string;
  @Field({ description: 'Stable code.' }) code!: string;
  @Field({ description: 'What is wrong.' }) message!: string;
  @Field(() => String, { nullable: true, description: 'What is allowed.' }) allowed?: string;
  @Field({ description: '`error` or `warning`.' }) severity!: string;
}

@ObjectType({ description: 'The document was not taken.' })
export class BlueprintProblems {
  @Field(() => [ProblemType], { description: 'Everything that is wrong with it.' })
  problems!: ProblemType[];
}

function orProblems(
  name: string,
  description: string,
  type: typeof BlueprintType | typeof BlueprintVersionType,
): object {
  return createUnionType({
    name,
    description,
    types: () => [type, BlueprintProblems] as const,
    resolveType: (value: object) => ('problems' in value ? BlueprintProblems : type),
  });
}
export const SaveBlueprintResult = orProblems(
  'SaveBlueprintResult',
  'The saved draft, or what is wrong with it.',
  BlueprintType,
);
export const PublishBlueprintResult = orProblems(
  'PublishBlueprintResult',
  'The new version, or what is wrong with the draft.',
  BlueprintVersionType,
);

@ObjectType('BlueprintEntryChange', { description: 'One entry that differs between two versions.' })
export class EntryChangeType {
  @Field({ description: '`section/name`.' }) entry!: string;
  @Field({ description: '`added`, `removed` or `changed`.' }) change!: string;
  @Field(() => JsonValue, { nullable: true, description: 'The entry before.' }) before!:
    | object
    | null;
  @Field(() => JsonValue, { nullable: true, description: 'The entry after.' }) after!:
    | object
    | null;
}

@ObjectType({ description: 'What changed between two versions.' })
export class BlueprintDiff {
  @Field(() => [EntryChangeType], { description: 'Sorted by entry.' }) changes!: EntryChangeType[];
}

@ObjectType({ description: 'A page of blueprints, ordered by project and name.' })
export class BlueprintConnection extends ConnectionType(BlueprintType, 'Blueprint') {}

@InputType({ description: 'Which blueprints.' })
export class BlueprintFilter {
  @Field(() => String, { nullable: true, description: 'Name of the project.' }) project?:
    | string
    | null;
}
@ArgsType()
export class BlueprintPageArgs extends PageArgs {
  @Field(() => BlueprintFilter, { nullable: true, description: 'Which ones.' })
  filter?: BlueprintFilter;
}
@ArgsType()
export class DiffArgs {
  @Field(() => ID, { description: 'The blueprint.' }) id!: string;
  @Field(() => Int, { description: 'Version before.' }) from!: number;
  @Field(() => Int, { description: 'Version after.' }) to!: number;
}

@InputType({ description: 'A draft to save.' })
export class SaveBlueprintDraftInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project; `default` when left out.',
  })
  project?: string | null;
  @Field({ description: 'Name of the blueprint; a new name makes a new one.' }) name!: string;
  @Field(() => JsonValue, { description: '`spec` of the Blueprint document.' }) document!: object;
  @Field(() => Int, {
    nullable: true,
    description: 'The draftVersion that you started from; 0 for a new blueprint.',
  })
  expectedDraftVersion?: number | null;
}
@InputType({ description: 'A draft to publish.' })
export class PublishBlueprintInput {
  @Field(() => ID, { description: 'The blueprint.' }) blueprintId!: string;
  @Field(() => Int, { nullable: true, description: 'The draftVersion that you have seen.' })
  expectedDraftVersion?: number;
}
@InputType({ description: 'A version that assignments may pin from now on.' })
export class ActivateBlueprintVersionInput {
  @Field(() => ID, { description: 'The blueprint.' }) blueprintId!: string;
  @Field(() => Int, { description: 'Number of the version.' }) version!: number;
}
@InputType({ description: 'A version to retire.' })
export class RetireBlueprintVersionInput extends ActivateBlueprintVersionInput {
  @Field(() => Boolean, {
    nullable: true,
    description: 'Also when assignments pin it: its objects are pruned from their clusters.',
  })
  withdraw?: boolean | null;
}

@InputType({ description: 'A blueprint, and the project that may bind it.' })
export class ShareBlueprintInput {
  @Field(() => ID, { description: 'The blueprint.' }) blueprintId!: string;
  @Field({ description: 'Name of the project.' }) project!: string;
}
@InputType({ description: 'A blueprint, and the project that may bind it no more.' })
export class UnshareBlueprintInput extends ShareBlueprintInput {}

export { ProjectRefType };
