import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

import { ProblemType } from '../blueprints/blueprint.graphql.ts';
import { JsonValue } from '../platform/json-scalar.ts';
import { InClaimInput, NamespacePolicyType } from './namespace-policy.graphql.ts';
import { PolicyRequestType } from './policy-request.graphql.ts';

export const DirectionType = { ingress: 'ingress', egress: 'egress' } as const;
registerEnumType(DirectionType, { name: 'PolicyDirection', description: 'Which way.' });
export const ProtocolType = { TCP: 'TCP', UDP: 'UDP', SCTP: 'SCTP' } as const;
registerEnumType(ProtocolType, { name: 'PortProtocol', description: 'Protocol of a port.' });

@ObjectType({ description: 'The ordinary namespace policies that a wish became.' })
export class IsolationResult {
  @Field(() => [NamespacePolicyType], { description: 'As they are now.' })
  namespacePolicies!: object[];
  @Field(() => [PolicyRequestType], { description: 'What waits for the platform team.' })
  policyRequests!: object[];
  @Field(() => [ProblemType], {
    description: 'Why nothing was written, when there is an error among them; and warnings.',
  })
  problems!: object[];
}

@InputType({ description: 'A port, or a range of ports.' })
export class PortInput {
  @Field(() => ProtocolType, { nullable: true, description: '`TCP` when left out.' })
  protocol?: 'TCP' | 'UDP' | 'SCTP' | null;
  @Field(() => Int, { description: 'Number.' }) port!: number;
  @Field(() => Int, { nullable: true, description: 'The last of a range.' }) endPort?:
    | number
    | null;
}

@InputType({ description: 'What stays open: a namespace, some of its pods, or addresses.' })
export class OpeningInput {
  @Field(() => DirectionType, { description: 'Which way.' }) direction!: 'ingress' | 'egress';
  @Field(() => String, {
    nullable: true,
    description: 'Name of a namespace; the own one when neither this nor `cidr` is given.',
  })
  namespace?: string | null;
  @Field(() => JsonValue, { nullable: true, description: 'Labels of pods there.' })
  labels?: object | null;
  @Field(() => String, { nullable: true, description: 'Addresses, instead of pods.' })
  cidr?: string | null;
  @Field(() => [PortInput], { nullable: true, description: 'All ports when left out.' })
  ports?: PortInput[] | null;
}

@InputType({ isAbstract: true })
abstract class IsolationInput extends InClaimInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of one namespace of the claim; each of them when left out.',
  })
  namespace?: string | null;
  @Field(() => [OpeningInput], { nullable: true, description: 'What stays open besides.' })
  openings?: OpeningInput[] | null;
}
@InputType({
  description: 'Pods of a namespace talk among themselves and to DNS, and to nobody else.',
})
export class IsolateNamespaceInput extends IsolationInput {}
@InputType({ description: 'Pods with these labels talk to DNS and to nobody else.' })
export class IsolateWorkloadInput extends IsolationInput {
  @Field(() => JsonValue, { description: 'Labels of the pods.' }) labels!: object;
}

@InputType({ description: 'Pods by namespace and labels.' })
export class WorkloadInput {
  @Field({ description: 'Name of the namespace.' }) namespace!: string;
  @Field(() => JsonValue, { description: 'Labels of the pods.' }) labels!: object;
}
@InputType({ description: 'One workload may connect to another.' })
export class AllowWorkloadInput extends InClaimInput {
  @Field(() => WorkloadInput, { description: 'Who connects.' }) source!: WorkloadInput;
  @Field(() => WorkloadInput, { description: 'To whom.' }) target!: WorkloadInput;
  @Field(() => [PortInput], { nullable: true, description: 'All ports when left out.' })
  ports?: PortInput[] | null;
}
@InputType({ description: 'Pods of one namespace may not connect to another.' })
export class DenyNamespaceInput extends InClaimInput {
  @Field({ description: 'Name of the namespace that may not connect.' }) source!: string;
  @Field({ description: 'Name of a namespace of the claim.' }) target!: string;
}
