/** What makes a JSON value unfit to keep, and where. */
export interface JsonFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Deeper than any document of ours; what walks a value by recursion is safe with it. */
const DEPTH_MAX = 64;

/**
 * The first thing in a parsed JSON value that PostgreSQL cannot keep (NUL, half a surrogate pair), that is not what its sender wrote
 * (a whole number beyond 2^53, one that became infinite), that has a meaning in JavaScript (`__proto__`) or that nests deeper than 64.
 * Undefined when there is none. Costs one visit per value and no stack.
 */
export function jsonFault(value: unknown): JsonFault | undefined {
  const waiting: { value: unknown; path: readonly (string | number)[] }[] = [{ value, path: [] }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { path } = next;
    const message = faultOf(next.value) ?? (path.length > DEPTH_MAX ? tooDeep : undefined);
    if (message !== undefined) return { path: path.slice(0, 8), message };
    if (next.value === null || typeof next.value !== 'object') continue;
    if (Array.isArray(next.value)) {
      for (const [index, item] of next.value.entries())
        waiting.push({ value: item, path: [...path, index] });
      continue;
    }
    for (const [key, member] of Object.entries(next.value)) {
      const ofKey = key === '__proto__' ? 'this key is not allowed' : faultOf(key);
      if (ofKey !== undefined) return { path: [...path, key].slice(0, 8), message: ofKey };
      waiting.push({ value: member, path: [...path, key] });
    }
  }
  return undefined;
}

const tooDeep = `nested deeper than ${DEPTH_MAX} levels`;

function faultOf(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'the number is too large';
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'whole numbers beyond 9007199254740991 lose digits; write a string';
  if (typeof value !== 'string') return undefined;
  if (value.includes('\u0000')) return 'the text holds a NUL character';
  return value.isWellFormed() ? undefined : 'the text holds half of a surrogate pair';
}
