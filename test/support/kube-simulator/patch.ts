import { ApiRefusal, isRecord, isSame } from './api-object.ts';

/** RFC 7396. */
export function patchMerge(value: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(value) ? { ...value } : {};
  for (const [key, child] of Object.entries(patch)) {
    if (child === null) delete result[key];
    else result[key] = patchMerge(result[key], child);
  }
  return result;
}

export interface JsonPatch {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** RFC 6902: add, replace, remove and test. */
export function patchJson(value: unknown, patch: readonly JsonPatch[]): unknown {
  const result = structuredClone(value);
  for (const { op, path, value: given } of patch) {
    const steps = path
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = steps.pop() ?? '';
    const parent = steps.reduce<unknown>(
      (at, step) => (at as Record<string, unknown> | undefined)?.[step],
      result,
    );
    if (Array.isArray(parent)) {
      const index = last === '-' ? parent.length : Number(last);
      if (op === 'test' && isSame(parent[index], given)) continue;
      if (op === 'add') parent.splice(index, 0, given);
      else if (op === 'replace' && index < parent.length) parent[index] = given;
      else if (op === 'remove' && index < parent.length) parent.splice(index, 1);
      else throw refused(op, path);
    } else if (isRecord(parent)) {
      if (op === 'test' && isSame(parent[last], given)) continue;
      if (op === 'add' || (op === 'replace' && last in parent)) parent[last] = given;
      else if (op === 'remove' && last in parent) delete parent[last];
      else throw refused(op, path);
    } else throw refused(op, path);
  }
  return result;
}

function refused(op: string, path: string): ApiRefusal {
  return new ApiRefusal(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${op} operation does not apply: ${path}`,
  );
}
