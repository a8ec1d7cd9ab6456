import { ArgsType, Extensions, Field, Int, ObjectType } from '@nestjs/graphql';
import { DomainError } from '@picket/kernel';

import { LATER } from './inline-fields.ts';

/** The largest page of any list. */
export const PAGE_MAX = 200;

/** The arguments of every list. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: 50, description: 'How many, 1 to 200.' }) first!: number;
  @Field(() => String, { nullable: true, description: 'Cursor after which the page starts.' })
  after?: string;
}

export class PageInvalid extends DomainError {
  readonly code = 'PAGE_INVALID';
  readonly kind = 'invalid';
}

@ObjectType({ description: 'Where a page ends (Relay cursor connections).' })
export class PageInfo {
  @Field({ description: 'Whether more items follow this page.' })
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Give it as `after` to get the next page.' })
  endCursor!: string | null;
}

export interface Edge<T> {
  readonly cursor: string;
  readonly node: T;
}

/** One page of a list in Relay's shape. `totalCount` is asked from the database only when a client selects it. */
export interface Connection<T> {
  readonly edges: readonly Edge<T>[];
  readonly pageInfo: PageInfo;
  readonly totalCount: Promise<number>;
}

export interface PageRequest {
  readonly first: number;
  /** The key of the last item of the page before, as the repository ordered it. */
  readonly after: string | undefined;
}

// Keys are names, `project/name`, or positions.
const CURSOR = /^k:([a-z0-9/-]{1,200})$/;

/** Reads `first` and `after`. Throws PageInvalid beyond 1 to 200 or for a cursor that is not ours. */
export function pageRequest(first: number, after?: string | null): PageRequest {
  if (first < 1 || first > PAGE_MAX)
    throw new PageInvalid(`first must be 1 to ${PAGE_MAX}, not ${first}`, { first, max: PAGE_MAX });
  if (after === undefined || after === null) return { first, after: undefined };
  const key = CURSOR.exec(Buffer.from(after, 'base64url').toString('utf8'))?.[1];
  if (key === undefined) throw new PageInvalid('after is not a cursor of this list');
  return { first, after: key };
}

class KeyedEdge<T> implements Edge<T> {
  readonly node: T;
  readonly #index: number;
  readonly #keyOf: (item: T, index: number) => string;

  constructor(node: T, index: number, keyOf: (item: T, index: number) => string) {
    this.node = node;
    this.#index = index;
    this.#keyOf = keyOf;
  }

  /** A getter, because few clients select it. */
  get cursor(): string {
    return Buffer.from(`k:${this.#keyOf(this.node, this.#index)}`).toString('base64url');
  }
}

/** Makes a connection of rows that were fetched with one more than asked for. */
export function connectionOf<T>(
  items: readonly T[],
  { first }: PageRequest,
  keyOf: (item: T, index: number) => string,
  totalCount: () => Promise<number>,
): Connection<T> {
  const page = items.slice(0, first);
  const edges = page.map((node, index) => new KeyedEdge(node, index, keyOf));
  const pageInfo = { hasNextPage: items.length > first, endCursor: edges.at(-1)?.cursor ?? null };
  return {
    edges,
    pageInfo,
    // A getter, so that the query runs only when the field is selected.
    get totalCount() {
      return totalCount();
    },
  };
}

/** A page of a list that is at hand whole; its keys are positions. Throws PageInvalid for a cursor of another list. */
export function connectionOfAll<T>(all: readonly T[], page: PageRequest): Connection<T> {
  const after = page.after ?? '-1';
  if (!/^(-1|\d{1,9})$/.test(after)) throw new PageInvalid('after is not a cursor of this list');
  const start = Number(after) + 1;
  return connectionOf(
    all.slice(start, start + page.first + 1),
    page,
    (_item, index) => String(start + index),
    () => Promise.resolve(all.length),
  );
}

type Class<T> = abstract new (...args: never[]) => T;

/** The GraphQL types of a connection over `Node`: the connection, with its edge. */
export function ConnectionType<T>(Node: Class<T>, name: string): Class<Connection<T>> {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a page, with its cursor.` })
  class EdgeType {
    @Field({ description: 'Give it as `after` to get what follows.' })
    cursor!: string;

    @Field(() => Node, { description: 'The item.' })
    node!: T;
  }

  @ObjectType({ isAbstract: true })
  abstract class ConnectionOf {
    @Field(() => [EdgeType], { description: 'The items of this page.' })
    edges!: EdgeType[];

    @Field(() => PageInfo, { description: 'Where this page ends.' })
    pageInfo!: PageInfo;

    @Field(() => Int, {
      description: 'How many items the whole list has; costs one more query, only when selected.',
    })
    @Extensions(LATER)
    totalCount!: Promise<number>;
  }
  return ConnectionOf;
}
