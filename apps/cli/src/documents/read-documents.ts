import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { type Document, LineCounter, isScalar, parseAllDocuments } from 'yaml';

import { Failure, exitCode } from '../exit-code.ts';

/** One document of a file, with its own text, so that the hub's word on document 7 can be led back to its file. */
export interface SourceDocument {
  readonly file: string;
  /** Line of the file at which its text starts, from 1. */
  readonly line: number;
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
  const faults: string[] = [];
  const documents = paths
    .flatMap((path) => (path === '-' ? ['-'] : listFiles(path, recursive)))
    .flatMap((file) => split(file, file === '-' ? input : readSource(file), faults));
  refuse(faults);
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
  const faults: string[] = [];
  const documents = split(file, source, faults);
  refuse(faults);
  return documents;
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new Failure(exitCode.badInput, faults.join('\n'));
}

/** Of each document that is not YAML the first fault goes into `faults`: the later ones mostly follow from it. */
function split(file: string, source: string, faults: string[]): SourceDocument[] {
  const lineCounter = new LineCounter();
  const parsed = parseAllDocuments(source, { lineCounter, prettyErrors: false });
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((document) => {
    const [error] = document.errors;
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      faults.push(`${nameOf(file)}:${line}:${col}: ${error.message}`);
      return [];
    }
    const { contents } = document;
    if (!contents?.range || (isScalar(contents) && contents.value === null)) return [];
    const [start, , end] = contents.range;
    const { line, col } = lineCounter.linePos(start);
    return {
      file,
      line,
      // Its first line stays as far indented as the others.
      text: ' '.repeat(col - 1) + source.slice(start, end),
      kind: textAt(document, ['kind']) ?? 'document',
      name: textAt(document, ['metadata', 'name']) ?? '',
    };
  });
}

/** How people read the name of a file. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
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
