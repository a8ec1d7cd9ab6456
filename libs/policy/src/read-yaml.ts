import type { Json, Problem } from '@picket/kernel';
import {
  Composer,
  isNode,
  isScalar,
  LineCounter,
  Parser,
  visit,
  type Document as YamlDocument,
} from 'yaml';

import { plainJsonFault } from './plain-json.ts';

export type YamlValue = { readonly json: Json } | { readonly fault: Problem };

export type YamlStream =
  | { readonly values: readonly YamlValue[] }
  | { readonly fault: { readonly code: 'TOO_MANY' | 'YAML_INVALID'; readonly message: string } };

const MAX_ALIASES = 100;

/**
 * The non-empty documents of a YAML 1.2 stream as JSON values, each with its fault when it has one.
 *
 * Stops after `maxDocuments`. Time grows with the length of the text only: repeated keys are looked for here, since the parser's own
 * search is quadratic, and its pretty messages cost the whole line for each of many errors. Never throws.
 */
export function readYaml(text: string, maxDocuments: number): YamlStream {
  const lines = new LineCounter();
  const composer = new Composer({
    version: '1.2',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const values: YamlValue[] = [];
  try {
    for (const yaml of composer.compose(new Parser(lines.addNewLine).parse(text))) {
      if (isEmpty(yaml)) continue;
      if (values.length === maxDocuments)
        return {
          fault: { code: 'TOO_MANY', message: `at most ${maxDocuments} documents are allowed` },
        };
      values.push(valueOf(yaml, lines));
    }
  } catch (error) {
    return { fault: { code: 'YAML_INVALID', message: reason(error) } };
  }
  return { values };
}

/** Nothing between two `---`, or only a comment. */
function isEmpty({ contents, errors }: YamlDocument.Parsed): boolean {
  const isNothing = contents === null || (isScalar(contents) && contents.value === null);
  return isNothing && errors.length === 0;
}

function valueOf(yaml: YamlDocument.Parsed, lines: LineCounter): YamlValue {
  const error = yaml.errors[0];
  if (error) return invalid(`${reason(error)} at ${placeText(lines, error.pos[0])}`);
  try {
    const bad = keyFault(yaml);
    if (bad) return invalid(`${bad.message} at ${placeText(lines, bad.at)}`);
    const json = yaml.toJS({ maxAliasCount: MAX_ALIASES }) as Json;
    const found = plainJsonFault(json, []);
    return found ? { fault: found } : { json };
  } catch (cause) {
    return invalid(reason(cause));
  }
}

type Primitive = string | number | bigint | boolean | null;

interface KeyFault {
  readonly message: string;
  readonly at: number;
}

/** The first key that a map has twice, as JavaScript compares them (`1` and `"1"` are one), or that is no plain text. */
function keyFault(yaml: YamlDocument.Parsed): KeyFault | undefined {
  let found: KeyFault | undefined;
  visit(yaml, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = isScalar<Primitive>(key) ? String(key.value ?? '') : undefined;
        if (name === undefined || seen.has(name)) {
          found = { message: messageOf(name), at: isNode(key) ? (key.range?.[0] ?? 0) : 0 };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}

function messageOf(repeated: string | undefined): string {
  if (repeated === undefined) return 'A key must be a text, not a list, map or alias';
  return `The key ${JSON.stringify(repeated.slice(0, 100))} stands there twice, again`;
}

function placeText(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `line ${line}, column ${col}`;
}

/**
 * Parser and visitor recurse: text that nests too deep exhausts the stack, which says nothing to its author. It may end inside a regular
 * expression, whose error then holds these words somewhere.
 */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.includes('Maximum call stack size exceeded') ? 'nested too deep' : message;
}

function invalid(message: string): YamlValue {
  return { fault: { path: '', code: 'YAML_INVALID', message, severity: 'error' } };
}
