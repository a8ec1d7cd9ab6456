import { pathText, type Problem } from '@picket/kernel';
import { z } from 'zod';

const CODES: Readonly<Record<string, string>> = {
  invalid_type: 'TYPE_WRONG',
  invalid_value: 'VALUE_NOT_ALLOWED',
  too_big: 'TOO_MANY_OR_TOO_LARGE',
  too_small: 'TOO_FEW_OR_TOO_SMALL',
  invalid_format: 'FORMAT_WRONG',
};

/** A strict object that lists its fields when it meets another one, and suggests the nearest. */
export function strict<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const hints = issue.keys
        .map((key) => nearest(key, known))
        .filter((hint) => hint !== undefined);
      const meant = hints.length > 0 ? ` (did you mean ${hints.join(', ')}?)` : '';
      return `unknown field${meant}; allowed: ${known.join(', ')}`;
    },
  });
}

/** Turns what zod found into problems; one per unknown field, unions flattened to their nearest branch. */
export function problemsOf(error: z.ZodError, base: readonly PropertyKey[] = []): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, base));
}

function problemsOfIssue(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => problem([...path, key], 'FIELD_UNKNOWN', issue.message));
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return [problem(path, 'FIELD_REQUIRED', 'this field is required')];
  if (issue.code === 'invalid_union') {
    const nearestBranch = issue.errors.toSorted((a, b) => a.length - b.length)[0] ?? [];
    return nearestBranch.length > 0
      ? nearestBranch.flatMap((inner) => problemsOfIssue(inner, path))
      : [problem(path, 'VALUE_NOT_ALLOWED', issue.message)];
  }
  const code =
    issue.code === 'custom' ? customCode(issue.params) : (CODES[issue.code] ?? 'VALUE_INVALID');
  return [problem(path, code, issue.message)];
}

function customCode(params: Record<string, unknown> | undefined): string {
  const code = params?.['code'];
  return typeof code === 'string' ? code : 'VALUE_INVALID';
}

function problem(path: readonly PropertyKey[], code: string, message: string): Problem {
  return { path: pathText(path), code, message, severity: 'error' };
}

function nearest(key: string, known: readonly string[]): string | undefined {
  const letters = key.toLowerCase();
  return known.find((candidate) => {
    const other = candidate.toLowerCase();
    return letters.startsWith(other) || other.startsWith(letters) || distance(letters, other) <= 2;
  });
}

/** Levenshtein distance, on the first 64 characters. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: Math.min(b.length, 64) + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a.slice(0, 64)).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b.slice(0, 64)).entries())
      next.push(
        Math.min(
          (next[j] ?? 0) + 1,
          (row[j + 1] ?? 0) + 1,
          (row[j] ?? 0) + (letter === other ? 0 : 1),
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
