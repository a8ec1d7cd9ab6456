import { pathText, type Problem } from '@picket/kernel';

/** Bounds of one document once its aliases are followed: a text of 1 MiB can say far more with them, or never end. */
const MAX_DEPTH = 64;
const MAX_VALUES = 250_000;

interface Place {
  readonly value: object;
  readonly depth: number;
  readonly key: PropertyKey;
  readonly parent: Place | undefined;
}

/**
 * Why `value` is no JSON document within bounds, or undefined when it is one: depth 64, 250,000 values, finite numbers, plain objects.
 *
 * YAML can say more than JSON (dates, bytes, sets, circles), and a key `__proto__` would be dropped by whoever copies the object.
 * Never recurses, so that no input costs the stack.
 */
export function plainJsonFault(value: unknown, base: readonly PropertyKey[]): Problem | undefined {
  if (!isObject(value)) return isScalar(value) ? undefined : notJson(base);
  const open: Place[] = [{ value, depth: 1, key: '', parent: undefined }];
  let count = 1;
  for (let place = open.pop(); place; place = open.pop()) {
    if (!isPlain(place.value)) return notJson([...base, ...keysOf(place)]);
    for (const [key, member] of entriesOf(place.value)) {
      count += 1;
      if (count > MAX_VALUES) return tooMuch(base, `more than ${MAX_VALUES} values`);
      if (key === '__proto__')
        return fault([...base, ...keysOf(place), key], 'FIELD_UNKNOWN', 'no field has this name');
      if (!isObject(member)) {
        if (!isScalar(member)) return notJson([...base, ...keysOf(place), key]);
      } else if (place.depth >= MAX_DEPTH) return tooMuch(base, `nested deeper than ${MAX_DEPTH}`);
      else open.push({ value: member, depth: place.depth + 1, key, parent: place });
    }
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}

function isScalar(value: unknown): boolean {
  return (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Array.isArray(value);
}

function* entriesOf(value: object): Generator<[PropertyKey, unknown]> {
  if (Array.isArray(value)) yield* value.entries();
  else yield* Object.entries(value);
}

function keysOf(place: Place): PropertyKey[] {
  const keys: PropertyKey[] = [];
  for (let at: Place = place; at.parent; at = at.parent) keys.unshift(at.key);
  return keys;
}

function notJson(path: readonly PropertyKey[]): Problem {
  return fault(path, 'TYPE_WRONG', 'not a text, finite number, boolean, list or map');
}

function tooMuch(path: readonly PropertyKey[], message: string): Problem {
  return fault(path, 'TOO_LARGE', message);
}

function fault(path: readonly PropertyKey[], code: string, message: string): Problem {
  return { path: pathText(path), code, message, severity: 'error' };
}
