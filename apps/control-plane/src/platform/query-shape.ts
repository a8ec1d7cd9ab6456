import { DomainError } from '@picket/kernel';

// The parts of a document that are looked at, without importing `graphql` a second time (two realms).
interface Field {
  readonly name: { readonly value: string };
  readonly alias?: { readonly value: string };
}
interface Operation {
  readonly operation: string;
  readonly selectionSet: { readonly selections: readonly unknown[] };
}
interface ValidationContext {
  reportError(error: Error): void;
}

/** The longest of our own operations has 3. */
export const ALIASES_MAX = 30;
/** A mutation is one change and one audit event; a client that wants more sends more. */
export const MUTATIONS_MAX = 5;

/** One request would try many things at once. */
export class QueryTooWide extends DomainError {
  readonly code = 'QUERY_TOO_WIDE';
  readonly kind = 'invalid';
}

/** The schema is not told. */
export class IntrospectionOff extends DomainError {
  readonly code = 'INTROSPECTION_OFF';
  readonly kind = 'forbidden';
}

/** A rule of GraphQL validation: at most 30 aliases in a document and 5 fields in a mutation, so that one request is not a thousand guesses. */
export function widthRule(context: ValidationContext): object {
  let aliases = 0;
  return {
    Field({ alias }: Field): void {
      if (alias && (aliases += 1) === ALIASES_MAX + 1)
        context.reportError(
          new QueryTooWide(`At most ${ALIASES_MAX} aliases are allowed`, { max: ALIASES_MAX }),
        );
    },
    OperationDefinition({ operation, selectionSet }: Operation): void {
      const { length } = selectionSet.selections;
      if (operation === 'mutation' && length > MUTATIONS_MAX)
        context.reportError(
          new QueryTooWide(`At most ${MUTATIONS_MAX} mutations are allowed in one request`, {
            max: MUTATIONS_MAX,
          }),
        );
    },
  };
}

/** A rule of GraphQL validation: the schema is asked for only where the operator wants it so. `__typename` is no introspection. */
export function noIntrospection(context: ValidationContext): object {
  return {
    Field({ name }: Field): void {
      if (name.value === '__schema' || name.value === '__type')
        context.reportError(
          new IntrospectionOff(
            'This hub does not tell its schema (API_EXPLORER); schema.graphql has it',
            {},
          ),
        );
    },
  };
}
