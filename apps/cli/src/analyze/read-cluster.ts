import {
  type Inventory,
  type ObjectProblem,
  type Policy,
  type PolicyId,
  parseObjects,
} from '@picket/verdict';

import { oneLine } from '../output/render.ts';
import { findFiles } from './find-files.ts';
import { InputRejected, type InputProblem, PROBLEMS_MAX, problemText } from './input-rejected.ts';
import { readText } from './read-text.ts';
import { ValueReader } from './read-values.ts';

/** What the manifests say: who is in the cluster, and what binds them. */
export interface Cluster {
  readonly inventory: Inventory;
  readonly policies: readonly Policy[];
  /** The file of each policy, by its `id`. */
  readonly files: ReadonlyMap<PolicyId, string>;
  /** Errors that the caller tolerates. */
  readonly tolerated: readonly InputProblem[];
}

/** Of all files together: some 2 GB of memory, if all of it is one list. */
const BYTES_MAX = 128 * 1_048_576;
const WARNINGS_MAX = 20;
/** Longer than any kind, namespace and name that an API server takes. */
const NAME_LENGTH_MAX = 400;

/**
 * Reads every manifest that the paths mean; lines for people about what is doubtful go to `warn`.
 *
 * Throws InputRejected with all problems when an API server would refuse one object, a file cannot be read, or there is nothing to read:
 * half of an input would give answers about a cluster that nobody has.
 */
export async function readCluster(
  paths: readonly string[],
  warn: (line: string) => void,
  isTolerated: (code: string) => boolean = () => false,
): Promise<Cluster> {
  const { files, problems: missing } = findFiles(paths);
  const problems: InputProblem[] = [...missing];
  const objects: { readonly file: string; readonly value: unknown }[] = [];
  const reader = new ValueReader();
  let bytesLeft = BYTES_MAX;
  for (const file of files) {
    const read = await readText(file, bytesLeft);
    if (!('text' in read)) {
      problems.push({ file, path: '', ...read });
      if (read.code === 'TOO_LARGE') break;
      continue;
    }
    bytesLeft -= read.bytes;
    const { values, faults } = reader.read(read.text);
    for (const fault of faults) problems.push({ file, path: '', ...fault });
    for (const value of values) objects.push({ file, value });
    if (problems.length > PROBLEMS_MAX) break;
  }
  const { inventory, policies, files: filesOf, problems: found } = parseObjects(objects);
  const errors = found.filter(({ severity }) => severity === 'error');
  problems.push(...errors.filter(({ code }) => !isTolerated(code)).map(inputProblem));
  const warnings = found.filter(({ severity }) => severity === 'warning');
  if (problems.length === 0 && !objects.some(({ value }) => isObject(value)))
    problems.push(nothingIn(paths));
  if (problems.length > 0) throw new InputRejected(problems);
  for (const line of warningLines(warnings.map(inputProblem))) warn(line);
  if (inventory.workloads.length === 0) warn('warning: there is no workload in these manifests');
  const tolerated = errors.filter(({ code }) => isTolerated(code)).map(inputProblem);
  return { inventory, policies, files: filesOf, tolerated };
}

function isObject(value: unknown): boolean {
  const { apiVersion, kind } = Object(value) as Readonly<Record<string, unknown>>;
  return typeof apiVersion === 'string' && typeof kind === 'string';
}

/** Kind and name lead the message: a file may hold many objects. */
export function inputProblem({
  file,
  kind,
  name,
  path,
  code,
  message,
}: ObjectProblem): InputProblem {
  const object = [kind, name].filter((word) => word !== undefined).join(' ');
  const text = object === '' ? message : `${object.slice(0, NAME_LENGTH_MAX)}: ${message}`;
  return { file: file ?? '', path: oneLine(path), code, message: oneLine(text) };
}

function warningLines(warnings: readonly InputProblem[]): string[] {
  const lines = warnings.slice(0, WARNINGS_MAX).map((each) => `warning: ${problemText(each)}`);
  const more = warnings.length - WARNINGS_MAX;
  return more > 0 ? [...lines, `warning: ${more} more warnings are not listed`] : lines;
}

function nothingIn(paths: readonly string[]): InputProblem {
  const message = 'there is no Kubernetes object in any YAML or JSON file';
  return { file: paths.join(', '), path: '', code: 'INPUT_EMPTY', message };
}
