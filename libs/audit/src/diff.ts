import { canonicalJson, type Json, pathText, sha256Hex } from '@picket/kernel';

import { redacted } from './redacted.ts';

/** One place where two values differ. A side that is absent had nothing there. */
export interface Difference {
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** Bounds of one event: places, and letters of one value and of all together. */
const PLACES_MAX = 200;
const VALUE_MAX = 16_384;
const ALL_MAX = 65_536;

/**
 * Where `before` and `after` differ, in the order of their keys, without secrets. Absent is what is not there.
 *
 * Objects and lists are compared member by member, everything else as a whole. A value of more than 16 KiB of text is told by its digest
 * and size; beyond 200 places or 64 KiB the rest is counted in `dropped`. Values are anything that JSON can say; dates become text.
 */
export function diff(
  before: unknown,
  after: unknown,
): { readonly differences: Difference[]; readonly dropped: number } {
  const differences: Difference[] = [];
  let dropped = 0;
  let size = 0;
  for (const found of compare([], plain(before), plain(after))) {
    const text = canonicalJson({ ...found });
    if (differences.length >= PLACES_MAX || size + text.length > ALL_MAX) dropped += 1;
    else {
      size += text.length;
      differences.push(found);
    }
  }
  return { differences, dropped };
}

function* compare(
  path: readonly (string | number)[],
  before: Json | undefined,
  after: Json | undefined,
): Generator<Difference> {
  if (isSame(before, after)) return;
  const keys = commonKeys(before, after);
  if (keys) {
    for (const key of keys) yield* compare([...path, key], at(before, key), at(after, key));
    return;
  }
  yield {
    path: pathText(path),
    ...(before !== undefined && { before: bounded(before) }),
    ...(after !== undefined && { after: bounded(after) }),
  };
}

/** Of two objects, of two lists, or of the thing that was made or ended as a whole. */
function commonKeys(
  before: Json | undefined,
  after: Json | undefined,
): (string | number)[] | undefined {
  if (isList(before) && isList(after))
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index);
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return undefined;
}

function at(value: Json | undefined, key: string | number): Json | undefined {
  const members = value as Readonly<Record<string | number, Json>>;
  return Object.hasOwn(members, key) ? members[key] : undefined;
}

function bounded(value: Json): Json {
  const text = canonicalJson(value);
  return text.length <= VALUE_MAX
    ? value
    : { digest: `sha256:${sha256Hex(text)}`, letters: text.length };
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}

function plain(value: unknown): Json | undefined {
  return value === undefined ? undefined : redacted(JSON.parse(JSON.stringify(value)) as Json);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
