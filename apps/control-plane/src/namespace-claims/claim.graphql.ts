import { ArgsType, Field, GraphQLISODateTime, ID, InputType, ObjectType } from '@nestjs/graphql';

import { ConnectionType, PageArgs } from '../platform/connection.ts';
import { JsonValue } from '../platform/json-scalar.ts';

@ObjectType('NamespaceClaim', {
  description: 'Namespaces that a project owns, in the clusters that a selector picks.',
})
export class NamespaceClaimType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name, unique in the project.' }) name!: string;
  @Field({ description: 'Name of the project that owns the namespaces.' }) project!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project whose clusters are meant; null: those of all projects.',
  })
  clusterProject!: string | null;
  @Field(() => JsonValue, { description: 'LabelSelector over cluster labels.' })
  clusterSelector!: object;
  @Field(() => [String], { nullable: true, description: 'Names; null: picked by labels.' })
  namespaces!: string[] | null;
  @Field(() => JsonValue, {
    nullable: true,
    description: 'LabelSelector over namespace labels that tenants cannot set; null: by name.',
  })
  namespaceSelector!: object | null;
  @Field(() => GraphQLISODateTime, { description: 'When it was made.' }) createdAt!: Date;
}

@ObjectType({ description: 'A page of namespace claims, ordered by project and name.' })
export class NamespaceClaimConnection extends ConnectionType(
  NamespaceClaimType,
  'NamespaceClaim',
) {}

@InputType({ description: 'Which claims.' })
export class NamespaceClaimFilter {
  @Field(() => String, { nullable: true, description: 'Name of the project.' })
  project?: string | null;
}

@ArgsType()
export class NamespaceClaimPageArgs extends PageArgs {
  @Field(() => NamespaceClaimFilter, { nullable: true, description: 'Which ones.' })
  filter?: NamespaceClaimFilter;
}

@InputType({
  description: 'A claim. Either `namespaces` or `namespaceSelector` says which namespaces.',
})
export class CreateNamespaceClaimInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project that is to own the namespaces; `default` when left out.',
  })
  project?: string | null;
  @Field({ description: 'Name (RFC 1123 label).' }) name!: string;
  @Field(() => String, {
    nullable: true,
    description:
      'Name of the project whose clusters are meant; the owner’s own when left out. Needs NamespaceClaim:write there.',
  })
  clusterProject?: string | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Clusters of all projects. Needs NamespaceClaim:write in the organization.',
  })
  allProjects?: boolean | null;
  @Field(() => JsonValue, { description: 'LabelSelector over cluster labels; `{}`: all of them.' })
  clusterSelector!: object;
  @Field(() => [String], { nullable: true, description: 'Names, at most 100.' })
  namespaces?: string[] | null;
  @Field(() => JsonValue, {
    nullable: true,
    description: 'LabelSelector over namespace labels that tenants cannot set.',
  })
  namespaceSelector?: object | null;
}

@InputType({ description: 'What changes in a claim; what is left out stays.' })
export class UpdateNamespaceClaimInput {
  @Field(() => ID, { description: 'Id.' }) namespaceClaimId!: string;
  @Field(() => JsonValue, { nullable: true, description: 'LabelSelector over cluster labels.' })
  clusterSelector?: object | null;
  @Field(() => [String], { nullable: true, description: 'Names, at most 100.' })
  namespaces?: string[] | null;
  @Field(() => JsonValue, {
    nullable: true,
    description: 'LabelSelector over namespace labels that tenants cannot set.',
  })
  namespaceSelector?: object | null;
}

@InputType({ description: 'The claim that ends.' })
export class DeleteNamespaceClaimInput {
  @Field(() => ID, { description: 'Id.' }) namespaceClaimId!: string;
}

@InputType({ description: 'Labels of namespaces that tenants cannot set.' })
export class TrustNamespaceLabelsInput {
  @Field(() => [String], { description: 'Their keys, at most 50; replaces those there are.' })
  labels!: string[];
}
