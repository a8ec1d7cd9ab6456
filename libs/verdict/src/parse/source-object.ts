import type { Problem } from '@picket/kernel';

/** One object of the input as JSON, and where it was read. */
export interface SourceObject {
  readonly file?: string;
  readonly value: unknown;
}

/** A problem and the object that it is in; `kind` and `name` as far as they could be read. */
export interface ObjectProblem extends Problem {
  readonly file?: string;
  readonly kind?: string;
  /** `namespace/name`, or the name of a cluster-scoped object. */
  readonly name?: string;
}

/** What every object says of itself, read without trust: a member that has another type counts as absent. */
export interface Envelope {
  readonly file?: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly value: Readonly<Record<string, unknown>>;
}

const MAX_LIST_DEPTH = 4;
const MAX_OBJECTS = 1_000_000;
/** Of one object; etcd takes 1.5 MB, which is far fewer. */
const MAX_VALUES = 500_000;
const MAX_DEPTH = 64;

/** The objects, those inside lists (`List`, `PodList`, …) one by one. What is no Kubernetes object is left out, with a warning. */
export function openEnvelopes(objects: readonly SourceObject[]): {
  readonly envelopes: readonly Envelope[];
  readonly problems: readonly ObjectProblem[];
} {
  const envelopes: Envelope[] = [];
  const problems: ObjectProblem[] = [];
  const open = ({ file, value }: SourceObject, path: string, depth: number): void => {
    const at = file === undefined ? {} : { file };
    const refuse = (
      code: string,
      message: string,
      severity: 'error' | 'warning' = 'warning',
    ): void => {
      problems.push({ ...at, path, code, message, severity });
    };
    if (!isRecord(value)) return refuse('TYPE_WRONG', 'this is no Kubernetes object');
    const { apiVersion, kind, metadata } = value;
    if (typeof kind !== 'string' || typeof apiVersion !== 'string')
      return refuse('FIELD_REQUIRED', 'a Kubernetes object has apiVersion and kind');
    if (kind.endsWith('List') && Array.isArray(value['items'])) {
      if (depth >= MAX_LIST_DEPTH) return refuse('TOO_DEEP', 'lists are nested too deep');
      for (const [index, item] of (value['items'] as unknown[]).entries())
        open(
          { ...at, value: withKind(item, apiVersion, kind) },
          `${path === '' ? '' : `${path}.`}items[${index}]`,
          depth + 1,
        );
      return;
    }
    const excess =
      envelopes.length < MAX_OBJECTS ? excessOf(value) : `more than ${MAX_OBJECTS} objects`;
    if (excess !== undefined) return refuse('TOO_LARGE', excess, 'error');
    const { name, namespace } = isRecord(metadata) ? metadata : {};
    envelopes.push({
      ...at,
      apiVersion,
      kind,
      name: typeof name === 'string' ? name : undefined,
      namespace: typeof namespace === 'string' ? namespace : undefined,
      value,
    });
  };
  for (const object of objects) open(object, '', 0);
  return { envelopes, problems };
}

/**
 * Why the value is too much to read, or undefined. Shared parts (YAML aliases) count each time, as every reader would walk them, and a
 * value that contains itself is too deep.
 */
function excessOf(value: unknown): string | undefined {
  let values = 0;
  const rest: [value: unknown, depth: number][] = [[value, 0]];
  for (let next = rest.pop(); next; next = rest.pop()) {
    const [member, depth] = next;
    if (++values > MAX_VALUES) return `more than ${MAX_VALUES} values in one object`;
    if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH}`;
    if (member !== null && typeof member === 'object')
      for (const part of Object.values(member)) rest.push([part, depth + 1]);
  }
  return undefined;
}

/** Items of a typed list (`PodList`) need not repeat their kind. */
function withKind(item: unknown, apiVersion: string, listKind: string): unknown {
  if (listKind === 'List' || !isRecord(item)) return item;
  return { apiVersion, kind: listKind.slice(0, -'List'.length), ...item };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The problem with its object beside it. */
export function inObject(
  problem: Problem,
  { file, kind, name, namespace }: Envelope,
): ObjectProblem {
  return {
    ...problem,
    ...(file !== undefined && { file }),
    kind,
    ...(name !== undefined && { name: namespace === undefined ? name : `${namespace}/${name}` }),
  };
}
