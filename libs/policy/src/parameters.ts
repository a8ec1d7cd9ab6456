import { pathText, type Json, type Problem } from '@picket/kernel';
import { LabelSelector } from '@picket/selector';
import { z } from 'zod';

import type { ParameterDefinition, ParameterType } from './blueprint.ts';
import { CidrText } from './network-policy.ts';
import { problemsOf } from './problems-of.ts';

export type ParameterValues = Readonly<Record<string, Json>>;

const TYPES: Readonly<Record<ParameterType, z.ZodType<unknown>>> = {
  string: z.string().max(4_096),
  number: z.number(),
  boolean: z.boolean(),
  cidr: CidrText,
  cidrList: z.array(CidrText).max(1_000),
  labelSelector: LabelSelector,
};

/** What is wrong with `value` as a parameter of this type; `base` is the path of the value. */
export function parameterFaults(
  type: ParameterType,
  value: Json,
  base: readonly PropertyKey[],
): Problem[] {
  const result = TYPES[type].safeParse(value);
  return result.success ? [] : problemsOf(result.error, base);
}

/**
 * Gives each parameter its value: the given one, else the default.
 *
 * Problems: a name that is not defined, a value of the wrong type, a required one that is missing. Paths start with `base`.
 */
export function bindParameters(
  definitions: readonly ParameterDefinition[],
  given: ParameterValues,
  base: readonly PropertyKey[],
): { values: ParameterValues; problems: Problem[] } {
  const problems: Problem[] = [];
  const values: Record<string, Json> = {};
  const known = new Set(definitions.map(({ name }) => name));
  for (const name of Object.keys(given))
    if (!known.has(name))
      problems.push({
        path: pathText([...base, name]),
        code: 'PARAMETER_UNKNOWN',
        message: 'the blueprint has no such parameter',
        allowed: [...known].join(', ') || 'none',
        severity: 'error',
      });
  for (const { name, type, required, default: fallback } of definitions) {
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    const value = own ?? fallback;
    if (value !== undefined) {
      values[name] = value;
      if (own !== undefined) problems.push(...parameterFaults(type, own, [...base, name]));
    } else
      problems.push({
        path: pathText([...base, name]),
        code: 'PARAMETER_MISSING',
        message: required
          ? 'this parameter is required'
          : 'this parameter has no default, so a value is needed',
        severity: 'error',
      });
  }
  return { values, problems };
}

const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;
const WHOLE = /^\$\{([^}]*)\}$/;

/**
 * Replaces `${name}` in every string of `value`: as the whole string by the value with its type, inside a string by its text.
 * `$${` stands for `${` itself. A `cidrList` as a list's only content spreads: `networks: [${allowed}]`.
 *
 * `unknown` collects names that `values` has not, with their path; such references stay as they are.
 */
export function substitute(
  value: Json,
  values: ParameterValues,
  unknown: (name: string, path: readonly PropertyKey[]) => void,
  path: readonly PropertyKey[] = [],
): Json {
  if (typeof value === 'string')
    return substituteText(value, values, (name) => unknown(name, path));
  if (value === null || typeof value !== 'object') return value;
  if (isArray(value))
    return value.flatMap((item, index) => {
      const replaced = substitute(item, values, unknown, [...path, index]);
      const spreads = typeof item === 'string' && WHOLE.test(item) && isArray(replaced);
      return spreads ? replaced : [replaced];
    });
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      member === undefined ? null : substitute(member, values, unknown, [...path, key]),
    ]),
  );
}

/** Of the JSON text of one document with its parameters in place: a megabyte of `${references}` could say gigabytes. */
const MAX_EXPANDED = 4 * 1_048_576;

/** The problem of a value that would grow beyond 4 Mi characters of JSON with its parameters in place. Counts, and builds nothing. */
export function expansionFault(
  value: Json,
  values: ParameterValues,
  path: readonly PropertyKey[],
): Problem | undefined {
  const lengths = new Map(
    Object.entries(values).map(([name, member]) => [name, JSON.stringify(member).length]),
  );
  if (expandedLength(value, lengths) <= MAX_EXPANDED) return undefined;
  return {
    path: pathText(path),
    code: 'TOO_LARGE',
    message: `with its parameters in place this is longer than ${MAX_EXPANDED} characters`,
    severity: 'error',
  };
}

function expandedLength(value: Json | undefined, lengths: ReadonlyMap<string, number>): number {
  if (typeof value === 'string') {
    let length = value.length;
    for (const [, name = ''] of value.matchAll(REFERENCE)) length += lengths.get(name) ?? 0;
    return length;
  }
  if (value === null || typeof value !== 'object') return 8;
  let length = 2;
  for (const [key, member] of Object.entries(value))
    length += key.length + expandedLength(member as Json, lengths);
  return length;
}

function substituteText(
  text: string,
  values: ParameterValues,
  unknown: (name: string) => void,
): Json {
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) {
    const value = Object.hasOwn(values, whole) ? values[whole] : undefined;
    if (value !== undefined) return value;
    unknown(whole);
    return text;
  }
  return text.replaceAll(REFERENCE, (reference, name: string | undefined) => {
    if (name === undefined) return '${';
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      unknown(name);
      return reference;
    }
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
