import { type CustomScalar, Scalar } from '@nestjs/graphql';
import { DomainError, type Json, pathText } from '@picket/kernel';

import { jsonFault } from './json-fault.ts';

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

/** A JSON value in a query or its variables cannot be kept as it is. */
export class JsonInvalid extends DomainError {
  readonly code = 'JSON_INVALID';
  readonly kind = 'invalid';
}

/** Type token of the scalar in field decorators. */
export class JsonValue {}

@Scalar('JSON', () => JsonValue)
export class JsonScalar implements CustomScalar<Json, Json> {
  description = 'Any JSON value.';

  parseValue(value: unknown): Json {
    return faultless(value);
  }

  serialize(value: unknown): Json {
    return value as Json;
  }

  parseLiteral(node: unknown): Json {
    return faultless(literal(node as ValueNode));
  }
}

function faultless(value: unknown): Json {
  const fault = jsonFault(value);
  if (fault)
    throw new JsonInvalid(`${pathText(fault.path)}: ${fault.message}`, { path: fault.path });
  return value as Json;
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
