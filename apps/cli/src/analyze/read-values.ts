import { CORE_SCHEMA, YAMLException, loadAll, mergeTag } from 'js-yaml';

export type ReadValues =
  | { readonly values: readonly unknown[] }
  | { readonly fault: { readonly code: string; readonly message: string } };

/** The API server nests its own objects about 30 deep; the library's reader allows as much. */
const DEPTH_MAX = 64;
const ALIASES_MAX = 10_000;
const MERGED_KEYS_MAX = 100_000;
/** With every alias followed; a file without aliases cannot have more than it has characters. */
const VALUES_MAX = 5_000_000;

const schema = CORE_SCHEMA.withTags(mergeTag);

/**
 * The non-empty documents of a YAML 1.2 stream, which JSON is one of; merge keys are followed, as kubectl does. Never throws.
 *
 * Of text that is not YAML the first fault is told, with line and column. Time and memory grow with the length of the text only.
 */
export function readValues(text: string): ReadValues {
  try {
    const documents = loadAll(text, {
      schema,
      maxDepth: DEPTH_MAX,
      maxAliases: ALIASES_MAX,
      maxTotalMergeKeys: MERGED_KEYS_MAX,
    });
    const values = documents.filter((value) => value !== null && value !== undefined);
    // There is no alias without the mark of an anchor.
    if (text.includes('&') && hasMoreThan(VALUES_MAX, values))
      return fault('TOO_LARGE', `aliases make more than ${VALUES_MAX} values of it`);
    return { values };
  } catch (error) {
    return fault('YAML_INVALID', reasonOf(error as Error));
  }
}

function reasonOf(error: Error): string {
  if (!(error instanceof YAMLException) || !error.mark) return error.message;
  const { line, column } = error.mark;
  return `${error.reason} at line ${line + 1}, column ${column + 1}`;
}

/** Shared parts count each time. Never recurses; ends after `limit` also where a value holds itself. */
function hasMoreThan(limit: number, values: readonly unknown[]): boolean {
  let count = 0;
  const rest: unknown[] = [...values];
  for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const member of Object.values(value)) {
      if (++count > limit) return true;
      rest.push(member);
    }
  }
  return false;
}

function fault(code: string, message: string): ReadValues {
  return { fault: { code, message } };
}
