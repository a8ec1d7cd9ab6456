import { Field, GraphQLISODateTime, Int, ObjectType } from '@nestjs/graphql';

import { ConnectionType } from '../platform/connection.ts';
import { JsonValue } from '../platform/json-scalar.ts';

@ObjectType('PolicySetOrigin', {
  description: 'Where an object of a policy set comes from: a blueprint, or a namespace policy.',
})
export class OriginType {
  @Field(() => String, { nullable: true, description: 'Name of the blueprint.' })
  blueprint!: string | null;
  @Field(() => Int, { description: 'Version of the blueprint or the namespace policy.' })
  version!: number;
  @Field(() => String, { nullable: true, description: 'Section of the blueprint.' })
  section!: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the entry in it.' })
  entry!: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the assignment that binds it.' })
  assignment!: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the namespace policy.' })
  namespacePolicy!: string | null;
  @Field(() => String, { nullable: true, description: 'Name of its namespace claim.' })
  claim!: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the project of that claim.' })
  project!: string | null;
}

@ObjectType('PolicySetObject', {
  description: 'One object of a policy set, or a template that the agent stamps into namespaces.',
})
export class PolicySetObjectType {
  @Field({ description: '`group/version/Kind`.' }) kind!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Namespace; null when cluster-scoped or a template.',
  })
  namespace!: string | null;
  @Field({ description: 'Name.' }) name!: string;
  @Field({ description: '`Always`, `IfNoDiff` or `Never`.' }) adoption!: string;
  @Field({
    description: 'Whether it is stamped into every namespace that `namespaceSelector` picks.',
  })
  template!: boolean;
  @Field(() => JsonValue, {
    nullable: true,
    description: 'LabelSelector over namespaces, for a template.',
  })
  namespaceSelector!: object | null;
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'For an exception: when the agent removes it.',
  })
  expiresAt!: Date | null;
  @Field(() => JsonValue, { description: 'The object as it is applied.' }) manifest!: object;
  @Field(() => OriginType, { description: 'Where it comes from.' }) origin!: OriginType;
}

@ObjectType({ description: 'A page of the objects of a policy set, in its canonical order.' })
export class PolicySetObjectConnection extends ConnectionType(
  PolicySetObjectType,
  'PolicySetObject',
) {}

@ObjectType('PolicySet', { description: 'What a cluster must have.' })
export class PolicySetType {
  @Field({ description: 'SHA-256 of its canonical JSON: its name.' }) digest!: string;
  @Field(() => Int, { description: 'Size of that text (bytes).' }) sizeBytes!: number;
  @Field(() => [JsonValue], {
    description: 'What this cluster cannot express of what is assigned to it.',
  })
  losses!: object[];
  @Field(() => [String], {
    description: 'Why a newer set cannot reach the cluster; empty when nothing is in the way.',
  })
  blocked!: string[];
}
