import { z } from 'zod';

import { labelKeyFault, labelValueFault } from './label-syntax.ts';

const Key = z.string().superRefine((key, context) => {
  const fault = labelKeyFault(key);
  if (fault !== undefined) refuse(context, [], `label key ${JSON.stringify(key)} ${fault}`);
});

const Value = z.string().superRefine((value, context) => {
  const fault = labelValueFault(value);
  if (fault !== undefined) refuse(context, [], `label value ${JSON.stringify(value)} ${fault}`);
});

const MAX_LABELS = 256;

/**
 * Labels of an object: at most 256 here, keys and values in Kubernetes' syntax.
 *
 * Not a `z.record`, which drops a key `__proto__` without a word: a selector that loses a label picks more.
 */
export const Labels = z.custom<Labels>().superRefine((labels, context) => {
  const value: unknown = labels;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    context.addIssue({ code: 'invalid_type', expected: 'record', input: value });
    return;
  }
  const entries: [string, unknown][] = Object.entries(value);
  if (entries.length > MAX_LABELS) {
    refuse(context, [], `at most ${MAX_LABELS} labels are allowed`);
    return;
  }
  for (const [key, member] of entries) {
    const fault = labelKeyFault(key);
    if (fault !== undefined) refuse(context, [key], `label key ${fault}`);
    if (typeof member !== 'string') {
      context.addIssue({ code: 'invalid_type', expected: 'string', input: member, path: [key] });
      continue;
    }
    const valueFault = labelValueFault(member);
    if (valueFault !== undefined)
      refuse(context, [key], `label value ${JSON.stringify(member)} ${valueFault}`);
  }
});
export type Labels = Readonly<Record<string, string>>;

/** As an object, not as a text: after a text zod asks no further checks of what stands around it. */
function refuse(context: z.RefinementCtx, path: PropertyKey[], message: string): void {
  context.addIssue({ code: 'custom', path, message });
}

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
