import { canonicalJson, type Json } from '@picket/kernel';
import { BLUEPRINT_SECTIONS, type Blueprint } from '@picket/policy';

/** One entry of a blueprint that differs. `before` or `after` is null where it was added or removed. */
export interface EntryChange {
  /** `clusterPolicies/deny-all`, `parameters/dnsNamespace`, `includes/base`, or `description`, `onLoss`, `adoption`. */
  readonly entry: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before: Json;
  readonly after: Json;
}

/** What changed between two versions, entry by entry, sorted by entry. Order of entries and of members does not count. */
export function diffBlueprints(before: Blueprint, after: Blueprint): EntryChange[] {
  const old = entriesOf(before);
  const young = entriesOf(after);
  const names = [...new Set([...old.keys(), ...young.keys()])].toSorted();
  return names.flatMap((entry): EntryChange[] => {
    const a = old.get(entry) ?? null;
    const b = young.get(entry) ?? null;
    if (canonicalJson(a) === canonicalJson(b)) return [];
    if (a === null) return [{ entry, change: 'added', before: a, after: b }];
    return [{ entry, change: b === null ? 'removed' : 'changed', before: a, after: b }];
  });
}

function entriesOf(blueprint: Blueprint): Map<string, Json> {
  const found: [string, Json][] = [];
  for (const field of ['description', 'onLoss', 'adoption'] as const)
    if (blueprint[field] !== undefined) found.push([field, blueprint[field]]);
  for (const parameter of blueprint.parameters ?? [])
    found.push([`parameters/${parameter.name}`, parameter as Json]);
  for (const include of blueprint.includes ?? [])
    found.push([`includes/${include.blueprint}`, include as Json]);
  for (const section of BLUEPRINT_SECTIONS)
    for (const entry of blueprint[section] ?? [])
      found.push([`${section}/${nameOf(entry)}`, entry as unknown as Json]);
  return numbered(found);
}

/** Entries of one name, such as a blueprint that is included twice with other parameters, are told apart by `#2`, `#3`, in the order of their text. */
function numbered(found: readonly [string, Json][]): Map<string, Json> {
  const entries = new Map<string, Json>();
  const sorted = found.toSorted(([, a], [, b]) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
  for (const [name, entry] of sorted) {
    let key = name;
    for (let count = 2; entries.has(key); count++) key = `${name}#${count}`;
    entries.set(key, entry);
  }
  return entries;
}

function nameOf(entry: { name?: string; manifest?: unknown }): string {
  if (entry.name !== undefined) return entry.name;
  const { kind, metadata } = entry.manifest as {
    kind?: string;
    metadata?: { name?: string; namespace?: string };
  };
  return [kind, metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join('/');
}
