import type { Resource } from './resource.ts';
import type { Schema } from './schema.ts';

/** What kubectl asks for before it applies; it takes no JSON. */
export const OPENAPI_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

const GVK = 'x-kubernetes-group-version-kind';

interface Document {
  readonly info: { readonly title: string; readonly version: string };
  readonly definitions: Readonly<Record<string, Definition>>;
  readonly kinds: readonly GroupVersionKind[];
}

type GroupVersionKind = Pick<Resource, 'group' | 'version' | 'kind'>;

type Definition = Schema & {
  readonly [GVK]?: readonly GroupVersionKind[];
};

/**
 * An OpenAPI v2 document as protobuf (gnostic's OpenAPIv2.proto), with what kubectl looks at: shapes and required fields of schemas, and
 * for each kind that it can be patched in a dry run.
 */
export function encodeOpenApi({ info, definitions, kinds }: Document): Buffer {
  return Buffer.concat([
    text(1, '2.0'),
    message(2, text(1, info.title), text(2, info.version)),
    message(
      8,
      ...kinds.map((kind) => message(2, text(1, `/${kind.kind}`), message(2, patch(kind)))),
    ),
    message(
      9,
      ...Object.entries(definitions).map(([name, definition]) =>
        message(
          1,
          text(1, name),
          message(2, schema(definition), extension(31, definition[GVK] ?? [])),
        ),
      ),
    ),
  ]);
}

function schema({
  properties,
  items,
  additionalProperties,
  required = [],
  ...rest
}: Schema): Buffer {
  const type = rest.type ?? typeOf({ properties, items, additionalProperties });
  return Buffer.concat([
    ...required.map((name) => text(19, name)),
    ...(typeof additionalProperties === 'object'
      ? [message(21, message(1, schema(additionalProperties)))]
      : []),
    ...(type === undefined ? [] : [message(22, text(1, type))]),
    ...(items ? [message(23, message(1, schema(items)))] : []),
    ...(properties ? [message(25, ...Object.entries(properties).map(named))] : []),
  ]);
}

function named([name, value]: [string, Schema]): Buffer {
  return message(1, text(1, name), message(2, schema(value)));
}

/** The schemas here leave out what their keywords tell. */
function typeOf({
  properties,
  items,
  additionalProperties,
}: Partial<Record<keyof Schema, unknown>>): string | undefined {
  if (items) return 'array';
  return properties || typeof additionalProperties === 'object' ? 'object' : undefined;
}

/** The operation PATCH of a path, with its parameter `dryRun`. */
function patch({ group, version, kind }: GroupVersionKind): Buffer {
  const parameter = message(3, text(2, 'query'), text(4, 'dryRun'));
  const parameters = message(8, message(1, message(2, parameter)));
  return message(8, parameters, extension(13, { group, version, kind }));
}

/** An extension holds YAML, and JSON is that too. */
function extension(field: number, value: object): Buffer {
  return message(field, text(1, GVK), message(2, text(2, JSON.stringify(value))));
}

function text(field: number, value: string): Buffer {
  return delimited(field, Buffer.from(value));
}

function message(field: number, ...parts: readonly Buffer[]): Buffer {
  return delimited(field, Buffer.concat(parts));
}

function delimited(field: number, body: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
