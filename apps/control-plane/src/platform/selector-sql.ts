import type { LabelSelector } from '@picket/selector';

/**
 * A condition over the jsonb column `column` that holds exactly when `matchesLabels` does; its parameters are appended to `values`.
 * `matchLabels` and `In` use the GIN index.
 */
export function selectorSql(selector: LabelSelector, column: string, values: unknown[]): string {
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const equals = (key: string, value: string): string =>
    `${column} @> ${bind(JSON.stringify({ [key]: value }))}::jsonb`;
  const conditions = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    equals(key, value),
  );
  for (const { key, operator, values: allowed = [] } of selector.matchExpressions ?? [])
    switch (operator) {
      case 'In':
        conditions.push(`(${allowed.map((value) => equals(key, value)).join(' OR ')})`);
        break;
      case 'NotIn':
        conditions.push(`NOT (${allowed.map((value) => equals(key, value)).join(' OR ')})`);
        break;
      case 'Exists':
        conditions.push(`${column} ? ${bind(key)}`);
        break;
      case 'DoesNotExist':
        conditions.push(`NOT ${column} ? ${bind(key)}`);
        break;
    }
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}
