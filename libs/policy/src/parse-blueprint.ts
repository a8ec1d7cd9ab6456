import { pathText, type Json, type Problem } from '@picket/kernel';
import { z } from 'zod';

import { Blueprint, ParameterDefinition, type ParameterType } from './blueprint.ts';
import { expansionFault, parameterFaults, substitute } from './parameters.ts';
import { plainJsonFault } from './plain-json.ts';
import { problemsOf } from './problems-of.ts';
import { BLUEPRINT_SECTIONS, validateEntries, type Sections } from './validate-entries.ts';

export type ParsedBlueprint =
  | { readonly blueprint: Blueprint; readonly problems: readonly Problem[] }
  | { readonly blueprint?: undefined; readonly problems: readonly Problem[] };

/**
 * Reads the `spec` of a Blueprint document. All problems at once, paths start with `spec`.
 *
 * Entries are checked with the defaults of the parameters in place; where one has no default, stand-ins of its type are used, and what
 * only some of them cause is left to the compiler, which knows the value. `blueprint` is absent when one of the problems is an error.
 */
export function parseBlueprint(value: unknown): ParsedBlueprint {
  const fault = plainJsonFault(value, ['spec']);
  if (fault) return { problems: [fault] };
  const parsed = Blueprint.safeParse(value);
  const readable = parsed.success ? parsed.data : readablePart(value);
  const definitions = readable?.parameters ?? [];
  const problems = distinct([
    ...(parsed.success ? [] : problemsOf(parsed.error, ['spec'])),
    ...definitionFaults(definitions),
    ...(readable ? entryFaults(readable, definitions) : []),
  ]);
  return parsed.success && problems.every(({ severity }) => severity !== 'error')
    ? { blueprint: parsed.data, problems }
    : { problems };
}

type Readable = Sections & Pick<Blueprint, 'parameters' | 'includes'>;

const Record = z.record(z.string(), z.json());
const Named = z.object({ name: z.string(), spec: Record });
const SECTIONS = {
  clusterPolicies: Named,
  namespacePolicies: Named.extend({ namespaceSelector: z.union([z.string(), Record]) }),
  manifests: z.object({ manifest: Record }),
};
const Parameters = z.array(ParameterDefinition).default([]);

/**
 * What can be judged in a document that is no blueprint as a whole, so that one unknown field does not hide every other problem.
 * Undefined when its parameters cannot be read: then nothing can be said of what refers to them.
 */
function readablePart(value: unknown): Readable | undefined {
  const parts = z.record(z.string(), z.unknown()).safeParse(value).data;
  const parameters = Parameters.safeParse(parts?.['parameters']).data;
  if (!parts || !parameters) return undefined;
  const sections = Object.fromEntries(
    BLUEPRINT_SECTIONS.map((section) => {
      const entries = parts[section];
      const schema = SECTIONS[section];
      const readable = Array.isArray(entries)
        ? entries.map((entry: unknown) => schema.safeParse(entry).data ?? null)
        : [];
      return [section, readable];
    }),
  );
  return { parameters, ...sections };
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

/** Stand-ins for parameters without a default. A problem counts only when all of these rounds show it. */
const STAND_INS: readonly Readonly<{ [Type in ParameterType]: Json }>[] = [
  {
    string: 'sample',
    number: 977,
    boolean: true,
    cidr: '192.0.2.0/24',
    cidrList: ['192.0.2.0/24'],
    labelSelector: {},
  },
  {
    string: 'other',
    number: 1,
    boolean: false,
    cidr: '0.0.0.0/0',
    cidrList: ['0.0.0.0/0'],
    labelSelector: {},
  },
  {
    string: 'third',
    number: 65_535,
    boolean: true,
    cidr: '::/0',
    cidrList: ['::/0'],
    labelSelector: {},
  },
];

function entryFaults(readable: Readable, definitions: readonly ParameterDefinition[]): Problem[] {
  const entries = Object.fromEntries(
    [...BLUEPRINT_SECTIONS, 'includes' as const].map((section) => [
      section,
      readable[section] ?? [],
    ]),
  ) as Json;
  const defaults: Record<string, Json> = {};
  for (const { name, default: fallback } of definitions)
    if (fallback !== undefined) defaults[name] = fallback;
  const open = definitions.filter(({ default: fallback }) => fallback === undefined);
  const tooLarge = expansionFault(entries, defaults, ['spec']);
  if (tooLarge) return [tooLarge];

  const { unknown, unsure } = references(entries, defaults, definitions);
  const rounds = (open.length > 0 ? STAND_INS : STAND_INS.slice(0, 1)).map((standIns) => {
    const values = { ...defaults };
    for (const { name, type } of open) values[name] = standIns[type];
    const replaced = substitute(entries, values, () => undefined) as unknown as Sections;
    return validateEntries(replaced, ['spec']);
  });
  const inAll = rounds.slice(1).map((round) => new Set(round.map(identity)));
  const found = (rounds[0] ?? []).filter(
    (problem) =>
      inAll.every((round) => round.has(identity(problem))) && !isWithin(problem.path, unsure),
  );
  return [...unknown, ...found];
}

/** References that name no parameter, and the places of those that have no default, whose value is not known here. */
function references(
  entries: Json,
  defaults: Readonly<Record<string, Json>>,
  definitions: readonly ParameterDefinition[],
): { unknown: Problem[]; unsure: ReadonlySet<string> } {
  const known = new Set(definitions.map(({ name }) => name));
  const allowed = [...known].join(', ') || 'none';
  const unknown: Problem[] = [];
  const unsure = new Set<string>();
  substitute(entries, defaults, (name, path) => {
    const at = pathText(['spec', ...path]);
    if (known.has(name)) unsure.add(at);
    else {
      const message = `\${${name}} names no parameter`;
      unknown.push({ path: at, code: 'PARAMETER_UNKNOWN', message, allowed, severity: 'error' });
    }
  });
  return { unknown, unsure };
}

/** Whether the path is one of the places or below one. */
function isWithin(path: string, places: ReadonlySet<string>): boolean {
  if (places.has(path)) return true;
  for (let end = path.length - 1; end > 0; end--)
    if ((path[end] === '.' || path[end] === '[') && places.has(path.slice(0, end))) return true;
  return false;
}

function identity({ path, code }: Problem): string {
  return `${code} ${path}`;
}

/** What both the shape and the rules of an entry say counts once. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [
    ...new Map(
      problems.map((problem) => [`${identity(problem)} ${problem.message}`, problem]),
    ).values(),
  ];
}

function error(path: readonly PropertyKey[], code: string, message: string): Problem {
  return { path: pathText(path), code, message, severity: 'error' };
}
