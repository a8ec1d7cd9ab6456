import type { LabelExpression, Labels, LabelSelector } from './label-selector.ts';

/**
 * Whether the selector picks an object with these labels (apimachinery `LabelSelectorAsSelector`).
 *
 * An empty selector picks everything. `NotIn` and `DoesNotExist` pick objects without the key too.
 */
export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {}))
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
  return (selector.matchExpressions ?? []).every((expression) =>
    matchesExpression(expression, labels),
  );
}

function matchesExpression(
  { key, operator, values = [] }: LabelExpression,
  labels: Labels,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
