import type { Manifest, NamespaceTemplate, PolicySet, PolicySetObject } from '@picket/compiler';
import { matchesLabels } from '@picket/selector';

import { fingerprintOf } from './fingerprint.ts';
import { objectKey } from './kinds.ts';

export interface DesiredObject {
  readonly key: string;
  readonly manifest: Manifest;
  readonly adoption: PolicySetObject['adoption'];
  /** See {@link fingerprintOf}. */
  readonly fingerprint: string;
}

export interface LiveNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A namespace that is being deleted takes no new objects. */
  readonly isTerminating: boolean;
}

/**
 * What must be there now: the set's objects, and its templates stamped into each namespace that they pick (decision 6).
 * `waiting` are objects whose namespace is not there.
 *
 * Old API servers do not set `kubernetes.io/metadata.name`, which every namespace has since 1.21 (KEP-2161), so it is implied.
 */
export function expandSet(
  set: PolicySet,
  namespaces: readonly LiveNamespace[],
): { desired: DesiredObject[]; waiting: DesiredObject[] } {
  const open = namespaces.filter(({ isTerminating }) => !isTerminating);
  const names = new Set(open.map(({ name }) => name));
  const all = [
    ...set.objects.map((object) => desiredOf(object, object.manifest)),
    ...set.templates.flatMap((template) => stamp(template, open)),
  ];
  const isOpen = ({ manifest }: DesiredObject): boolean =>
    manifest.metadata.namespace === undefined || names.has(manifest.metadata.namespace);
  return {
    desired: all.filter((object) => isOpen(object)),
    waiting: all.filter((object) => !isOpen(object)),
  };
}

function stamp(template: NamespaceTemplate, namespaces: readonly LiveNamespace[]): DesiredObject[] {
  const { manifest, namespaceSelector } = template;
  return namespaces
    .filter(({ name, labels }) =>
      matchesLabels(namespaceSelector, { 'kubernetes.io/metadata.name': name, ...labels }),
    )
    .map(({ name }) =>
      desiredOf(template, { ...manifest, metadata: { ...manifest.metadata, namespace: name } }),
    );
}

function desiredOf(object: PolicySetObject, manifest: Manifest): DesiredObject {
  const { adoption } = object;
  return { key: objectKey(manifest), manifest, adoption, fingerprint: fingerprintOf(object) };
}
