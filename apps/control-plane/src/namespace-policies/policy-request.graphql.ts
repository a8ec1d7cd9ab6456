import {
  ArgsType,
  Field,
  GraphQLISODateTime,
  ID,
  InputType,
  Int,
  ObjectType,
  registerEnumType,
} from '@nestjs/graphql';

import { ProblemType } from '../blueprints/blueprint.graphql.ts';
import { ConnectionType, PageArgs } from '../platform/connection.ts';
import { JsonValue } from '../platform/json-scalar.ts';

export const RequestStateType = {
  PENDING: 'PENDING',
  APPROVED: 'APPROVED',
  REFUSED: 'REFUSED',
  WITHDRAWN: 'WITHDRAWN',
} as const;
registerEnumType(RequestStateType, {
  name: 'PolicyRequestState',
  description: 'What became of a policy request.',
  valuesMap: {
    PENDING: { description: 'It waits.' },
    APPROVED: { description: 'It was put in force.' },
    REFUSED: { description: 'It was refused, with a reason.' },
    WITHDRAWN: { description: 'Who asked took it back, or asked for something else instead.' },
  },
});

@ObjectType('NamespacePolicyContent', { description: 'What a namespace policy says.' })
export class PolicyContentType {
  @Field(() => [String], { nullable: true, description: 'Its namespaces; null: all of the claim.' })
  namespaces!: string[] | null;
  @Field(() => JsonValue, { description: 'Spec of a NetworkPolicy.' }) spec!: object;
  @Field(() => String, { nullable: true, description: 'Whose exception it is.' })
  owner!: string | null;
}

@ObjectType('NamespacePolicyChange', {
  description: 'One difference between two contents; rules are compared as wholes.',
})
export class ContentChangeType {
  @Field({ description: 'Path: `spec.ingress[0]`.' }) path!: string;
  @Field(() => JsonValue, { nullable: true, description: 'What was there; null: nothing.' })
  before!: object | null;
  @Field(() => JsonValue, { nullable: true, description: 'What is to be there; null: nothing.' })
  after!: object | null;
}

@ObjectType('PolicyRequest', {
  description: 'A change to a namespace policy that waits for the platform team.',
})
export class PolicyRequestType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name of the project.' }) project!: string;
  @Field({ description: 'Name of the namespace claim.' }) claim!: string;
  @Field({ description: 'Name of the policy.' }) name!: string;
  @Field(() => Int, {
    nullable: true,
    description: 'The version that it was made upon; null: nothing was in force.',
  })
  baseVersion!: number | null;
  @Field(() => PolicyContentType, {
    nullable: true,
    description: 'What is to be in force; null: the policy is to go.',
  })
  content!: object | null;
  @Field(() => [ContentChangeType], { description: 'What it changes of what it was made upon.' })
  changes!: object[];
  @Field(() => [ProblemType], { description: 'What of it was outside the guard rails.' })
  problems!: object[];
  @Field(() => String, { nullable: true, description: 'Why it is needed.' })
  reason!: string | null;
  @Field({ description: 'Who asked.' }) requestedBy!: string;
  @Field(() => RequestStateType, { description: 'What became of it.' }) state!: string;
  @Field({
    description: 'Whether the policy has changed since, so that it cannot be approved any more.',
  })
  stale!: boolean;
  @Field(() => String, { nullable: true, description: 'Who decided.' }) decidedBy!: string | null;
  @Field(() => String, { nullable: true, description: 'Why so.' }) decisionReason!: string | null;
  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it was decided.' })
  decidedAt!: Date | null;
  @Field(() => GraphQLISODateTime, { description: 'When it was asked for.' }) createdAt!: Date;
}

@ObjectType({ description: 'A page of policy requests, the newest first.' })
export class PolicyRequestConnection extends ConnectionType(PolicyRequestType, 'PolicyRequest') {}

@InputType({ description: 'Which policy requests.' })
export class PolicyRequestFilter {
  @Field(() => String, { nullable: true, description: 'Name of the project.' })
  project?: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the namespace claim.' })
  claim?: string | null;
  @Field(() => RequestStateType, { nullable: true, description: 'State; any when left out.' })
  state?: 'PENDING' | 'APPROVED' | 'REFUSED' | 'WITHDRAWN' | null;
}
@ArgsType()
export class PolicyRequestPageArgs extends PageArgs {
  @Field(() => PolicyRequestFilter, { nullable: true, description: 'Which ones.' })
  filter?: PolicyRequestFilter;
}

@InputType({ isAbstract: true })
abstract class RequestIdInput {
  @Field(() => ID, { description: 'The request.' }) policyRequestId!: string;
}
@InputType({ description: 'The request that is to be in force.' })
export class ApprovePolicyRequestInput extends RequestIdInput {
  @Field(() => String, { nullable: true, description: 'Why; at most 500 characters.' })
  reason?: string | null;
}
@InputType({ description: 'The request that is refused, and why.' })
export class RefusePolicyRequestInput extends RequestIdInput {
  @Field({ description: 'Why; at most 500 characters.' }) reason!: string;
}
@InputType({ description: 'A request of your own to take back.' })
export class WithdrawPolicyRequestInput extends RequestIdInput {}
