import {
  buildSchema,
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql';

/** Arguments that name a thing which somebody else may have, beside those of type ID. */
const NAMES = ['project', 'claim', 'clusterProject', 'thingId', 'actor', 'yaml', 'approvals'];
/** Deepest that anything is looked at. */
const DEPTH = 7;

/** `operation.argument` for every argument and field of an input that can name what is another’s. */
export function foreignArguments(text: string): string[] {
  const schema = buildSchema(text);
  const roots = [schema.getQueryType(), schema.getMutationType()];
  const named = (inputs: readonly (GraphQLArgument | GraphQLInputField)[]): string[] =>
    inputs.flatMap(({ name, type }) => {
      const inner = getNamedType(type);
      if (isInputObjectType(inner)) return named(Object.values(inner.getFields()));
      return inner.name === 'ID' || NAMES.includes(name) ? [name] : [];
    });
  return roots.flatMap((root) =>
    Object.values(root?.getFields() ?? {}).flatMap((field) =>
      [...new Set(named(field.args))].map((argument) => `${field.name}.${argument}`),
    ),
  );
}

/** Every query that needs no argument, with every field that it can show. */
export function everythingOf(text: string): string[] {
  const fields = Object.values(buildSchema(text).getQueryType()?.getFields() ?? {});
  return fields
    .filter(({ args }) => !args.some((argument) => isRequiredArgument(argument)))
    .filter(({ args }) => !args.some(({ name }) => name === 'id'))
    .map((field) => `{ ${field.name}${firstOf(field, 50)} ${selection(field, DEPTH)} }`);
}

/** Names of the queries that are pages of a list and need no argument. */
export function pagedLists(text: string): string[] {
  const fields = Object.values(buildSchema(text).getQueryType()?.getFields() ?? {});
  return fields
    .filter(({ args }) => args.some(({ name }) => name === 'after'))
    .filter(({ args }) => !args.some((argument) => isRequiredArgument(argument)))
    .map(({ name }) => name);
}

function firstOf({ args }: GraphQLField<unknown, unknown>, first: number): string {
  return args.some(({ name }) => name === 'first') ? `(first: ${first})` : '';
}

function selection(field: GraphQLField<unknown, unknown>, depth: number): string {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return '';
  return `{ __typename ${selected(type, depth)} }`;
}

function selected(type: GraphQLNamedType, depth: number): string {
  if (isUnionType(type))
    return type
      .getTypes()
      .map((one) => `... on ${one.name} { ${selected(one, depth)} }`)
      .join(' ');
  if (!isObjectType(type)) return '';
  return Object.values(type.getFields())
    .filter((field) => isLeafType(getNamedType(field.type)) || depth > 0)
    .map((field) => `${field.name}${firstOf(field, 3)} ${selection(field, depth - 1)}`)
    .join(' ');
}
