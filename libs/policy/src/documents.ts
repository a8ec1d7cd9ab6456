import { type Json, type Problem } from '@picket/kernel';
import { Labels, LabelSelector } from '@picket/selector';
import { parseAllDocuments, type Document as YamlDocument } from 'yaml';
import { z } from 'zod';

import type { Blueprint } from './blueprint.ts';
import { DnsLabel } from './manifest.ts';
import { parseBlueprint } from './parse-blueprint.ts';
import { problemsOf, strict } from './problems-of.ts';

/** `apiVersion` of Picket's own documents. */
export const API_VERSION = 'picket.dev/v1alpha1';

/** A document that was understood. `index` counts the non-empty documents of the stream from 0. */
export type Document =
  | {
      readonly index: number;
      readonly kind: 'Blueprint';
      readonly name: string;
      readonly spec: Blueprint;
    }
  | {
      readonly index: number;
      readonly kind: 'Assignment';
      readonly name: string;
      readonly spec: AssignmentSpec;
    }
  | {
      readonly index: number;
      readonly kind: 'Cluster';
      readonly name: string;
      readonly labels: Labels;
    };

/** A problem and the document it is in; `kind` and `name` as far as they could be read. */
export interface DocumentProblem extends Problem {
  readonly index: number;
  readonly kind: string | null;
  readonly name: string | null;
}

export interface ParsedDocuments {
  readonly documents: readonly Document[];
  readonly problems: readonly DocumentProblem[];
}

const AssignmentSpec = strict({
  blueprint: DnsLabel,
  version: z.int().positive().optional(),
  clusterSelector: LabelSelector,
  parameters: z.record(z.string(), z.json()).optional(),
});
export type AssignmentSpec = z.infer<typeof AssignmentSpec>;

const AssignmentDocument = strict({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Assignment'),
  metadata: strict({ name: DnsLabel }),
  spec: AssignmentSpec,
});
const ClusterDocument = strict({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Cluster'),
  metadata: strict({ name: DnsLabel, labels: Labels }),
});
const BlueprintDocument = strict({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Blueprint'),
  metadata: strict({ name: DnsLabel }),
  spec: z.unknown(),
});
const SCHEMAS = {
  Assignment: AssignmentDocument,
  Cluster: ClusterDocument,
  Blueprint: BlueprintDocument,
};

const MAX_ALIASES = 100;
const MAX_DEPTH = 64;
const MAX_DOCUMENTS = 500;

/**
 * Reads a stream of YAML documents of Picket's kinds: every problem of every document at once, nothing half-read.
 *
 * Bounded: `maxBytes` of text (default 1 MiB, UTF-16 units), 500 documents, 100 aliases each, depth 64; NUL and repeated keys are refused.
 * Never throws.
 */
export function parseDocuments(text: string, maxBytes = 1_048_576): ParsedDocuments {
  if (text.length > maxBytes)
    return refused('TOO_LARGE', `the text is larger than ${maxBytes} bytes`);
  if (text.includes('\u0000')) return refused('YAML_INVALID', 'the text holds a NUL character');
  const parsed = readYaml(text);
  if ('fault' in parsed) return refused('YAML_INVALID', parsed.fault);
  if (parsed.yamls.length > MAX_DOCUMENTS)
    return refused('TOO_MANY', `at most ${MAX_DOCUMENTS} documents are allowed`);

  const documents: Document[] = [];
  const problems: DocumentProblem[] = [];
  const seen = new Map<string, number>();
  for (const [index, yaml] of parsed.yamls.entries()) {
    const { document, found, kind, name } = readDocument(index, yaml);
    problems.push(...found.map((problem) => ({ ...problem, index, kind, name })));
    if (!document) continue;
    documents.push(document);
    const key = `${document.kind}/${document.name}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else problems.push(problemAt(index, kind, name, `document ${first} is ${key} too`));
  }
  return { documents, problems };
}

function readYaml(text: string): { yamls: YamlDocument.Parsed[] } | { fault: string } {
  try {
    const yamls = parseAllDocuments(text, { prettyErrors: true, version: '1.2' });
    if (!Array.isArray(yamls)) return { yamls: [] };
    return {
      yamls: yamls.filter(({ contents, errors }) => contents !== null || errors.length > 0),
    };
  } catch (error) {
    // The parser recurses: text that nests too deep ends in a RangeError, which says nothing to its author.
    return { fault: error instanceof RangeError ? 'nested too deep' : String(error) };
  }
}

interface ReadDocument {
  readonly document?: Document;
  readonly found: readonly Problem[];
  readonly kind: string | null;
  readonly name: string | null;
}

function readDocument(index: number, yaml: YamlDocument.Parsed): ReadDocument {
  const value = plainValue(yaml);
  if ('fault' in value)
    return { found: [fault('YAML_INVALID', value.fault)], kind: null, name: null };
  const kind = textAt(value.json, 'kind');
  const name = textAt(memberOf(value.json, 'metadata'), 'name');
  const version = textAt(value.json, 'apiVersion');
  if (version !== API_VERSION || kind === null || !Object.hasOwn(SCHEMAS, kind)) {
    const message = `${version ?? 'no apiVersion'} ${kind ?? 'without kind'} is not a document that Picket knows`;
    const allowed = Object.keys(SCHEMAS)
      .map((known) => `${API_VERSION} ${known}`)
      .join(', ');
    return { found: [{ ...fault('KIND_UNKNOWN', message), path: 'kind', allowed }], kind, name };
  }
  return { ...interpret(index, kind as keyof typeof SCHEMAS, value.json), kind, name };
}

function interpret(
  index: number,
  kind: keyof typeof SCHEMAS,
  json: Json,
): Pick<ReadDocument, 'document' | 'found'> {
  switch (kind) {
    case 'Assignment': {
      const { data, error } = AssignmentDocument.safeParse(json);
      if (!data) return { found: problemsOf(error) };
      return { document: { index, kind, name: data.metadata.name, spec: data.spec }, found: [] };
    }
    case 'Cluster': {
      const { data, error } = ClusterDocument.safeParse(json);
      if (!data) return { found: problemsOf(error) };
      const { name, labels } = data.metadata;
      return { document: { index, kind, name, labels }, found: [] };
    }
    case 'Blueprint': {
      const { data, error } = BlueprintDocument.safeParse(json);
      const { blueprint, problems } = parseBlueprint(memberOf(json, 'spec'));
      if (!data || !blueprint) return { found: [...(error ? problemsOf(error) : []), ...problems] };
      return {
        document: { index, kind, name: data.metadata.name, spec: blueprint },
        found: problems,
      };
    }
  }
}

function plainValue(yaml: YamlDocument.Parsed): { json: Json } | { fault: string } {
  const first = yaml.errors[0];
  if (first) return { fault: first.message };
  try {
    const json = yaml.toJS({ maxAliasCount: MAX_ALIASES }) as Json;
    return depthOver(json, MAX_DEPTH) ? { fault: `nested deeper than ${MAX_DEPTH}` } : { json };
  } catch (error) {
    return { fault: error instanceof RangeError ? 'nested too deep' : String(error) };
  }
}

/** Level by level, so that depth itself costs no stack. */
function depthOver(json: Json, limit: number): boolean {
  let level: Json[] = [json];
  for (let depth = 0; depth <= limit; depth++) {
    level = level.flatMap((value) =>
      value !== null && typeof value === 'object' ? (Object.values(value) as Json[]) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}

function memberOf(json: Json, key: string): Json {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return null;
  return (json as Record<string, Json>)[key] ?? null;
}

function textAt(json: Json, key: string): string | null {
  const member = memberOf(json, key);
  return typeof member === 'string' ? member : null;
}

function refused(code: string, message: string): ParsedDocuments {
  return {
    documents: [],
    problems: [{ ...fault(code, message), index: 0, kind: null, name: null }],
  };
}

function fault(code: string, message: string): Problem {
  return { path: '', code, message, severity: 'error' };
}

function problemAt(
  index: number,
  kind: string | null,
  name: string | null,
  message: string,
): DocumentProblem {
  return { ...fault('DOCUMENT_REPEATED', message), path: 'metadata.name', index, kind, name };
}
