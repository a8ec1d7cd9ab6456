import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

import { ConnectionType } from '../platform/connection.ts';

export const PhaseType = {
  APPLIED: 'APPLIED',
  PENDING: 'PENDING',
  FAILED: 'FAILED',
  DRIFTED: 'DRIFTED',
  BLOCKED: 'BLOCKED',
  UNKNOWN: 'UNKNOWN',
} as const;
registerEnumType(PhaseType, {
  name: 'ClusterPhase',
  description: 'Whether the cluster has what it must have.',
  valuesMap: {
    APPLIED: { description: 'It runs the set that it must have.' },
    PENDING: {
      description: 'A newer set is on its way, or part of it waits, such as for a namespace.',
    },
    FAILED: { description: 'The set was refused or could not be written; the old one stays.' },
    DRIFTED: { description: 'Something there differs and could not be repaired.' },
    BLOCKED: {
      description:
        'A newer set cannot be made for it: see policySet.blocked. It keeps what it has.',
    },
    UNKNOWN: { description: 'It has never reported.' },
  },
});

@ObjectType('ObjectCounts', {
  description: 'How many objects are in each state, templates counted per namespace.',
})
export class ObjectCountsType {
  @Field(() => Int, { description: 'In place.' }) applied!: number;
  @Field(() => Int, { description: 'Waiting.' }) pending!: number;
  @Field(() => Int, { description: 'Refused.' }) failed!: number;
  @Field(() => Int, { description: 'Different from what they must be.' }) drifted!: number;
}

@ObjectType('ObjectStatus', { description: 'The state of one object in the cluster.' })
export class ObjectStatusType {
  @Field({ description: '`group/version/Kind`.' }) kind!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Namespace; null when cluster-scoped or a template.',
  })
  namespace!: string | null;
  @Field({ description: 'Name.' }) name!: string;
  @Field({
    description:
      '`applied`, `pending`, `failed`, `drifted` or `foreign` (an object that is not ours stands in its place).',
  })
  state!: string;
  @Field(() => String, { nullable: true, description: 'The API server’s own words.' }) message!:
    | string
    | null;
}

@ObjectType({ description: 'A page of object states.' })
export class ObjectStatusConnection extends ConnectionType(ObjectStatusType, 'ObjectStatus') {}

@ObjectType('ClusterStatus', { description: 'What a cluster has, by its own word.' })
export class ClusterStatusType {
  @Field(() => PhaseType, { description: 'In one word.' }) phase!: string;
  @Field(() => String, { nullable: true, description: 'Why, when the whole set was refused.' })
  reason!: string | null;
  @Field(() => String, { nullable: true, description: 'Digest that it must run.' }) desiredDigest!:
    | string
    | null;
  @Field(() => String, { nullable: true, description: 'Digest that it runs.' }) appliedDigest!:
    | string
    | null;
  @Field(() => Float, { description: 'How often its agent has repaired drift, all in all.' })
  repairs!: number;
  @Field(() => ObjectCountsType, { description: 'How many objects are in each state.' })
  counts!: ObjectCountsType;
  @Field(() => [ObjectStatusType], {
    nullable: true,
    description:
      'Everything that is not simply in place, at most 500; null without PolicySet:read for the cluster.',
  })
  problems!: ObjectStatusType[] | null;
}
