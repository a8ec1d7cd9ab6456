import { canonicalJson, pathText, type Json, type Problem } from '@picket/kernel';
import {
  bindParameters,
  BLUEPRINT_SECTIONS,
  expansionFault,
  substitute,
  validateEntries,
  type Blueprint,
  type ParameterValues,
} from '@picket/policy';

/** One published version: its name, number and document. */
export interface NamedVersion {
  readonly blueprint: string;
  readonly version: number;
  readonly document: Blueprint;
}

/** A version with its parameters in place; its entries hold no references any more. */
export interface ExpandedVersion extends NamedVersion {
  readonly path: readonly PropertyKey[];
}

const MAX_INCLUDES = 200;

/**
 * A version and all it includes, depth first, each with its parameters in place and checked.
 *
 * The same blueprint reached twice with the same values counts once. Problems: cycles, an include that is not given,
 * parameters, and everything that validation finds once the values are known. Paths start with `base`.
 */
export function expand(
  root: NamedVersion,
  given: ParameterValues,
  includes: Readonly<Record<string, Blueprint>>,
  base: readonly PropertyKey[],
): { versions: ExpandedVersion[]; problems: Problem[] } {
  const versions: ExpandedVersion[] = [];
  const problems: Problem[] = [];
  const seen = new Set<string>();

  function visit(
    named: NamedVersion,
    values: ParameterValues,
    path: readonly PropertyKey[],
    trail: readonly string[],
  ): void {
    const name = `${named.blueprint}@${named.version}`;
    const fault = (code: string, message: string): void => {
      problems.push({ path: pathText(path), code, message, severity: 'error' });
    };
    if (trail.some((step) => step.split('@')[0] === named.blueprint))
      return fault('INCLUDE_CYCLE', `includes form a cycle: ${[...trail, name].join(' → ')}`);
    if (versions.length >= MAX_INCLUDES)
      return fault('INCLUDE_TOO_MANY', `more than ${MAX_INCLUDES} included blueprints`);

    const bound = bindParameters(named.document.parameters ?? [], values, [...path, 'parameters']);
    const entries = entriesOf(named.document);
    const tooLarge = expansionFault(entries, bound.values, path);
    problems.push(...bound.problems, ...(tooLarge ? [tooLarge] : []));
    // Wrong values make wrong entries, here and in what is included: nothing more can be learnt below.
    if (bound.problems.length > 0 || tooLarge) return undefined;
    const key = `${name} ${canonicalJson(bound.values)}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    const replaced = substitute(entries, bound.values, () => undefined) as Partial<Blueprint>;
    const document = { ...named.document, ...replaced };
    for (const problem of validateEntries(document, path)) problems.push(problem);
    versions.push({ ...named, document, path });

    for (const [index, include] of (document.includes ?? []).entries()) {
      const { blueprint, version, parameters = {} } = include;
      const at = [...path, 'includes', index];
      const target = includes[`${blueprint}@${version}`];
      if (target)
        visit({ blueprint, version, document: target }, parameters as ParameterValues, at, [
          ...trail,
          name,
        ]);
      else
        problems.push({
          path: pathText(at),
          code: 'INCLUDE_MISSING',
          message: `${blueprint}@${version} is not a published version`,
          severity: 'error',
        });
    }
    return undefined;
  }

  visit(root, given, base, []);
  return { versions, problems };
}

/** What of a document may hold references to parameters. */
function entriesOf(document: Blueprint): Json {
  return Object.fromEntries(
    [...BLUEPRINT_SECTIONS, 'includes' as const].flatMap((section) => {
      const entries = document[section];
      return entries ? [[section, entries as Json]] : [];
    }),
  );
}
