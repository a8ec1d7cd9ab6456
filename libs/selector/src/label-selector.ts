import { z } from 'zod';

import { labelKeyFault, labelValueFault } from './label-syntax.ts';

const Key = z.string().superRefine((key, context) => {
  const fault = labelKeyFault(key);
  if (fault !== undefined) context.addIssue(`label key ${JSON.stringify(key)} ${fault}`);
});

const Value = z.string().superRefine((value, context) => {
  const fault = labelValueFault(value);
  if (fault !== undefined) context.addIssue(`label value ${JSON.stringify(value)} ${fault}`);
});

/** Labels of an object: at most 256 here, keys and values in Kubernetes' syntax. */
export const Labels = z.record(z.string(), Value).superRefine((labels, context) => {
  const keys = Object.keys(labels);
  if (keys.length > 256) context.addIssue('at most 256 labels are allowed');
  for (const key of keys) {
    const fault = labelKeyFault(key);
    if (fault !== undefined)
      context.addIssue({ code: 'custom', path: [key], message: `label key ${fault}` });
  }
});
export type Labels = Readonly<Record<string, string>>;

/** One requirement of a selector. `In` and `NotIn` need values, `Exists` and `DoesNotExist` must have none. */
export const LabelExpression = z
  .strictObject({
    key: Key,
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(Value).optional(),
  })
  .superRefine(({ operator, values }, context) => {
    const needs = operator === 'In' || operator === 'NotIn';
    const has = values !== undefined && values.length > 0;
    if (needs === has) return;
    const message = needs
      ? `operator ${operator} needs values`
      : `operator ${operator} takes no values`;
    context.addIssue({ code: 'custom', path: ['values'], message });
  });
export type LabelExpression = z.infer<typeof LabelExpression>;

/** `metav1.LabelSelector`: all of `matchLabels` and all of `matchExpressions`. An empty one matches everything. */
export const LabelSelector = z.strictObject({
  matchLabels: Labels.optional(),
  matchExpressions: z.array(LabelExpression).max(256).optional(),
});
export interface LabelSelector {
  readonly matchLabels?: Labels | undefined;
  readonly matchExpressions?: readonly LabelExpression[] | undefined;
}
