import { Field, ObjectType } from '@nestjs/graphql';

import { ProblemType } from '../blueprints/blueprint.graphql.ts';
import { JsonValue } from '../platform/json-scalar.ts';
import { OutcomeType } from './namespace-policy.graphql.ts';
import { ContentChangeType } from './policy-request.graphql.ts';

@ObjectType('NamespacePolicyPreview', { description: 'What saving would do.' })
export class PreviewType {
  @Field(() => OutcomeType, { description: 'What would become of it.' }) outcome!: string;
  @Field(() => [ProblemType], {
    description: 'Everything that is wrong or outside the guard rails, and warnings.',
  })
  problems!: object[];
  @Field(() => [ContentChangeType], { description: 'What it changes of what is in force.' })
  changes!: object[];
  @Field(() => JsonValue, {
    nullable: true,
    description: 'LabelSelector over the namespaces that it is for; null: it cannot be saved.',
  })
  namespaceSelector!: object | null;
}
