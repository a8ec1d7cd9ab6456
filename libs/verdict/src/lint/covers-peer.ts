import { canonicalJson, type Json } from '@picket/kernel';
import { implies, type LabelFormula } from '@picket/selector';

import { NAMESPACE_NAME_LABEL } from '../model/inventory.ts';
import type { NetworksPeer, Peer, PodSelection, Subject } from '../model/policy.ts';
import { intervalsOf } from '../reference/intervals.ts';

/** Labels that every namespace has. */
export const NAMESPACE_LABELS = [NAMESPACE_NAME_LABEL];

/** Whether `wide` binds every end that `narrow` may bind, in any cluster. False also where that is not proven. */
export function coversSubject(wide: Subject, narrow: Subject): boolean {
  if (wide.kind === 'unknown') return false;
  // What is not modelled may bind any pod.
  if (narrow.kind === 'unknown') return coversPeer(wide, ANY_POD);
  return coversPeer(wide, narrow);
}

const ANY_POD: Peer = { kind: 'pods', namespaces: { all: [] }, pods: { all: [] } };

/** Whether `wide` matches every end that `narrow` matches, and may match where that may, in any cluster. False also where that is not proven. */
export function coversPeer(wide: Peer, narrow: Peer): boolean {
  if (wide.kind === 'everything' || isSame(wide, narrow)) return true;
  if (wide.kind === 'all') return wide.peers.every((part) => coversPeer(part, narrow));
  if (narrow.kind === 'all') return narrow.peers.some((part) => coversPeer(wide, part));
  if (wide.kind === 'pods' && narrow.kind === 'pods') return coversSelection(wide, narrow);
  if (wide.kind === 'nodes' && narrow.kind === 'nodes') return isImplied(narrow.nodes, wide.nodes);
  if (wide.kind === 'networks' && narrow.kind === 'networks') return coversNetworks(wide, narrow);
  return wide.kind === 'outside' && narrow.kind === 'networks' && narrow.outsideOnly === true;
}

function coversSelection(wide: PodSelection, narrow: PodSelection): boolean {
  const { serviceAccounts } = wide;
  return (
    isImplied(narrow.namespaces, wide.namespaces, NAMESPACE_LABELS) &&
    isImplied(narrow.pods, wide.pods) &&
    (serviceAccounts === undefined ||
      (narrow.serviceAccounts?.every((name) => serviceAccounts.includes(name)) ?? false))
  );
}

function coversNetworks(wide: NetworksPeer, narrow: NetworksPeer): boolean {
  if (wide.outsideOnly && !narrow.outsideOnly) return false;
  return ([4, 6] as const).every((family) => {
    const outer = intervalsOf(wide.networks, family);
    return intervalsOf(narrow.networks, family).every(([first, last]) =>
      outer.some(([from, to]) => from <= first && last <= to),
    );
  });
}

const MAX_KNOWN = 100_000;
const known = new Map<string, boolean>();

/** The same selectors meet again and again: the answer depends on their texts alone, so it is kept. */
function isImplied(
  narrow: LabelFormula,
  wide: LabelFormula,
  always: readonly string[] = [],
): boolean {
  const key = `${textOf(narrow)} ${textOf(wide)} ${always.join(' ')}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const answer = implies(narrow, wide, always);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, answer);
  return answer;
}

function isSame(a: Peer, b: Peer): boolean {
  return a.kind === b.kind && textOf(a) === textOf(b);
}

const texts = new WeakMap<object, string>();

function textOf(of: Peer | LabelFormula): string {
  let text = texts.get(of);
  if (text === undefined) texts.set(of, (text = canonicalJson(of as unknown as Json)));
  return text;
}
