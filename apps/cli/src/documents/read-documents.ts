import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { type Document, LineCounter, isScalar, parseAllDocuments } from 'yaml';

import { Failure, exitCode } from '../exit-code.ts';

/** One document of a file, with its own text, so that the hub's word on document 7 can be led back to its file. */
export interface SourceDocument {
  readonly file: string;
  /** 1 for the first document of the file. */
  readonly position: number;
  readonly text: string;
  readonly kind: string;
  readonly name: string;
}

const EXTENSIONS = /\.(ya?ml|json)$/;
const SIZE_BYTES_MAX = 8 * 1024 * 1024;

/** Reads files, folders (their own YAML and JSON files, those below too when `recursive`) and `-` for standard input. */
export async function readDocuments(
  paths: readonly string[],
  recursive: boolean,
): Promise<SourceDocument[]> {
  const input = paths.includes('-') ? await text(process.stdin) : '';
  const documents = paths
    .flatMap((path) => (path === '-' ? ['-'] : listFiles(path, recursive)))
    .flatMap((file) => splitDocuments(file, file === '-' ? input : readSource(file)));
  if (documents.length === 0)
    throw new Failure(exitCode.badInput, `There is no document in ${paths.join(', ')}`);
  return documents;
}

/** Puts the documents into one stream. Document n of it is `documents[n]`. */
export function joinDocuments(documents: readonly SourceDocument[]): string {
  const text = documents.map((document) => document.text.trimEnd()).join('\n---\n') + '\n';
  if (Buffer.byteLength(text) > SIZE_BYTES_MAX)
    throw new Failure(exitCode.badInput, 'These documents are over 8 MiB: apply them in parts');
  return text;
}

/** Splits a stream at its document markers; empty documents are left out. Throws a `Failure` with line and column. */
export function splitDocuments(file: string, source: string): SourceDocument[] {
  const lineCounter = new LineCounter();
  const parsed = parseAllDocuments(source, { lineCounter, prettyErrors: false });
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((document, index) => {
    const [error] = document.errors;
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      throw new Failure(exitCode.badInput, `${file}:${line}:${col}: ${error.message}`);
    }
    const { contents } = document;
    if (!contents?.range || (isScalar(contents) && contents.value === null)) return [];
    const [start, , end] = contents.range;
    return {
      file,
      position: index + 1,
      // Its first line stays as far indented as the others.
      text: ' '.repeat(lineCounter.linePos(start).col - 1) + source.slice(start, end),
      kind: textAt(document, ['kind']) ?? 'document',
      name: textAt(document, ['metadata', 'name']) ?? '',
    };
  });
}

function textAt(document: Document, path: readonly string[]): string | undefined {
  const value = document.getIn(path);
  return typeof value === 'string' ? value.slice(0, 80) : undefined;
}

function listFiles(path: string, recursive: boolean): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Failure(exitCode.badInput, `${path}: no such file or folder`);
  if (!found.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const child = join(path, entry.name);
      if (entry.isDirectory()) return recursive ? listFiles(child, true) : [];
      return EXTENSIONS.test(entry.name) ? [child] : [];
    });
}

function readSource(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(exitCode.badInput, `Cannot read ${file}: ${(error as Error).message}`, error);
  }
}
