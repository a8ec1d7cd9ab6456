import { ApiRefusal, isRecord, isSame } from './api-object.ts';
import type { ApiObject, FieldSet, ManagedFields } from './api-object.ts';
import { childSchema, type Schema } from './schema.ts';

// Server-side apply, after structured-merge-diff: who set which field, what conflicts, what goes when its last owner lets go.

const OWNED_METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

/** The fields of an object that somebody can own. */
export function fieldsOf(object: ApiObject, schema: Schema | undefined): FieldSet {
  const { apiVersion: _a, kind: _k, metadata, ...rest } = object;
  const owned = Object.fromEntries(
    Object.entries(metadata).filter(([key]) => OWNED_METADATA.includes(key)),
  );
  const set = collect(rest, schema);
  if (Object.keys(owned).length > 0) set['f:metadata'] = collect(owned, undefined);
  return set;
}

function collect(value: unknown, schema: Schema | undefined): FieldSet {
  if (isRecord(value) && schema?.['x-kubernetes-map-type'] !== 'atomic') {
    const entries = Object.entries(value).filter(([, child]) => child !== undefined);
    return Object.fromEntries(
      entries.map(([key, child]) => [`f:${key}`, collect(child, childSchema(schema, key))]),
    );
  }
  if (Array.isArray(value) && isAssociative(schema))
    return Object.fromEntries(
      value.map((item: unknown) => {
        const inside = isRecord(item) ? { '.': {}, ...collect(item, schema?.items) } : {};
        return [itemKey(item, schema), inside];
      }),
    );
  return {};
}

function isAssociative(schema: Schema | undefined): boolean {
  const type = schema?.['x-kubernetes-list-type'];
  return type === 'map' || type === 'set';
}

function itemKey(item: unknown, schema: Schema | undefined): string {
  const keys = schema?.['x-kubernetes-list-map-keys'];
  if (!keys || !isRecord(item)) return `v:${JSON.stringify(item)}`;
  const values = keys
    .toSorted()
    .map((key) => [key, item[key] ?? schema.items?.properties?.[key]?.default]);
  return `k:${JSON.stringify(Object.fromEntries(values))}`;
}

type Path = readonly string[];

function leaves(set: FieldSet, path: Path = []): Path[] {
  const entries = Object.entries(set);
  if (entries.length === 0) return path.length > 0 ? [path] : [];
  return entries.flatMap(([key, child]) => leaves(child, [...path, key]));
}

function has(set: FieldSet | undefined, path: Path): boolean {
  let at = set;
  for (const step of path) at = at?.[step];
  return at !== undefined;
}

function isLeaf(set: FieldSet, path: Path): boolean {
  let at: FieldSet | undefined = set;
  for (const step of path) at = at?.[step];
  return at !== undefined && Object.keys(at).length === 0;
}

function without(set: FieldSet, path: Path): FieldSet {
  const [step, ...rest] = path;
  const child = step === undefined ? undefined : set[step];
  if (step === undefined || !child) return set;
  const { [step]: _, ...others } = set;
  if (rest.length === 0) return others;
  const left = without(child, rest);
  return Object.keys(left).length === 0 ? others : { ...others, [step]: left };
}

function valueAt(value: unknown, path: Path, schema: Schema | undefined): unknown {
  const [step, ...rest] = path;
  if (step === undefined || step === '.') return value;
  if (step.startsWith('f:')) {
    const key = step.slice(2);
    return isRecord(value) ? valueAt(value[key], rest, childSchema(schema, key)) : undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const item: unknown = value.find((one) => itemKey(one, schema) === step);
  return valueAt(item, rest, schema?.items);
}

/** Lays `patch` over `live`: records field by field, associative lists item by item, everything else whole. */
function merge(live: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (isRecord(live) && isRecord(patch) && schema?.['x-kubernetes-map-type'] !== 'atomic') {
    const result: Record<string, unknown> = { ...live };
    for (const [key, value] of Object.entries(patch))
      result[key] = merge(live[key], value, childSchema(schema, key));
    return result;
  }
  if (Array.isArray(live) && Array.isArray(patch) && isAssociative(schema)) {
    const wanted = new Map(patch.map((item: unknown) => [itemKey(item, schema), item]));
    const kept = live.map((item: unknown) => {
      const key = itemKey(item, schema);
      const over = wanted.get(key);
      wanted.delete(key);
      return over === undefined ? item : merge(item, over, schema?.items);
    });
    return [...kept, ...wanted.values()];
  }
  return patch;
}

function remove(value: unknown, path: Path, schema: Schema | undefined): unknown {
  const [step, ...rest] = path;
  if (step === undefined || step === '.') return undefined;
  if (step.startsWith('f:') && isRecord(value)) {
    const key = step.slice(2);
    const { [key]: child, ...others } = value;
    const left = rest.length > 0 ? remove(child, rest, childSchema(schema, key)) : undefined;
    const isGone = left === undefined || (isRecord(left) && Object.keys(left).length === 0);
    return isGone ? others : { ...others, [key]: left };
  }
  if (!Array.isArray(value)) return value;
  return value.flatMap((item: unknown) => {
    if (itemKey(item, schema) !== step) return [item];
    const left = rest.length > 0 ? remove(item, rest, schema?.items) : undefined;
    return left === undefined ? [] : [left];
  });
}

export interface Writer {
  readonly manager: string;
  readonly time: string;
}

/** Server-side apply of `patch` by one manager. Throws the 409 with a cause per field that another manager set otherwise. */
export function applyFields(
  live: ApiObject | undefined,
  patch: ApiObject,
  schema: Schema | undefined,
  { manager, time, force }: Writer & { readonly force: boolean },
): ApiObject {
  const wanted = fieldsOf(patch, schema);
  const entries = live?.metadata.managedFields ?? [];
  const isOwn = (entry: ManagedFields): boolean =>
    entry.manager === manager && entry.operation === 'Apply';
  const conflicts = entries
    .filter((entry) => !isOwn(entry))
    .flatMap((entry) =>
      leaves(wanted)
        .filter((path) => isLeaf(entry.fieldsV1, path))
        .filter((path) => !isSame(valueAt(live, path, schema), valueAt(patch, path, schema)))
        .map((path) => ({ entry, path })),
    );
  if (conflicts.length > 0 && !force) throw conflict(conflicts);

  let others = entries.filter((entry) => !isOwn(entry));
  for (const { path } of conflicts)
    others = others.map((entry) => ({ ...entry, fieldsV1: without(entry.fieldsV1, path) }));
  let result = merge(live ?? {}, patch, schema);
  for (const path of leaves(entries.find(isOwn)?.fieldsV1 ?? {})) {
    const isWanted = has(wanted, path) || others.some(({ fieldsV1 }) => has(fieldsV1, path));
    if (!isWanted) result = remove(result, path, schema);
  }
  const apiVersion = patch.apiVersion;
  const own = {
    manager,
    operation: 'Apply',
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: wanted,
  } as const;
  const before = entries.find(isOwn);
  const kept = before && isSame(before.fieldsV1, wanted) ? before : own;
  return withManagers(result as ApiObject, [kept, ...others]);
}

/** After a create, update or patch: the writer owns what it changed, and nobody owns what is gone. */
export function recordUpdate(
  live: ApiObject | undefined,
  next: ApiObject,
  schema: Schema | undefined,
  { manager, time }: Writer,
): ApiObject {
  const all = fieldsOf(next, schema);
  const changed = leaves(all).filter(
    (path) => !live || !isSame(valueAt(live, path, schema), valueAt(next, path, schema)),
  );
  let entries = (live?.metadata.managedFields ?? []).map((entry) => {
    const lost = leaves(entry.fieldsV1).filter((path) => !has(all, path));
    const isOwn = entry.manager === manager && entry.operation === 'Update';
    const fieldsV1 = [...lost, ...(isOwn ? [] : changed)].reduce(without, entry.fieldsV1);
    return { ...entry, fieldsV1 };
  });
  if (changed.length > 0) {
    const isOwn = (entry: ManagedFields): boolean =>
      entry.manager === manager && entry.operation === 'Update';
    const fieldsV1 = structuredClone(entries.find(isOwn)?.fieldsV1 ?? {});
    for (const path of changed) {
      let at = fieldsV1;
      for (const step of path) at = at[step] ??= {};
    }
    const own = {
      manager,
      operation: 'Update',
      apiVersion: next.apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1,
    } as const;
    entries = [...entries.filter((entry) => !isOwn(entry)), own];
  }
  return withManagers(next, entries);
}

function withManagers(object: ApiObject, entries: readonly ManagedFields[]): ApiObject {
  const managedFields = entries.filter(({ fieldsV1 }) => Object.keys(fieldsV1).length > 0);
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

function conflict(conflicts: readonly { entry: ManagedFields; path: Path }[]): ApiRefusal {
  const causes = conflicts.map(({ entry, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${entry.manager}"${entry.operation === 'Update' ? ` using ${entry.apiVersion}` : ''}`,
    field: pathText(path),
  }));
  causes.sort((a, b) => (a.field < b.field ? -1 : 1));
  const groups = Map.groupBy(causes, ({ message }) => message.replace('conflict', 'conflicts'));
  const text =
    causes.length === 1
      ? `${causes[0]?.message}: ${causes[0]?.field}`
      : [...groups]
          .map(([who, at]) => `${who}:\n${at.map(({ field }) => `- ${field}`).join('\n')}`)
          .join('\n');
  const count = causes.length === 1 ? '1 conflict' : `${causes.length} conflicts`;
  return new ApiRefusal(409, 'Conflict', `Apply failed with ${count}: ${text}`, { causes });
}

function pathText(path: Path): string {
  return path
    .map((step) => {
      if (step.startsWith('f:')) return `.${step.slice(2)}`;
      if (step.startsWith('v:')) return `[=${step.slice(2)}]`;
      if (!step.startsWith('k:')) return '';
      const keys = Object.entries(JSON.parse(step.slice(2)) as object);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
