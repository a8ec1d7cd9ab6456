import { ArgsType, Field, Float, ID, InputType, Int, ObjectType } from '@nestjs/graphql';

import { ProjectRefType } from '../clusters/cluster.graphql.ts';
import { ConnectionType, PageArgs } from '../platform/connection.ts';

@ObjectType('ClusterRef', { description: 'A cluster by name.' })
export class ClusterRefType {
  @Field(() => ID, { description: 'Id.' }) id!: string;
  @Field({ description: 'Name, unique in the project.' }) name!: string;
}

@ObjectType('Approval', {
  description: 'The signed word of an approver that a cluster may run a policy set.',
})
export class ApprovalType {
  @Field(() => ID, { description: 'The cluster.' }) clusterId!: string;
  @Field({ description: 'Digest of the policy set.' }) digest!: string;
  @Field(() => Float, { description: 'When it was signed (ms since the epoch).' })
  signedAtMs!: number;
  @Field(() => Float, {
    nullable: true,
    description: 'Until when it may be accepted (s since the epoch); null: no end.',
  })
  notAfter!: number | null;
  @Field({ description: 'Raw Ed25519 public key of the approver, base64url.' })
  publicKey!: string;
  @Field({ description: 'Ed25519 signature, base64url.' }) signature!: string;
}

@ObjectType('PendingApproval', {
  description: 'A cluster that waits for approvers before it runs what it must have.',
})
export class PendingApprovalType {
  @Field(() => ClusterRefType, { description: 'The cluster.' }) cluster!: ClusterRefType;
  @Field(() => ProjectRefType, { description: 'Its project.' }) project!: ProjectRefType;
  @Field({ description: 'Digest of the set that waits.' }) digest!: string;
  @Field(() => String, { nullable: true, description: 'Digest of the set that runs, by its word.' })
  runningDigest!: string | null;
  @Field(() => Int, { description: 'How many approvals are there.' }) given!: number;
  @Field(() => Int, { description: 'How many are needed.' }) needed!: number;
}

@ObjectType({ description: 'A page of clusters that wait, ordered by project and name.' })
export class PendingApprovalConnection extends ConnectionType(
  PendingApprovalType,
  'PendingApproval',
) {}

@ArgsType()
export class PendingApprovalArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Name of the project; all when left out.' })
  project?: string;
}

@ArgsType()
export class PolicySetTextArgs {
  @Field(() => ID, { description: 'A cluster that must have it or runs it.' }) clusterId!: string;
  @Field({ description: 'Digest of the set.' }) digest!: string;
}

@InputType({ description: 'An approver.' })
export class ApproverKeyInput {
  @Field({ description: 'Name, for people.' }) name!: string;
  @Field({ description: 'Raw Ed25519 public key, base64url.' }) publicKey!: string;
}

@InputType({ description: 'Whose approval the clusters of a project want.' })
export class SetApproversInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project; `default` when left out.',
  })
  project?: string | null;
  @Field(() => [ApproverKeyInput], { description: 'All of them; none: no approval is wanted.' })
  keys!: ApproverKeyInput[];
  @Field(() => Int, { nullable: true, description: 'How many must agree; 1 when left out.' })
  needed?: number | null;
}

@InputType({ description: 'An approval as it was signed.' })
export class ApprovalInput {
  @Field(() => ID, { description: 'The cluster.' }) clusterId!: string;
  @Field({ description: 'Digest of the policy set.' }) digest!: string;
  @Field(() => Float, { description: 'When it was signed (ms since the epoch).' })
  signedAtMs!: number;
  @Field(() => Float, {
    nullable: true,
    description: 'Until when it may be accepted (s since the epoch); null: no end.',
  })
  notAfter?: number | null;
  @Field({ description: 'Raw Ed25519 public key of the approver, base64url.' })
  publicKey!: string;
  @Field({ description: 'Ed25519 signature, base64url.' }) signature!: string;
}

@InputType({ description: 'What an approver signed.' })
export class ApprovePolicySetsInput {
  @Field(() => [ApprovalInput], { description: 'At most 200; all are taken or none.' })
  approvals!: ApprovalInput[];
}
