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
import { PolicyRequestType } from './policy-request.graphql.ts';

export const PolicyStateType = { ACTIVE: 'ACTIVE', DELETED: 'DELETED', ENDED: 'ENDED' } as const;
registerEnumType(PolicyStateType, {
  name: 'NamespacePolicyState',
  description: 'Whether a namespace policy is in force.',
  valuesMap: {
    ACTIVE: { description: 'It is.' },
    DELETED: { description: 'It was taken out; a version of it can be restored.' },
    ENDED: { description: 'An exception whose time is over; it can be renewed.' },
  },
});

export const OutcomeType = {
  SAVED: 'SAVED',
  UNCHANGED: 'UNCHANGED',
  REQUESTED: 'REQUESTED',
  REFUSED: 'REFUSED',
} as const;
registerEnumType(OutcomeType, {
  name: 'NamespacePolicyOutcome',
  description: 'What becomes of a change to a namespace policy.',
  valuesMap: {
    SAVED: { description: 'It is in force.' },
    UNCHANGED: { description: 'It says what is in force already.' },
    REQUESTED: { description: 'It waits for the platform team as a policy request.' },
    REFUSED: { description: 'It cannot be: the problems say why.' },
  },
});

@ObjectType('NamespacePolicy', {
  description: 'A NetworkPolicy of an application team for namespaces of its claim.',
})
export class NamespacePolicyType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name of the project.' }) project!: string;
  @Field({ description: 'Name of the namespace claim.' }) claim!: string;
  @Field({ description: 'Name, unique in the claim.' }) name!: string;
  @Field(() => Int, { description: 'Its newest version.' }) version!: number;
  @Field(() => PolicyStateType, { description: 'Whether it is in force.' }) state!: string;
  @Field(() => [String], { nullable: true, description: 'Its namespaces; null: all of the claim.' })
  namespaces!: string[] | null;
  @Field(() => JsonValue, { description: 'Spec of a NetworkPolicy (networking.k8s.io/v1).' })
  spec!: object;
  @Field(() => String, { nullable: true, description: 'Whose exception it is.' })
  owner!: string | null;
  @Field(() => String, { nullable: true, description: 'Why it was changed last.' })
  reason!: string | null;
  @Field({ description: 'Who wrote the newest version.' }) author!: string;
  @Field(() => GraphQLISODateTime, { description: 'When it was changed last.' }) changedAt!: Date;
}

@ObjectType('NamespacePolicyVersion', { description: 'An immutable state of a namespace policy.' })
export class NamespacePolicyVersionType {
  @Field(() => Int, { description: 'Its number.' }) version!: number;
  @Field(() => [String], { nullable: true, description: 'Its namespaces; null: all of the claim.' })
  namespaces!: string[] | null;
  @Field(() => JsonValue, { description: 'Spec of a NetworkPolicy.' }) spec!: object;
  @Field(() => String, { nullable: true, description: 'Why.' }) reason!: string | null;
  @Field({ description: 'Who wrote it.' }) author!: string;
  @Field(() => GraphQLISODateTime, { description: 'When.' }) createdAt!: Date;
}

@ObjectType({ description: 'A page of namespace policies, ordered by project, claim and name.' })
export class NamespacePolicyConnection extends ConnectionType(
  NamespacePolicyType,
  'NamespacePolicy',
) {}

@InputType({ description: 'Which namespace policies.' })
export class NamespacePolicyFilter {
  @Field(() => String, { nullable: true, description: 'Name of the project.' })
  project?: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the namespace claim.' })
  claim?: string | null;
  @Field(() => PolicyStateType, { nullable: true, description: '`ACTIVE` when left out.' })
  state?: 'ACTIVE' | 'DELETED' | 'ENDED' | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Exceptions alone (`true`), or all but them (`false`).',
  })
  expiring?: boolean | null;
}
@ArgsType()
export class NamespacePolicyPageArgs extends PageArgs {
  @Field(() => NamespacePolicyFilter, { nullable: true, description: 'Which ones.' })
  filter?: NamespacePolicyFilter;
}

@ArgsType()
export class FindPolicyArgs {
  @Field(() => ID, { nullable: true, description: 'By id, or by project, claim and name.' })
  id?: string;
  @Field(() => String, {
    nullable: true,
    defaultValue: 'default',
    description: 'Name of the project.',
  })
  project?: string;
  @Field(() => String, { nullable: true, description: 'Name of the namespace claim.' })
  claim?: string;
  @Field(() => String, { nullable: true, description: 'Name of the policy.' }) name?: string;
}

@ObjectType({ description: 'What became of a change to a namespace policy.' })
export class NamespacePolicyResult {
  @Field(() => OutcomeType, { description: 'What became of it.' }) outcome!: string;
  @Field(() => NamespacePolicyType, {
    nullable: true,
    description: 'The policy as it is now; null: there is none.',
  })
  namespacePolicy!: object | null;
  @Field(() => PolicyRequestType, { nullable: true, description: 'With `REQUESTED`: the request.' })
  policyRequest!: object | null;
  @Field(() => [ProblemType], {
    description: 'Everything that is wrong or outside the guard rails, and warnings.',
  })
  problems!: object[];
}

@InputType({ isAbstract: true })
export abstract class InClaimInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project of the claim; `default` when left out.',
  })
  project?: string | null;
  @Field({ description: 'Name of the namespace claim.' }) claim!: string;
  @Field(() => String, { nullable: true, description: 'Why; at most 500 characters.' })
  reason?: string | null;
}

@InputType({ description: 'What is to be in force under a name.' })
export class SaveNamespacePolicyInput extends InClaimInput {
  @Field({ description: 'Name (RFC 1123 label).' }) name!: string;
  @Field(() => JsonValue, { description: 'Spec of a NetworkPolicy (networking.k8s.io/v1).' })
  spec!: object;
  @Field(() => [String], {
    nullable: true,
    description: 'Namespaces of the claim, at most 100; all of them when left out.',
  })
  namespaces?: string[] | null;
  @Field(() => Int, {
    nullable: true,
    description: 'The version that you have seen, 0 for none.',
  })
  expectedVersion?: number | null;
}

@InputType({ isAbstract: true })
abstract class PolicyIdInput {
  @Field(() => ID, { description: 'The policy.' }) namespacePolicyId!: string;
}
@InputType({ isAbstract: true })
abstract class PolicyChangeInput extends PolicyIdInput {
  @Field(() => String, { nullable: true, description: 'Why; at most 500 characters.' })
  reason?: string | null;
}
@InputType({ description: 'The policy that is to go.' })
export class DeleteNamespacePolicyInput extends PolicyChangeInput {}
@InputType({ description: 'The version that is to be in force again.' })
export class RestoreNamespacePolicyVersionInput extends PolicyChangeInput {
  @Field(() => Int, { description: 'Its number.' }) version!: number;
}
@InputType({ description: 'A policy, and the project that may read it.' })
export class ShareNamespacePolicyInput extends PolicyIdInput {
  @Field({ description: 'Name of the project.' }) project!: string;
}
@InputType({ description: 'A policy, and the project that may read it no more.' })
export class UnshareNamespacePolicyInput extends ShareNamespacePolicyInput {}
