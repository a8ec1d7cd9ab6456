import type { Labels } from '@picket/selector';

import type { Policy } from '../model/policy.ts';
import { EndReader } from './end-reader.ts';
import { IS_NODE, type Ends } from './ends.ts';
import type { KnownFeatures, State } from './state.ts';
import { everyValueOf, type Scope, type Vocabulary } from './vocabulary.ts';

/** The features that the policies of the state and these ask for. */
export function featuresWith(
  { features, known }: State,
  policies: readonly Policy[],
): KnownFeatures {
  const asked = new Set<number>();
  for (const policy of policies) known.vocabulary.learn(policy, asked);
  const { below, more } = features;
  const added = [...asked].filter((feature) => feature >= below && !more.has(feature));
  return added.length === 0 ? features : { below, more: new Set([...more, ...added]) };
}

/** Gives ends that have one of the new features their new label class. Returns new classes, each with the one it was split off from. */
export function relabel(
  { known, semantics, features: before, population }: State,
  ends: Ends,
  features: KnownFeatures,
): Map<number, number> {
  const moved = new Map<number, number>();
  if (features === before) return moved;
  const { inventory } = population;
  const { vocabulary } = known;
  const asked = askedAnew(vocabulary, features, before);
  const reader = new EndReader(inventory, known, semantics, (feature) =>
    isKnown(vocabulary, features, feature),
  );
  const isTouched = (scope: Scope, labels: Labels): boolean =>
    (asked.get(scope) ?? []).some(
      ({ key, value }) =>
        Object.hasOwn(labels, key) && (value === undefined || labels[key] === value),
    );
  const namespaces = new Set(
    inventory.namespaces
      .filter(({ labels }) => isTouched('namespace', labels))
      .map(({ name }) => name),
  );
  const hasNodeFeatures = asked.has('node');
  const move = (end: number, to: number): void => {
    const from = ends.labels.values[end] ?? to;
    if (from === to) return;
    moved.set(to, from);
    ends.labels.values[end] = to;
    ends.classes4.values[end] = -1;
    ends.classes6.values[end] = -1;
  };
  for (let end = 0; end < ends.count; end++) {
    const index = ends.workloads.values[end] ?? -1;
    const workload = inventory.workloads[index];
    const isNode = ((ends.flags.values[end] ?? 0) & IS_NODE) !== 0;
    if (isNode && !workload && hasNodeFeatures)
      move(end, reader.labelOfNode(ends.names[end] ?? '').id);
    if (!workload) continue;
    const { namespace, labels, serviceAccount, ports } = workload;
    const hasChanged =
      namespaces.has(namespace) ||
      isTouched('pod', labels) ||
      isTouched('account', { [serviceAccount]: '' }) ||
      ports.some(({ name }) => name !== undefined && isTouched('port', { [name]: '' })) ||
      (isNode && hasNodeFeatures);
    if (hasChanged) move(end, reader.labelOfWorkload(workload).id);
  }
  return moved;
}

interface AskedLabel {
  readonly key: string;
  readonly value?: string | undefined;
}

function askedAnew(
  { features: all }: Vocabulary,
  { more }: KnownFeatures,
  before: KnownFeatures,
): Map<Scope, AskedLabel[]> {
  const asked = new Map<Scope, AskedLabel[]>();
  for (const id of more) {
    const feature = all[id];
    if (!feature || before.more.has(id)) continue;
    const { scope, key, value } = everyValueOf(feature) ?? feature;
    const isLabel = scope === 'namespace' || scope === 'pod' || scope === 'node';
    const list = asked.get(scope) ?? [];
    list.push({ key, value: isLabel ? value : undefined });
    asked.set(scope, list);
  }
  return asked;
}

/** Values of keys whose every value is asked for are known as soon as they turn up. */
function isKnown(vocabulary: Vocabulary, { below, more }: KnownFeatures, id: number): boolean {
  if (id < below || more.has(id)) return true;
  const feature = vocabulary.features[id];
  if (feature?.value === undefined) return false;
  const entry = vocabulary.keysOf(feature.scope).get(feature.key);
  const asked = feature.scope === 'port' ? entry?.exists : entry?.everyValue;
  return asked !== undefined && (asked < below || more.has(asked));
}
