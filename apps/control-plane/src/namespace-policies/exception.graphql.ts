import { Field, GraphQLISODateTime, ID, InputType } from '@nestjs/graphql';

import { JsonValue } from '../platform/json-scalar.ts';

@InputType({ description: 'An allow rule that ends by itself.' })
export class CreateExceptionInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project of the claim; `default` when left out.',
  })
  project?: string | null;
  @Field({ description: 'Name of the namespace claim.' }) claim!: string;
  @Field({ description: 'Name (RFC 1123 label), unique among the policies of the claim.' })
  name!: string;
  @Field(() => JsonValue, {
    description:
      'Spec of a NetworkPolicy with rules; `policyTypes` are the directions in which it has some.',
  })
  spec!: object;
  @Field(() => [String], {
    nullable: true,
    description: 'Namespaces of the claim; all of them when left out.',
  })
  namespaces?: string[] | null;
  @Field(() => String, { nullable: true, description: 'Whose it is; you when left out.' })
  owner?: string | null;
  @Field({ description: 'Why; at most 500 characters.' }) reason!: string;
  @Field(() => GraphQLISODateTime, { description: 'When it ends, at most 366 days from now.' })
  expiresAt!: Date;
}

@InputType({ description: 'Another end for an exception.' })
export class RenewExceptionInput {
  @Field(() => ID, { description: 'The exception.' }) namespacePolicyId!: string;
  @Field(() => GraphQLISODateTime, { description: 'When it ends, at most 366 days from now.' })
  expiresAt!: Date;
  @Field({ description: 'Why; at most 500 characters.' }) reason!: string;
}

@InputType({ description: 'The exception that ends now.' })
export class EndExceptionInput {
  @Field(() => ID, { description: 'The exception.' }) namespacePolicyId!: string;
  @Field(() => String, { nullable: true, description: 'Why; at most 500 characters.' })
  reason?: string | null;
}
