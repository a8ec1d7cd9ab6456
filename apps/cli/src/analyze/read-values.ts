import { CORE_SCHEMA, YAMLException, loadAll, mergeTag } from 'js-yaml';

export interface ReadValues {
  readonly values: readonly unknown[];
  /** Of each document that is not YAML the first, with line and column. */
  readonly faults: readonly Fault[];
}

export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** The API server's own objects are about 30 deep; the library's reader allows as much as this. */
const DEPTH_MAX = 64;
const ALIASES_MAX = 10_000;
const MERGED_KEYS_MAX = 100_000;
const FAULTS_MAX = 1_000;

const schema = CORE_SCHEMA.withTags(mergeTag);

/** Reads the texts of one input. Time and memory grow with the length of the texts only, whatever their aliases say. Never throws. */
export class ValueReader {
  /** Values that documents with aliases may still have; one without cannot have more than it has characters. */
  #aliasedLeft = 5_000_000;

  /** The non-empty documents of a YAML 1.2 stream, which JSON is one of; merge keys are followed, as kubectl does. */
  read(text: string): ReadValues {
    const values: unknown[] = [];
    const faults: Fault[] = [];
    let line = 1;
    for (const part of documentsIn(text)) {
      try {
        const found = loadAll(part, {
          schema,
          maxDepth: DEPTH_MAX,
          maxAliases: ALIASES_MAX,
          maxTotalMergeKeys: MERGED_KEYS_MAX,
        }).filter((value) => value !== null && value !== undefined);
        // There is no alias without the mark of an anchor.
        if (part.includes('&') && this.#isTooMuch(found))
          faults.push({
            code: 'TOO_LARGE',
            message: `aliases make too much of the document at line ${line}`,
          });
        else for (const value of found) values.push(value);
      } catch (error) {
        faults.push({ code: 'YAML_INVALID', message: reasonOf(error as Error, line) });
      }
      if (faults.length === FAULTS_MAX) break;
      line += linesIn(part);
    }
    return { values, faults };
  }

  /** Shared parts count each time. Never recurses; ends also where a value holds itself. */
  #isTooMuch(values: readonly unknown[]): boolean {
    const rest: unknown[] = [...values];
    for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
      if (typeof value !== 'object' || value === null) continue;
      for (const member of Object.values(value)) {
        if (--this.#aliasedLeft < 0) return true;
        rest.push(member);
      }
    }
    return false;
  }
}

/** Cut where a line starts a document (YAML 1.2, 9.1.2: nothing else may start with `---`), so that a fault in one leaves the others whole. */
function documentsIn(text: string): string[] {
  // A directive belongs to the document after it.
  return /^%/m.test(text) ? [text] : text.split(/^(?=---(?:\s|$))/m);
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** `line` is the first one of the document in its file, from 1. */
function reasonOf(error: Error, line: number): string {
  if (!(error instanceof YAMLException) || !error.mark) return error.message;
  const { mark, reason } = error;
  return `${reason} at line ${line + mark.line}, column ${mark.column + 1}`;
}
