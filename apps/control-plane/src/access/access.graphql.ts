import {
  ArgsType,
  Field,
  GraphQLISODateTime,
  ID,
  InputType,
  ObjectType,
  registerEnumType,
} from '@nestjs/graphql';

import { ConnectionType } from '../platform/connection.ts';
import { JsonValue } from '../platform/json-scalar.ts';

export const SubjectKindType = { TOKEN: 'TOKEN', USER: 'USER', GROUP: 'GROUP' } as const;
registerEnumType(SubjectKindType, {
  name: 'SubjectKind',
  description: 'Whom a role binding names.',
  valuesMap: {
    TOKEN: { description: 'An API token, by its id.' },
    USER: {
      description:
        'A person who signs in at the issuer, by the `id` or the `name` that `me` shows. A name is whoever has it at the issuer; an id is nobody else.',
    },
    GROUP: { description: 'Everybody whom the issuer puts into this group.' },
  },
});

export const CallerKindType = { TOKEN: 'TOKEN', USER: 'USER' } as const;
registerEnumType(CallerKindType, {
  name: 'CallerKind',
  description: 'How somebody has signed in.',
  valuesMap: {
    TOKEN: { description: 'With an API token.' },
    USER: { description: 'With a token of the issuer.' },
  },
});

@ObjectType('Me', { description: 'Who asks.' })
export class MeType {
  @Field(() => CallerKindType, { description: 'How the caller has signed in.' }) kind!: string;
  @Field({
    description: 'The token’s id, or the person’s: `ISSUER#SUB`. It never changes.',
  })
  id!: string;
  @Field({ description: 'The token’s name, or the person’s at the issuer.' }) name!: string;
  @Field(() => [String], { description: 'Groups that the issuer puts the person into.' })
  groups!: string[];
  @Field({ description: 'Name of the organization in which the caller’s roles are.' })
  organization!: string;
}

@ObjectType('ApiToken', { description: 'A token for automation. Its secret is not kept.' })
export class ApiTokenType {
  @Field(() => ID, { description: 'Id; role bindings name it.' }) id!: string;
  @Field({ description: 'What it is for.' }) name!: string;
  @Field(() => GraphQLISODateTime, { description: 'When it was made.' }) createdAt!: Date;
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When it ends; null: never.',
  })
  expiresAt!: Date | null;
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Its last use, to the minute; null: never used.',
  })
  lastUsedAt!: Date | null;
}

@ObjectType({
  description: 'A page of tokens, by name; those that were revoked are not among them.',
})
export class ApiTokenConnection extends ConnectionType(ApiTokenType, 'ApiToken') {}

@ObjectType({ description: 'A new token.' })
export class CreateApiTokenResult {
  @Field(() => ApiTokenType, { description: 'The token.' }) apiToken!: ApiTokenType;
  @Field({ description: 'The secret, `picket_…`. It is shown here and never again.' })
  secret!: string;
}

@InputType({
  description: 'A token for automation. It may do nothing until a role binding names it.',
})
export class CreateApiTokenInput {
  @Field({ description: 'What it is for (RFC 1123 label).' }) name!: string;
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When it ends; never when left out.',
  })
  expiresAt?: Date | null;
}

@InputType({ description: 'The token that ends.' })
export class RevokeApiTokenInput {
  @Field(() => ID, { description: 'Id.' }) tokenId!: string;
}

@ObjectType('RoleBinding', { description: 'Gives somebody a role, somewhere.' })
export class RoleBindingType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({
    description: 'The role: one of those that are always there, or one of the organization.',
  })
  role!: string;
  @Field(() => SubjectKindType, { description: 'What `subject` names.' }) subjectKind!: string;
  @Field({ description: 'Who has the role.' }) subject!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project in which it holds; null: in all of them.',
  })
  project!: string | null;
  @Field(() => JsonValue, {
    nullable: true,
    description:
      'LabelSelector over cluster labels for which it holds; null: not only for clusters.',
  })
  clusterSelector!: object | null;
  @Field(() => String, {
    nullable: true,
    description:
      'Name of the namespace claim of the project for which it holds; null: not for one.',
  })
  claim!: string | null;
  @Field(() => GraphQLISODateTime, { description: 'When it was made.' }) createdAt!: Date;
}

@ObjectType({ description: 'A page of role bindings.' })
export class RoleBindingConnection extends ConnectionType(RoleBindingType, 'RoleBinding') {}

@InputType({
  description:
    'Whom to give which role, where. One can only give what one may do oneself. At most 50 for one subject in a project, and 2,000 for its claims.',
})
export class CreateRoleBindingInput {
  @Field({ description: 'The role.' }) role!: string;
  @Field(() => SubjectKindType, { description: 'What `subject` names.' })
  subjectKind!: 'TOKEN' | 'USER' | 'GROUP';
  @Field({ description: 'Who gets the role.' }) subject!: string;
  @Field(() => String, { nullable: true, description: 'Name of a project; all when left out.' })
  project?: string | null;
  @Field(() => JsonValue, {
    nullable: true,
    description: 'LabelSelector over cluster labels; left out: not only for clusters.',
  })
  clusterSelector?: object | null;
  @Field(() => String, {
    nullable: true,
    description: 'Name of a namespace claim of the project; left out: not only for its namespaces.',
  })
  claim?: string | null;
}

@InputType({ description: 'The role binding that ends.' })
export class DeleteRoleBindingInput {
  @Field(() => ID, { description: 'Id.' }) roleBindingId!: string;
}

@ObjectType('Role', { description: 'A named set of permissions.' })
export class RoleType {
  @Field({ description: 'Name.' }) name!: string;
  @Field(() => [String], { description: 'What it allows: `Cluster:read`.' }) permissions!: string[];
  @Field({ description: 'Whether it is always there and cannot be changed.' }) builtIn!: boolean;
}

@InputType({ description: 'A role of the organization.' })
export class SaveRoleInput {
  @Field({ description: 'Name (RFC 1123 label); no role that is always there has such a name.' })
  name!: string;
  @Field(() => [String], { description: 'What it allows: `Cluster:read`.' }) permissions!: string[];
}

@InputType({ description: 'The role that ends, and with it what it gave.' })
export class DeleteRoleInput {
  @Field({ description: 'Name.' }) name!: string;
}

@ObjectType('Subject', { description: 'Somebody who has roles.' })
export class SubjectType {
  @Field(() => SubjectKindType, { description: 'What `subject` names.' }) subjectKind!: string;
  @Field({ description: 'Who it is.' }) subject!: string;
}

@ArgsType()
export class WhoCanArgs {
  @Field({ description: '`Cluster:write`.' }) permission!: string;
  @Field(() => ID, { nullable: true, description: 'To this cluster.' }) clusterId?: string;
  @Field(() => String, { nullable: true, description: 'Or in the project of this name.' })
  project?: string;
  @Field(() => String, {
    nullable: true,
    description: 'Or in this namespace claim of the project.',
  })
  claim?: string;
}

@ObjectType('MyPermission', { description: 'What the caller may do, and where.' })
export class MyPermissionType {
  @Field({ description: '`Cluster:read`.' }) permission!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project; null: in all of them.',
  })
  project!: string | null;
  @Field(() => JsonValue, {
    nullable: true,
    description: 'LabelSelector over cluster labels; null: all.',
  })
  clusterSelector!: object | null;
  @Field(() => String, {
    nullable: true,
    description: 'Name of the namespace claim; null: not only for one.',
  })
  claim!: string | null;
}
