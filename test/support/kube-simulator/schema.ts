import { isRecord, type Cause } from './api-object.ts';

/** The part of an OpenAPI v3 schema that the API server acts on. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

export function childSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const more = schema?.additionalProperties;
  return schema?.properties?.[key] ?? (isRecord(more) ? more : undefined);
}

/** Whether the schema knows all the fields that a value may have here. */
function isClosed(schema: Schema): boolean {
  return (
    schema.properties !== undefined &&
    !schema.additionalProperties &&
    !schema['x-kubernetes-preserve-unknown-fields']
  );
}

/** A copy with defaults filled in and, in the way of CRDs, fields that the schema does not know left out. */
export function defaultAndPrune(value: unknown, schema: Schema | undefined): unknown {
  if (!schema) return value;
  if (Array.isArray(value)) return value.map((item) => defaultAndPrune(item, schema.items));
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const known = childSchema(schema, key);
    if (known || !isClosed(schema)) result[key] = defaultAndPrune(child, known);
  }
  for (const [key, child] of Object.entries(schema.properties ?? {}))
    if (result[key] === undefined && child.default !== undefined)
      result[key] = defaultAndPrune(structuredClone(child.default), child);
  return result;
}

/** The path of the first field that the schema does not declare: server-side apply refuses those. */
export function undeclaredField(
  value: unknown,
  schema: Schema | undefined,
  path = '',
): string | undefined {
  if (!schema) return undefined;
  const children: [string, unknown, Schema | undefined][] = [];
  if (Array.isArray(value))
    value.forEach((item, index) => children.push([`${path}[${index}]`, item, schema.items]));
  else if (isRecord(value))
    for (const [key, item] of Object.entries(value)) {
      const known = childSchema(schema, key);
      if (!known && isClosed(schema)) return `${path}.${key}`;
      children.push([`${path}.${key}`, item, known]);
    }
  for (const child of children) {
    const found = undeclaredField(child[1], child[2], child[0]);
    if (found) return found;
  }
  return undefined;
}

/** Every violation of a CRD's structural schema, in the API server's words. */
export function violations(value: unknown, schema: Schema | undefined, field = ''): Cause[] {
  if (!schema || value === undefined) return [];
  const own = ownViolations(value, schema, field);
  const at = (key: string): string => (field ? `${field}.${key}` : key);
  if (Array.isArray(value))
    return [
      ...own,
      ...value.flatMap((item, index) => violations(item, schema.items, `${field}[${index}]`)),
    ];
  if (!isRecord(value)) return own;
  const missing = (schema.required ?? [])
    .filter((key) => value[key] === undefined)
    .map((key) => ({ reason: 'FieldValueRequired', message: 'Required value', field: at(key) }));
  const inside = Object.entries(value).flatMap(([key, item]) =>
    violations(item, childSchema(schema, key), at(key)),
  );
  return [...own, ...missing, ...inside];
}

function ownViolations(value: unknown, schema: Schema, field: string): Cause[] {
  const invalid = (shown: unknown, text: string): Cause => ({
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(shown)}: ${field} in body ${text}`,
    field,
  });
  const actual = typeName(value);
  const fits =
    !schema.type || schema.type === actual || (schema.type === 'number' && actual === 'integer');
  if (!fits && !schema['x-kubernetes-int-or-string'])
    return [invalid(actual, `must be of type ${schema.type}: "${actual}"`)];
  const found: Cause[] = [];
  if (schema.enum && !schema.enum.includes(value))
    found.push({
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`,
      field,
    });
  const bound = (
    size: number,
    min = -Infinity,
    max = Infinity,
    more: string,
    less: string,
    shown: unknown,
  ): void => {
    if (size < min) found.push(invalid(shown, more));
    if (size > max) found.push(invalid(shown, less));
  };
  if (typeof value === 'number')
    bound(
      value,
      schema.minimum,
      schema.maximum,
      `should be greater than or equal to ${schema.minimum}`,
      `should be less than or equal to ${schema.maximum}`,
      value,
    );
  if (typeof value === 'string') {
    bound(
      value.length,
      schema.minLength,
      schema.maxLength,
      `should be at least ${schema.minLength} chars long`,
      `should be at most ${schema.maxLength} chars long`,
      value,
    );
    if (schema.pattern && !new RegExp(schema.pattern, 'u').test(value))
      found.push(invalid(value, `should match '${schema.pattern}'`));
  }
  if (Array.isArray(value))
    bound(
      value.length,
      schema.minItems,
      schema.maxItems,
      `should have at least ${schema.minItems} items`,
      `should have at most ${schema.maxItems} items`,
      value.length,
    );
  if (isRecord(value)) {
    const size = Object.keys(value).length;
    bound(
      size,
      schema.minProperties,
      schema.maxProperties,
      `should have at least ${schema.minProperties} properties`,
      `should have at most ${schema.maxProperties} properties`,
      size,
    );
  }
  return found;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
