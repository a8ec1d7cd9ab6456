import type { Json } from '@picket/kernel';

import type { Manifest } from './policy-set.ts';

/** Served kinds by `group/version/Kind`: the part of a cluster's capabilities that a policy set depends on. */
export type ServedKinds = Readonly<
  Record<string, { readonly enforced: boolean | null; readonly fields: readonly string[] | null }>
>;

/** Something that this cluster cannot express, and which object asks for it. */
export interface Loss {
  readonly reason: 'KIND_NOT_SERVED' | 'KIND_NOT_ENFORCED' | 'FIELD_NOT_SERVED';
  readonly kind: string;
  /** Path in the object's schema for FIELD_NOT_SERVED: `spec.ingress[].ports[].endPort`; null otherwise. */
  readonly field: string | null;
  /** Name of the object, and the blueprint and entry that it comes from. */
  readonly object: string;
  readonly origin: string;
  /** True when the blueprint blocks on losses, so that the cluster keeps the set it has. */
  readonly blocks: boolean;
}

/**
 * What of `manifest` the cluster cannot express. Empty when all of it can be.
 *
 * A field that the served schema lacks would be pruned by the API server, and an emptied peer fails closed (ClusterNetworkPolicy) or is
 * refused, so it must never be sent. Unknown (`enforced: null`, `fields: null`) counts as fine: the dry run has the last word.
 */
export function lossesOf(
  manifest: Manifest,
  served: ServedKinds,
): Pick<Loss, 'reason' | 'kind' | 'field'>[] {
  const kind = `${manifest.apiVersion}/${manifest.kind}`;
  const api = Object.hasOwn(served, kind) ? served[kind] : undefined;
  if (!api) return [{ reason: 'KIND_NOT_SERVED', kind, field: null }];
  if (api.enforced === false) return [{ reason: 'KIND_NOT_ENFORCED', kind, field: null }];
  if (api.fields === null) return [];
  const schema = schemaOf(api.fields);
  const missing = new Set<string>();
  collect(manifest.spec, 'spec', schema, missing);
  return [...missing].toSorted().map((field) => ({ reason: 'FIELD_NOT_SERVED', kind, field }));
}

interface Schema {
  readonly known: ReadonlySet<string>;
  /** Paths that have something below them. */
  readonly parents: ReadonlySet<string>;
}

/** Adds the paths that the schema has not; below a known leaf (maps such as matchLabels, int-or-string) everything goes. */
function collect(value: Json, path: string, schema: Schema, missing: Set<string>): void {
  if (value === null || typeof value !== 'object') return;
  if (isArray(value)) {
    for (const item of value) collect(item, `${path}[]`, schema, missing);
    return;
  }
  if (!schema.parents.has(path)) return;
  for (const [key, member] of Object.entries(value)) {
    const child = `${path}.${key}`;
    if (!schema.known.has(child) && !schema.parents.has(child) && !schema.parents.has(`${child}[]`))
      missing.add(child);
    else if (member !== undefined) collect(member, child, schema, missing);
  }
}

// A schema is read once per list of fields, not once per object.
const SCHEMAS = new WeakMap<readonly string[], Schema>();

function schemaOf(fields: readonly string[]): Schema {
  const cached = SCHEMAS.get(fields);
  if (cached) return cached;
  const parents = new Set<string>();
  for (const field of fields)
    for (let end = field.lastIndexOf('.'); end > 0; end = field.lastIndexOf('.', end - 1))
      parents.add(field.slice(0, end));
  const schema = { known: new Set(fields), parents };
  SCHEMAS.set(fields, schema);
  return schema;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
