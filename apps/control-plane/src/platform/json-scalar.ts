import { type CustomScalar, Scalar } from '@nestjs/graphql';
import type { Json } from '@picket/kernel';

// The shape of a literal in a query, without importing `graphql` a second time (two realms).
interface ValueNode {
  readonly kind: string;
  readonly value?: string | boolean;
  readonly values?: readonly ValueNode[];
  readonly fields?: readonly {
    readonly name: { readonly value: string };
    readonly value: ValueNode;
  }[];
}

/** Type token of the scalar in field decorators. */
export class JsonValue {}

@Scalar('JSON', () => JsonValue)
export class JsonScalar implements CustomScalar<Json, Json> {
  description = 'Any JSON value.';

  parseValue(value: unknown): Json {
    return value as Json;
  }

  serialize(value: unknown): Json {
    return value as Json;
  }

  parseLiteral(node: unknown): Json {
    return literal(node as ValueNode);
  }
}

function literal(node: ValueNode): Json {
  switch (node.kind) {
    case 'IntValue':
    case 'FloatValue':
      return Number(node.value);
    case 'StringValue':
    case 'EnumValue':
    case 'BooleanValue':
      return node.value ?? null;
    case 'ListValue':
      return (node.values ?? []).map((value) => literal(value));
    case 'ObjectValue':
      return Object.fromEntries(
        (node.fields ?? []).map(({ name, value }) => [name.value, literal(value)]),
      );
    default:
      return null;
  }
}
