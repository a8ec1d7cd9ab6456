import type { Data } from '../../support/hub/index.ts';
import type { Place } from './place.ts';

export interface Question {
  readonly query: string;
  readonly variables: object;
  /** Whether the answer shows what was asked for; absent: an answer without errors does. */
  readonly shows?: (data: Data) => boolean;
}

/** How a line of the table is asked: with valid arguments, about something of the place that is there. */
export interface Operation {
  /** The code for which M stands. */
  readonly missing?: string;
  /** What is asked about depends on who asks. */
  readonly isOwn?: true;
  readonly arrange: (place: Place, by: string | undefined) => Promise<Question>;
}

/** A mutation whose input `arrange` makes. */
export function mutation(
  name: string,
  selection: string,
  missing: string,
  arrange: (place: Place, by: string | undefined) => object | Promise<object>,
): Operation {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) ${selection} }`;
  return {
    missing,
    arrange: async (place, by) => ({ query, variables: { input: await arrange(place, by) } }),
  };
}

/** A query for one thing, or for something that has no place. */
export function query(
  text: string,
  missing: string,
  variables: (place: Place) => object | Promise<object>,
): Operation {
  return {
    missing,
    arrange: async (place) => ({ query: text, variables: await variables(place) }),
  };
}

/** A list in which the thing of the place is, or is not: in its edges as in its count. */
export function list(
  text: string,
  variables: (place: Place) => object | Promise<object>,
): Operation {
  return {
    arrange: async (place) => ({
      query: text,
      variables: await variables(place),
      shows: (data) => {
        const [{ edges, totalCount }] = Object.values(data) as [Data];
        if (edges.length !== totalCount) throw new Error('The count is not that of the list');
        return totalCount > 0;
      },
    }),
  };
}

/** A list in which the wanted one is among others: none may be left out by the page. */
export function among(
  text: string,
  wanted: (place: Place) => string | Promise<string>,
  keyOf: (node: Data) => string,
): Operation {
  return {
    arrange: async (place) => {
      const one = await wanted(place);
      return {
        query: text,
        variables: {},
        shows: (data) => {
          const [{ edges, totalCount }] = Object.values(data) as [Data];
          if (edges.length !== totalCount) throw new Error('The page is not the whole list');
          return edges.some(({ node }: Data) => keyOf(node) === one);
        },
      };
    },
  };
}
