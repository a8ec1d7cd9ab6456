import { kindKey, MANIFEST_KINDS, type ManifestKind } from '@picket/policy';

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** `group/version/Kind namespace/name`: what an object is known by here. */
export function objectKey({ apiVersion, kind, metadata }: Named): string {
  return `${apiVersion}/${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

/** The kind of an object; throws for one outside the allow-list, which no policy set can hold. */
export function kindOf(object: { apiVersion: string; kind: string }): ManifestKind {
  const kind = MANIFEST_KINDS.find((known) => kindKey(known) === kindKey(object));
  if (!kind) throw new Error(`${kindKey(object)} is no policy kind`);
  return kind;
}

/** Path of all objects of a kind, or of those in a namespace. */
export function collectionPath({ apiVersion, plural }: ManifestKind, namespace?: string): string {
  return `/apis/${apiVersion}/${namespace === undefined ? '' : `namespaces/${namespace}/`}${plural}`;
}

export function objectPath(object: Named): string {
  return `${collectionPath(kindOf(object), object.metadata.namespace)}/${object.metadata.name}`;
}
