import { type Json, type Problem } from '@picket/kernel';
import { Labels, LabelSelector } from '@picket/selector';
import { z } from 'zod';

import type { Blueprint } from './blueprint.ts';
import { DnsLabel } from './manifest.ts';
import { parseNamespacePolicy } from './namespace-policy.ts';
import type { NetworkPolicySpec } from './network-policy.ts';
import { parseBlueprint } from './parse-blueprint.ts';
import { problemsOf, strict } from './problems-of.ts';
import { readYaml, type YamlValue } from './read-yaml.ts';

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
    }
  | {
      readonly index: number;
      readonly kind: 'NamespacePolicy';
      /** Unique in the claim. */
      readonly name: string;
      readonly claim: string;
      /** Namespaces of the claim; null: all of them. */
      readonly namespaces: readonly string[] | null;
      readonly spec: NetworkPolicySpec;
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

/** A blueprint of the project itself, or `project/name` of one that another shares. */
const BlueprintName = z
  .string()
  .max(127)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'must be the name of a blueprint, or project/name of a shared one',
  });

const AssignmentSpec = strict({
  blueprint: BlueprintName,
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
const NamespacePolicyDocument = strict({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('NamespacePolicy'),
  metadata: strict({
    name: DnsLabel,
    claim: DnsLabel,
    namespaces: z.array(DnsLabel).min(1).max(100).optional(),
  }),
  spec: z.unknown(),
});
const SCHEMAS = {
  Assignment: AssignmentDocument,
  Cluster: ClusterDocument,
  Blueprint: BlueprintDocument,
  NamespacePolicy: NamespacePolicyDocument,
};

const MAX_DOCUMENTS = 500;
const MAX_PROBLEMS = 1_000;
/** Of a kind or name that is repeated in problems. */
const MAX_TEXT = 253;

/**
 * Reads a stream of YAML documents of Picket's kinds: every problem of every document at once, nothing half-read.
 *
 * Bounded: `maxBytes` of text (default 1 MiB, UTF-16 units), 500 documents, the depth and number of values of plain-json.ts,
 * 1,000 problems told; NUL and repeated keys are refused. Never throws.
 */
export function parseDocuments(text: string, maxBytes = 1_048_576): ParsedDocuments {
  if (text.length > maxBytes)
    return refused('TOO_LARGE', `the text is larger than ${maxBytes} bytes`);
  if (text.includes('\u0000')) return refused('YAML_INVALID', 'the text holds a NUL character');
  const stream = readYaml(text, MAX_DOCUMENTS);
  if ('fault' in stream) return refused(stream.fault.code, stream.fault.message);

  const documents: Document[] = [];
  const problems: DocumentProblem[] = [];
  const seen = new Map<string, number>();
  for (const [index, value] of stream.values.entries()) {
    const { document, found, kind, name } = readDocument(index, value);
    for (const problem of found) problems.push({ ...problem, index, kind, name });
    if (!document) continue;
    documents.push(document);
    const key = documentKey(document);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else problems.push(repeated(index, kind, name, `document ${first} is ${key} too`));
  }
  return { documents, problems: atMost(MAX_PROBLEMS, problems) };
}

/** What a document is known by among those of its project: `Assignment/web`, `NamespacePolicy/claim/web`. */
export function documentKey(document: Document): string {
  const { kind, name } = document;
  return kind === 'NamespacePolicy' ? `${kind}/${document.claim}/${name}` : `${kind}/${name}`;
}

/** The first problems, and how many more there are: an answer has a bound, however wrong the input. */
function atMost(limit: number, problems: readonly DocumentProblem[]): readonly DocumentProblem[] {
  const last = problems[limit - 1];
  if (problems.length <= limit || !last) return problems;
  const message = `${problems.length - limit + 1} more problems are not listed`;
  const { index, kind, name } = last;
  return [...problems.slice(0, limit - 1), { ...fault('TOO_MANY', message), index, kind, name }];
}

interface ReadDocument {
  readonly document?: Document;
  readonly found: readonly Problem[];
  readonly kind: string | null;
  readonly name: string | null;
}

function readDocument(index: number, value: YamlValue): ReadDocument {
  if ('fault' in value) return { found: [value.fault], kind: null, name: null };
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
    case 'NamespacePolicy': {
      const { data, error } = NamespacePolicyDocument.safeParse(json);
      const { spec, problems } = parseNamespacePolicy(memberOf(json, 'spec'));
      if (!data || !spec) return { found: [...(error ? problemsOf(error) : []), ...problems] };
      const { name, claim, namespaces = null } = data.metadata;
      return { document: { index, kind, name, claim, namespaces, spec }, found: problems };
    }
  }
}

function memberOf(json: Json, key: string): Json {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return null;
  return Object.hasOwn(json, key) ? ((json as Record<string, Json>)[key] ?? null) : null;
}

function textAt(json: Json, key: string): string | null {
  const member = memberOf(json, key);
  return typeof member === 'string' ? member.slice(0, MAX_TEXT) : null;
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

function repeated(
  index: number,
  kind: string | null,
  name: string | null,
  message: string,
): DocumentProblem {
  return { ...fault('DOCUMENT_REPEATED', message), path: 'metadata.name', index, kind, name };
}
