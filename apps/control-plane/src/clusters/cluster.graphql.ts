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

export const ClusterStateType = {
  INVITED: 'INVITED',
  PENDING: 'PENDING',
  APPROVED: 'APPROVED',
  REVOKED: 'REVOKED',
} as const;
registerEnumType(ClusterStateType, {
  name: 'ClusterState',
  description: 'Where a cluster stands between registration and removal.',
  valuesMap: {
    INVITED: { description: 'Registered; no agent has enrolled yet.' },
    PENDING: { description: 'An agent has enrolled and waits for approval, as the project asks.' },
    APPROVED: { description: 'Takes part.' },
    REVOKED: { description: 'Its agent is cut off; it keeps enforcing what it has.' },
  },
});

@ObjectType('Organization', { description: 'The tenant.' })
export class OrganizationType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name.' }) name!: string;
}

@ObjectType('ApproverKey', { description: 'An approver.' })
export class ApproverKeyType {
  @Field({ description: 'Name, for people.' }) name!: string;
  @Field({ description: 'Raw Ed25519 public key, base64url.' }) publicKey!: string;
}

@ObjectType('Approvers', {
  description: 'Whose approval a cluster wants before it runs another policy set.',
})
export class ApproversType {
  @Field(() => [ApproverKeyType], { description: 'All of them; none: no approval is wanted.' })
  keys!: ApproverKeyType[];
  @Field(() => Int, { description: 'How many must agree.' }) needed!: number;
}

@ObjectType('Project', {
  description: 'A part of the organization that owns clusters, blueprints and assignments.',
})
export class ProjectType {
  @Field({ description: 'Name, unique in the organization.' }) name!: string;
  @Field({ description: 'Whether a person approves each agent that enrols (double opt-in).' })
  requiresApproval!: boolean;
  @Field(() => ApproversType, {
    description: 'What the manifests of its clusters say; an agent keeps to what its own says.',
  })
  approvers!: ApproversType;
}

@ObjectType('ProjectRef', { description: 'The project that owns a thing.' })
export class ProjectRefType {
  @Field({ description: 'Name, unique in the organization.' }) name!: string;
}

@ObjectType({ description: 'A page of projects.' })
export class ProjectConnection extends ConnectionType(ProjectType, 'Project') {}

@ObjectType('Cluster', { description: 'A member of the fleet.' })
export class ClusterType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name, unique in the project.' }) name!: string;
  @Field(() => ProjectRefType, { description: 'The project that owns it.' })
  project!: ProjectRefType;
  @Field(() => JsonValue, { description: 'Labels, which assignments select by.' }) labels!: object;
  @Field(() => ClusterStateType, { description: 'Where it stands.' }) state!: string;
  @Field(() => GraphQLISODateTime, { description: 'When it was registered.' }) registeredAt!: Date;
  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it was approved.' })
  approvedAt!: Date | null;
}

@ObjectType({ description: 'A page of clusters, ordered by project and name.' })
export class ClusterConnection extends ConnectionType(ClusterType, 'Cluster') {}

@ObjectType({ description: 'How to connect an agent to a registered cluster.' })
export class RegisterClusterResult {
  @Field(() => ClusterType, { description: 'The cluster.' }) cluster!: ClusterType;
  @Field({ description: 'One-time secret for the agent. It is shown here and never again.' })
  joinToken!: string;
  @Field(() => GraphQLISODateTime, { description: 'When the token ends.' }) expiresAt!: Date;
  @Field({ description: 'Everything the cluster needs: `kubectl apply -f -`.' }) manifest!: string;
}

@InputType({ description: 'Which clusters. All conditions must hold.' })
export class ClusterFilter {
  @Field(() => String, { nullable: true, description: 'Name of the project.' }) project?:
    | string
    | null;
  @Field(() => String, { nullable: true, description: 'Part of the name.' }) nameContains?:
    | string
    | null;
  @Field(() => String, {
    nullable: true,
    description: 'As `kubectl -l` has it: `tier=prod,region in (eu,us)`.',
  })
  labelSelector?: string | null;
  @Field(() => ClusterStateType, { nullable: true, description: 'State.' }) state?:
    | 'INVITED'
    | 'PENDING'
    | 'APPROVED'
    | 'REVOKED'
    | null;
}

@ArgsType()
export class ClusterPageArgs extends PageArgs {
  @Field(() => ClusterFilter, { nullable: true, description: 'Which ones.' })
  filter?: ClusterFilter;
}

@ArgsType()
export class ClusterFilterArgs {
  @Field(() => ClusterFilter, { nullable: true, description: 'Which ones.' })
  filter?: ClusterFilter;
}

@ArgsType()
export class FindArgs {
  @Field(() => ID, { nullable: true, description: 'By id, or by name and project.' }) id?: string;
  @Field(() => String, { nullable: true, description: 'Name.' }) name?: string;
  @Field(() => String, {
    nullable: true,
    defaultValue: 'default',
    description: 'Name of the project.',
  })
  project?: string;
}

@InputType({ description: 'A new project.' })
export class CreateProjectInput {
  @Field({ description: 'Name (RFC 1123 label).' }) name!: string;
  @Field(() => Boolean, { nullable: true, description: 'Whether a person approves each agent.' })
  requiresApproval?: boolean | null;
}

@InputType({ description: 'A new cluster.' })
export class RegisterClusterInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project; `default` when left out.',
  })
  project?: string | null;
  @Field({ description: 'Name (RFC 1123 label).' }) name!: string;
  @Field(() => JsonValue, { nullable: true, description: 'Labels.' }) labels?: object;
}

@InputType({ isAbstract: true })
abstract class ClusterIdInput {
  @Field(() => ID, { description: 'The cluster.' }) clusterId!: string;
}

@InputType({ description: 'Whose join token is made anew.' })
export class ReissueJoinTokenInput extends ClusterIdInput {}
@InputType({ description: 'Which cluster is approved.' })
export class ApproveClusterInput extends ClusterIdInput {}
@InputType({ description: 'Which cluster is cut off.' })
export class RevokeClusterInput extends ClusterIdInput {}
@InputType({ description: 'Which cluster is forgotten.' })
export class RemoveClusterInput extends ClusterIdInput {}
@InputType({ description: 'New labels of a cluster.' })
export class LabelClusterInput extends ClusterIdInput {
  @Field(() => JsonValue, { description: 'All labels it has from now on.' }) labels!: object;
}
