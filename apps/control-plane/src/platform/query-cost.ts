import { DomainError } from '@picket/kernel';

// The parts of a document, of a schema and of its validation that are looked at, without importing `graphql` a second time (two realms).
interface Node {
  readonly kind: string;
  readonly name?: { readonly value: string };
  readonly operation?: string;
  readonly selectionSet?: { readonly selections: readonly Node[] };
  readonly arguments?: readonly {
    readonly name: { readonly value: string };
    readonly value: Node;
  }[];
  readonly value?: unknown;
}
interface Field {
  readonly type: Type;
  readonly args: readonly { readonly name: string; readonly defaultValue?: unknown }[];
}
interface Type {
  readonly ofType?: Type;
  getFields?(): Readonly<Record<string, Field>>;
}
interface ValidationContext {
  reportError(error: Error): void;
  getSchema(): {
    getQueryType(): Type;
    getMutationType(): Type;
    getSubscriptionType(): Type;
    getType(name: string): Type | undefined;
  };
  getFragment(name: string): (Node & { readonly typeCondition: Node }) | undefined;
}

/** Most objects that an answer may hold by its query: a page of 200 clusters with a page of 200 objects each, and their edges. */
export const COST_MAX = 100_000;
/** What a list without `first` is taken for, and `first` when only a variable says it. */
const LIST = 10;
const PAGE = 200;

/** The query could be answered with more than the hub is willing to send at once. */
export class QueryTooCostly extends DomainError {
  readonly code = 'QUERY_TOO_COSTLY';
  readonly kind = 'invalid';
}

/**
 * A rule of GraphQL validation: the number of objects that the answer can hold, lists multiplied, is at most `COST_MAX`.
 *
 * A connection counts `first` items. Aliases count each time, and so do introspection's lists, as ten. Cost is counted once per fragment
 * and page size, so nested fragments cannot make counting itself costly.
 */
export function costRule(context: ValidationContext): object {
  return {
    OperationDefinition(operation: Node): void {
      const schema = context.getSchema();
      const root = rootOf(operation, schema);
      const cost = new Cost(context).of(operation, root, LIST);
      if (cost > COST_MAX)
        context.reportError(
          new QueryTooCostly(
            `The answer could hold ${cost} objects; at most ${COST_MAX} are allowed: ask for less, or page by page`,
            { cost, max: COST_MAX },
          ),
        );
    },
  };
}

function rootOf(
  { operation }: Node,
  schema: ReturnType<ValidationContext['getSchema']>,
): Type | undefined {
  if (operation === 'mutation') return schema.getMutationType();
  return operation === 'subscription' ? schema.getSubscriptionType() : schema.getQueryType();
}

class Cost {
  readonly #context: ValidationContext;
  readonly #fragments = new Map<string, number>();

  constructor(context: ValidationContext) {
    this.#context = context;
  }

  /** Objects below one object of this type; `page` is what its connection asked for. */
  of({ selectionSet }: Node, type: Type | undefined, page: number): number {
    return (selectionSet?.selections ?? []).reduce(
      (sum, selection) => sum + this.#selection(selection, type, page),
      0,
    );
  }

  #selection(selection: Node, type: Type | undefined, page: number): number {
    if (selection.kind === 'InlineFragment') return this.of(selection, type, page);
    if (selection.kind === 'FragmentSpread')
      return this.#fragment(selection.name?.value ?? '', page);
    const name = selection.name?.value ?? '';
    const field = type?.getFields?.()[name] ?? this.#introspection(name);
    if (!selection.selectionSet || !field) return 0;
    const first = firstOf(selection, field);
    const items = isList(field.type) ? (first ?? page) : 1;
    return items * (1 + this.of(selection, innermost(field.type), first ?? LIST));
  }

  #fragment(name: string, page: number): number {
    const key = `${name} ${page}`;
    const known = this.#fragments.get(key);
    if (known !== undefined) return known;
    this.#fragments.set(key, 0); // a fragment within itself is another rule's refusal
    const fragment = this.#context.getFragment(name);
    const type = this.#context.getSchema().getType(fragment?.typeCondition.name?.value ?? '');
    const cost = fragment ? this.of(fragment, type, page) : 0;
    this.#fragments.set(key, cost);
    return cost;
  }

  #introspection(name: string): Field | undefined {
    const type = { __schema: '__Schema', __type: '__Type' }[name];
    const found = type === undefined ? undefined : this.#context.getSchema().getType(type);
    return found && { type: found, args: [] };
  }
}

/** `first` as it is written, or its default; undefined where the field has none. */
function firstOf(selection: Node, { args }: Field): number | undefined {
  const definition = args.find(({ name }) => name === 'first');
  if (!definition) return undefined;
  const given = selection.arguments?.find(({ name }) => name.value === 'first')?.value;
  if (!given) return Number(definition.defaultValue ?? PAGE);
  const literal = given.kind === 'IntValue' ? Number(given.value) : PAGE;
  return Math.min(Math.max(literal, 1), PAGE);
}

function isList(type: Type): boolean {
  if (Object.prototype.toString.call(type) === '[object GraphQLList]') return true;
  return type.ofType ? isList(type.ofType) : false;
}

function innermost(type: Type): Type {
  return type.ofType ? innermost(type.ofType) : type;
}
