import type { GraphQLSchema } from 'graphql';

type Resolve = (source: unknown) => unknown;

/**
 * Takes away the resolver of each field that only reads the property of its own name; Nest gives one to every field. Without it graphql-jit
 * reads the property in place, which halves what a list of fifty costs. A field whose property is a promise says `@Extensions(LATER)`.
 */
export function inlineFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!('getFields' in type)) continue;
    for (const field of Object.values(type.getFields()))
      if ('resolve' in field && field.resolve && !field.extensions['later'])
        if (readsOnly(field.resolve as Resolve, field.name)) delete field.resolve;
  }
  return schema;
}

/** For a field whose property is a promise. */
export const LATER = { later: true };

/** Whether it is Nest's own resolver, and reads just that property, without a default. */
export function readsOnly(resolve: Resolve, name: string): boolean {
  if (resolve.name !== 'rootFieldResolver') return false;
  const read: (string | symbol)[] = [];
  const source = new Proxy({}, { get: (_, key) => void read.push(key) });
  return resolve(source) === undefined && read.length === 1 && read[0] === name;
}
