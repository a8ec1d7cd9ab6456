import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

export const DocumentActionType = {
  CREATED: 'CREATED',
  CHANGED: 'CHANGED',
  UNCHANGED: 'UNCHANGED',
  REQUESTED: 'REQUESTED',
} as const;
registerEnumType(DocumentActionType, {
  name: 'DocumentAction',
  description: 'What became of a document.',
  valuesMap: {
    REQUESTED: { description: 'A namespace policy that waits for the platform team.' },
  },
});

@ObjectType({ description: 'What became of one document.' })
export class DocumentResult {
  @Field(() => Int, { description: 'Its place in the stream, from 0.' }) index!: number;
  @Field({ description: 'Its kind.' }) kind!: string;
  @Field({ description: 'Its name.' }) name!: string;
  @Field(() => DocumentActionType, { description: 'What happened, or would happen.' })
  action!: string;
  @Field(() => [String], { description: 'What is allowed but odd.' }) warnings!: string[];
}

@ObjectType({ description: 'One thing that is wrong with one document.' })
export class DocumentProblem {
  @Field(() => Int, { description: 'Place of the document in the stream, from 0.' }) index!: number;
  @Field(() => String, { nullable: true, description: 'Its kind, as far as it could be read.' })
  kind!: string | null;
  @Field(() => String, { nullable: true, description: 'Its name, as far as it could be read.' })
  name!: string | null;
  @Field({ description: 'Path into the document.' }) path!: string;
  @Field({ description: 'Stable code.' }) code!: string;
  @Field({ description: 'What is wrong.' }) message!: string;
  @Field(() => String, { nullable: true, description: 'What is allowed.' }) allowed?: string;
  @Field({ description: '`error` or `warning`.' }) severity!: string;
}

@ObjectType({
  description:
    'All or nothing: with an error among the problems, nothing was applied and `results` is empty.',
})
export class ApplyDocumentsResult {
  @Field(() => [DocumentResult], { description: 'One per document, in the order of the stream.' })
  results!: DocumentResult[];
  @Field(() => [DocumentProblem], { description: 'Everything that is wrong, over all documents.' })
  problems!: DocumentProblem[];
}

@InputType({ description: 'A stream of documents.' })
export class ApplyDocumentsInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project; `default` when left out.',
  })
  project?: string | null;
  @Field({
    description:
      'YAML documents of picket.dev/v1alpha1: Blueprint, Assignment, Cluster, NamespacePolicy.',
  })
  yaml!: string;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Says what would happen and keeps nothing.',
  })
  dryRun?: boolean | null;
}
