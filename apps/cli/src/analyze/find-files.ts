import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { InputProblem } from './input-rejected.ts';

export interface FoundFiles {
  /** `-` for standard input. Each file once, those of a folder in the order of their names. */
  readonly files: readonly string[];
  readonly problems: readonly InputProblem[];
}

const EXTENSIONS = /\.(ya?ml|json)$/i;
const FILES_MAX = 100_000;
const DEPTH_MAX = 64;

/** The files that the paths mean: a folder means every YAML and JSON file in it and below. Links to folders are not followed, so that no circle is walked. */
export function findFiles(paths: readonly string[]): FoundFiles {
  const files = new Map<string, string>();
  const problems: InputProblem[] = [];
  const refuse: Refuse = (file, code, message) => {
    problems.push({ file, path: '', code, message });
  };
  const add = (file: string): void => {
    if (files.size < FILES_MAX) files.set(file === '-' ? file : resolve(file), file);
  };
  const walk = (folder: string, depth: number): void => {
    if (depth > DEPTH_MAX)
      return refuse(folder, 'TOO_DEEP', `at most ${DEPTH_MAX} folders inside each other are read`);
    for (const entry of entriesOf(folder, refuse)) {
      const child = join(folder, entry.name);
      if (entry.isDirectory()) walk(child, depth + 1);
      // Links to files count, as a mounted ConfigMap is made of them; one that leads nowhere is no file.
      else if (EXTENSIONS.test(entry.name) && statOf(child, refuse, () => {})?.isFile()) add(child);
    }
  };
  for (const path of paths) {
    if (path === '-') {
      add(path);
      continue;
    }
    const found = statOf(path, refuse, () =>
      refuse(path, 'FILE_MISSING', 'no such file or folder'),
    );
    if (found?.isDirectory()) walk(path, 1);
    else if (found) add(path);
  }
  if (files.size === FILES_MAX)
    refuse(paths.join(', '), 'TOO_MANY', `fewer than ${FILES_MAX} files are read at once`);
  return { files: [...files.values()], problems };
}

type Refuse = (file: string, code: string, message: string) => void;

function entriesOf(folder: string, refuse: Refuse): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  } catch (error) {
    refuse(folder, 'FILE_UNREADABLE', (error as Error).message);
    return [];
  }
}

/** What a path leads to, if it can be told. */
function statOf(path: string, refuse: Refuse, onMissing: () => void): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') onMissing();
    else refuse(path, 'FILE_UNREADABLE', message);
    return undefined;
  }
}
