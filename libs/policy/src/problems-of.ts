import { pathText, type Problem } from '@picket/kernel';
import { z } from 'zod';

const CODES: Readonly<Record<string, string>> = {
  invalid_type: 'TYPE_WRONG',
  invalid_value: 'VALUE_NOT_ALLOWED',
  too_big: 'TOO_MANY_OR_TOO_LARGE',
  too_small: 'TOO_FEW_OR_TOO_SMALL',
  invalid_format: 'FORMAT_WRONG',
};

/** How many unknown fields of one object are told, each by its path; and how many of them get a suggestion. */
const MAX_UNKNOWN = 100;
const MAX_HINTS = 5;

/** A strict object that lists its fields when it meets another one, and suggests the nearest. */
export function strict<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const hints = new Set(
        issue.keys.slice(0, MAX_HINTS).flatMap((key) => nearest(key, known) ?? []),
      );
      const meant = hints.size > 0 ? ` (did you mean ${[...hints].join(', ')}?)` : '';
      return `unknown field${meant}; allowed: ${known.join(', ')}`;
    },
  });
}

/**
 * A rule over a whole object that is asked even when a part of it is wrong, so that every problem is told at once.
 * Of what the schema says of the value only that it is an object holds then.
 */
export function always<Value>(
  rule: (value: Unsure<Value>, context: z.RefinementCtx) => void,
): z.core.$ZodCheck<Value> {
  const check = z.superRefine<Value>((value, context) => {
    if (value !== null && typeof value === 'object') rule(value as Unsure<Value>, context);
  });
  check._zod.def.when = () => true;
  return check;
}

/** Every member may be missing or of another type. */
export type Unsure<Value> = { readonly [Key in keyof Value]?: unknown };

/** Turns what zod found into problems; one per unknown field, unions flattened to their nearest branch. */
export function problemsOf(error: z.ZodError, base: readonly PropertyKey[] = []): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, base));
}

function problemsOfIssue(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') return unknownFields(issue.keys, path, issue.message);
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

function unknownFields(
  keys: readonly string[],
  path: readonly PropertyKey[],
  message: string,
): Problem[] {
  const told = keys
    .slice(0, MAX_UNKNOWN)
    .map((key) => problem([...path, key], 'FIELD_UNKNOWN', message));
  const more = keys.length - told.length;
  return more > 0
    ? [...told, problem(path, 'FIELD_UNKNOWN', `${more} more unknown fields are not listed`)]
    : told;
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
