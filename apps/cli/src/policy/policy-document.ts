import { parse, stringify } from 'yaml';

import type { SourceDocument } from '../documents/read-documents.ts';
import { nameOf } from '../documents/read-documents.ts';
import { exitCode, Failure } from '../exit-code.ts';
import type { Json } from '../hub/operations.ts';
import type { NamespacePolicy, PolicyInput } from '../hub/policy-operations.ts';

/** What a NamespacePolicy document asks for. Throws a `Failure` for another kind; what is wrong with its content is the hub's word. */
export function inputOf(document: SourceDocument, project: string): PolicyInput {
  const { kind, file, line, text } = document;
  if (kind !== 'NamespacePolicy')
    throw new Failure(exitCode.badInput, `${nameOf(file)}:${line}: ${kind} is no NamespacePolicy`);
  const { metadata, spec } = parse(text) as {
    metadata?: { name?: unknown; claim?: unknown; namespaces?: Json };
    spec?: Json;
  };
  const { name, claim, namespaces } = metadata ?? {};
  if (typeof name !== 'string' || typeof claim !== 'string')
    throw new Failure(
      exitCode.badInput,
      `${nameOf(file)}:${line}: metadata needs a name and the name of a claim`,
    );
  return { project, claim, name, spec: spec ?? null, ...(namespaces && { namespaces }) };
}

/** The document that would make a policy: what `picket apply` takes. */
export function documentOf({ claim, name, namespaces, spec }: NamespacePolicy): string {
  return stringify({
    apiVersion: 'picket.dev/v1alpha1',
    kind: 'NamespacePolicy',
    metadata: { name, claim, ...(namespaces && { namespaces }) },
    spec,
  }).trimEnd();
}
