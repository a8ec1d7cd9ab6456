import { describe, expect, it } from '@jest/globals';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';

import { inlineFields, LATER } from './inline-fields.ts';

/** As Nest makes them: `property` is what the class calls it. */
function nestResolver(property: string, defaultValue?: string): (source: unknown) => unknown {
  const rootFieldResolver = (source: unknown): unknown =>
    (source as Record<string, unknown>)[property] ?? defaultValue;
  return rootFieldResolver;
}

describe('inlineFields', () => {
  const field = (resolve: (source: unknown) => unknown, extensions = {}): object => ({
    type: GraphQLString,
    resolve,
    extensions,
  });

  it('takes away resolvers that only read the property of that name, and no other', () => {
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: {
        plain: field(nestResolver('plain')),
        renamed: field(nestResolver('name')),
        defaulted: field(nestResolver('defaulted', 'x')),
        later: field(nestResolver('later'), LATER),
        own: field(() => 'own'),
      } as never,
    });

    const fields = inlineFields(new GraphQLSchema({ query })).getQueryType()!.getFields();

    expect(Object.keys(fields).filter((name) => fields[name]?.resolve === undefined)).toEqual([
      'plain',
    ]);
  });
});
