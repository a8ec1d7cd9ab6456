import { pathText, type Json, type Problem } from '@picket/kernel';

import { Blueprint, type ParameterDefinition, type ParameterType } from './blueprint.ts';
import { parameterFaults, substitute } from './parameters.ts';
import { problemsOf } from './problems-of.ts';
import { BLUEPRINT_SECTIONS, validateEntries } from './validate-entries.ts';

export type ParsedBlueprint =
  | { readonly blueprint: Blueprint; readonly problems: readonly Problem[] }
  | { readonly blueprint?: undefined; readonly problems: readonly Problem[] };

// Stand-ins for parameters without a default, unlikely to collide with a literal beside them.
const SAMPLES: Readonly<Record<ParameterType, Json>> = {
  string: 'sample',
  number: 977,
  boolean: true,
  cidr: '192.0.2.0/24',
  cidrList: ['192.0.2.0/24'],
  labelSelector: {},
};

/**
 * Reads the `spec` of a Blueprint document. All problems at once, paths start with `spec`.
 *
 * Entries are checked with the defaults of the parameters in place; where one has no default, a stand-in of its type is used, and what
 * is found at such a place is left to the compiler, which knows the value. `blueprint` is absent when one of the problems is an error.
 */
export function parseBlueprint(value: unknown): ParsedBlueprint {
  const parsed = Blueprint.safeParse(value);
  if (!parsed.success) return { problems: problemsOf(parsed.error, ['spec']) };
  const blueprint = parsed.data;
  const problems = [...definitionFaults(blueprint.parameters ?? []), ...entryFaults(blueprint)];
  return problems.some(({ severity }) => severity === 'error')
    ? { problems }
    : { blueprint, problems };
}

function definitionFaults(definitions: readonly ParameterDefinition[]): Problem[] {
  const seen = new Set<string>();
  return definitions.flatMap(({ name, type, required, default: fallback }, index) => {
    const path = ['spec', 'parameters', index];
    const problems =
      fallback === undefined ? [] : parameterFaults(type, fallback, [...path, 'default']);
    if (seen.has(name)) problems.push(error([...path, 'name'], 'NAME_REPEATED', 'defined twice'));
    if (required && fallback !== undefined)
      problems.push(
        error([...path, 'default'], 'DEFAULT_OF_REQUIRED', 'a required parameter has no default'),
      );
    seen.add(name);
    return problems;
  });
}

function entryFaults(blueprint: Blueprint): Problem[] {
  const definitions = blueprint.parameters ?? [];
  const values: Record<string, Json> = {};
  const standIns = new Set<string>();
  for (const { name, type, default: fallback } of definitions) {
    values[name] = fallback ?? SAMPLES[type];
    if (fallback === undefined) standIns.add(name);
  }
  const problems: Problem[] = [];
  const unsure: string[] = [];
  const replaced = { ...blueprint };
  for (const section of [...BLUEPRINT_SECTIONS, 'includes'] as const) {
    const entries = blueprint[section];
    if (!entries) continue;
    const known = Object.fromEntries(
      Object.entries(values).filter(([name]) => !standIns.has(name)),
    );
    // First pass finds unknown names and the places of stand-ins, second pass puts them in.
    substitute(entries as Json, known, (name, path) => {
      const at = pathText(['spec', section, ...path]);
      if (standIns.has(name)) unsure.push(at);
      else
        problems.push({
          path: at,
          code: 'PARAMETER_UNKNOWN',
          message: `\${${name}} names no parameter`,
          allowed: definitions.map((definition) => definition.name).join(', ') || 'none',
          severity: 'error',
        });
    });
    Object.assign(replaced, { [section]: substitute(entries as Json, values, () => undefined) });
  }
  const found = validateEntries(replaced, ['spec']).filter(
    ({ path }) =>
      !unsure.some(
        (place) => path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`),
      ),
  );
  return [...problems, ...found];
}

function error(path: readonly PropertyKey[], code: string, message: string): Problem {
  return { path: pathText(path), code, message, severity: 'error' };
}
