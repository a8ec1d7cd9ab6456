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

import { ConnectionType, PageArgs } from '../platform/connection.ts';
import { JsonValue } from '../platform/json-scalar.ts';

export const AuditOutcomeType = {
  DONE: 'DONE',
  UNCHANGED: 'UNCHANGED',
  REFUSED: 'REFUSED',
  FAILED: 'FAILED',
} as const;
registerEnumType(AuditOutcomeType, {
  name: 'AuditOutcome',
  description: 'How an attempt ended.',
  valuesMap: {
    DONE: { description: 'As it was meant.' },
    UNCHANGED: { description: 'Nothing was changed: a dry run, or problems in the answer.' },
    REFUSED: { description: 'The hub said no, with a code.' },
    FAILED: { description: 'Something broke inside the hub.' },
  },
});

export const AuditActorKindType = {
  TOKEN: 'TOKEN',
  USER: 'USER',
  AGENT: 'AGENT',
  HUB: 'HUB',
  NOBODY: 'NOBODY',
} as const;
registerEnumType(AuditActorKindType, {
  name: 'AuditActorKind',
  description: 'Who acts.',
  valuesMap: {
    TOKEN: { description: 'An API token.' },
    USER: { description: 'A person.' },
    AGENT: { description: 'A cluster, by its agent.' },
    HUB: { description: 'The hub itself.' },
    NOBODY: { description: 'Whoever could not say who they are; the id is an address.' },
  },
});

@ObjectType('AuditActor', { description: 'Who did something.' })
export class AuditActorType {
  @Field(() => AuditActorKindType, { description: 'What it is.' }) kind!: string;
  @Field({ description: 'What never changes of it.' }) id!: string;
  @Field({ description: 'Its name at that time.' }) name!: string;
}

@ObjectType('AuditOrigin', { description: 'Where a request came from.' })
export class AuditOriginType {
  @Field(() => String, { nullable: true, description: 'IP address.' }) address!: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'The request, as its answer named it in `x-request-id`.',
  })
  requestId!: string | null;
}

@ObjectType('AuditDifference', { description: 'One place where before and after differ.' })
export class AuditDifferenceType {
  @Field({ description: 'Path into the thing; empty: all of it.' }) path!: string;
  @Field(() => JsonValue, { nullable: true, description: 'What was there.' }) before?: object;
  @Field(() => JsonValue, { nullable: true, description: 'What is there.' }) after?: object;
}

@ObjectType('AuditEvent', { description: 'Who did what to which thing, from where, and why.' })
export class AuditEventType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field(() => GraphQLISODateTime, { description: 'When.' }) at!: Date;
  @Field(() => AuditActorType, { description: 'Who.' }) actor!: AuditActorType;
  @Field(() => AuditOriginType, { description: 'From where.' }) from!: AuditOriginType;
  @Field({
    description:
      'What was done: a mutation of this API, or `signIn`, `useToken`, `enrolAgent`, `bootstrap`.',
  })
  operation!: string;
  @Field(() => AuditOutcomeType, { description: 'How it ended.' }) outcome!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Code of the error, or why nothing was changed.',
  })
  code!: string | null;
  @Field(() => String, { nullable: true, description: 'Kind of the thing: `Cluster`.' })
  thing!: string | null;
  @Field(() => String, { nullable: true, description: 'Id of the thing.' })
  thingId!: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the thing.' })
  thingName!: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'Name of its project; null: of none, or it is gone.',
  })
  project!: string | null;
  @Field(() => String, { nullable: true, description: 'Why, as the actor said.' })
  reason!: string | null;
  @Field(() => [AuditDifferenceType], { description: 'What differs.' })
  changes!: AuditDifferenceType[];
  @Field(() => Int, { description: 'Differences beyond the bounds of an event.' })
  changesDropped!: number;
  @Field(() => Int, { description: 'How many equal ones this one speaks of.' }) count!: number;
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time of the first of those.',
  })
  since!: Date | null;
  @Field(() => [String], { description: 'Where those came from, at most 20.' })
  addresses!: string[];
  @Field(() => Int, {
    nullable: true,
    description: 'Its place in the sealed log of the organization; null: not sealed yet.',
  })
  sequence!: number | null;
  @Field(() => String, { nullable: true, description: 'Its hash in that log.' })
  hash!: string | null;
}

@ObjectType({ description: 'A page of audit events, newest first.' })
export class AuditEventConnection extends ConnectionType(AuditEventType, 'AuditEvent') {}

@InputType({ description: 'Which events. All conditions must hold.' })
export class AuditEventFilter {
  @Field(() => String, { nullable: true, description: 'Id or name of whoever acted.' })
  actor?: string | null;
  @Field(() => String, { nullable: true, description: 'Operation.' }) operation?: string | null;
  @Field(() => String, { nullable: true, description: 'Kind of the thing.' })
  thing?: string | null;
  @Field(() => String, { nullable: true, description: 'Id of the thing.' })
  thingId?: string | null;
  @Field(() => String, { nullable: true, description: 'Name of the project.' })
  project?: string | null;
  @Field(() => AuditOutcomeType, { nullable: true, description: 'How it ended.' })
  outcome?: 'DONE' | 'UNCHANGED' | 'REFUSED' | 'FAILED' | null;
  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Not before.' })
  from?: Date | null;
  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Before.' }) to?: Date | null;
  @Field(() => String, {
    nullable: true,
    description: 'A part of anything in the event, at most 200 characters.',
  })
  text?: string | null;
}

@ArgsType()
export class AuditEventPageArgs extends PageArgs {
  @Field(() => AuditEventFilter, { nullable: true, description: 'Which ones.' })
  filter?: AuditEventFilter;
}
