import { Field, InputType, Int, ObjectType } from '@nestjs/graphql';

import { JsonValue } from '../platform/json-scalar.ts';

@ObjectType('GuardRails', {
  description:
    'What namespace policies of a project may open. They bind what is saved from then on; what is in force stays.',
})
export class GuardRailsType {
  @Field({ description: 'Name of the project.' }) project!: string;
  @Field(() => JsonValue, {
    description:
      '`requiresApproval` (never, always, whenOutside), `ingress` and `egress` (`cidrs`, `exceptCidrs`, `namespaces`, `ports`), `podNetworks`, `maxRules`, `maxPolicies`, `maxChars`.',
  })
  rails!: object;
  @Field(() => Int, { description: 'Rises with each change; 0: nothing was ever said.' })
  revision!: number;
}

@InputType({ description: 'New guard rails of a project.' })
export class SetGuardRailsInput {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the project; `default` when left out.',
  })
  project?: string | null;
  @Field(() => JsonValue, { description: 'All of them; what is left out has its default.' })
  rails!: object;
  @Field(() => Int, { nullable: true, description: 'The revision that you have seen.' })
  expectedRevision?: number | null;
}
