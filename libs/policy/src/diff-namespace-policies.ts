import { canonicalJson, pathText, type Json } from '@picket/kernel';

import type { NetworkPolicySpec } from './network-policy.ts';

/** What a namespace policy says: where, what, and for an exception until when and whose it is. */
export interface NamespacePolicyContent {
  /** Namespaces of the claim, sorted; null: all of them. */
  readonly namespaces: readonly string[] | null;
  readonly spec: NetworkPolicySpec;
  /** Seconds since the epoch; null: it does not end. */
  readonly expiresAt: number | null;
  readonly owner: string | null;
}

/** One difference: `before` null was not there, `after` null is no more. */
export interface ContentChange {
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
}

/**
 * What changes from one content to another; undefined: there is none. Rules are compared as wholes and without their order, which has no
 * meaning in a NetworkPolicy; paths count in the content that has the rule.
 */
export function diffNamespacePolicies(
  before: NamespacePolicyContent | undefined,
  after: NamespacePolicyContent | undefined,
): ContentChange[] {
  const fields = (['namespaces', 'expiresAt', 'owner'] as const).map((field) =>
    change([field], before?.[field] ?? null, after?.[field] ?? null),
  );
  const parts = (['podSelector', 'policyTypes'] as const).map((field) =>
    change(
      ['spec', field],
      (before?.spec[field] ?? null) as Json,
      (after?.spec[field] ?? null) as Json,
    ),
  );
  const rules = (['ingress', 'egress'] as const).flatMap((direction) => {
    const [old, now] = [rulesOf(before, direction), rulesOf(after, direction)];
    return [
      ...onlyIn(old, now).map(([index, rule]) => change(['spec', direction, index], rule, null)),
      ...onlyIn(now, old).map(([index, rule]) => change(['spec', direction, index], null, rule)),
    ];
  });
  return [...fields, ...parts, ...rules].flat();
}

function rulesOf(
  content: NamespacePolicyContent | undefined,
  direction: 'ingress' | 'egress',
): Json[] {
  return (content?.spec[direction] ?? []) as Json[];
}

/** Rules, with their places, that the other list has not, each as often as it is missing there. */
function onlyIn(rules: readonly Json[], others: readonly Json[]): [number, Json][] {
  const left = Map.groupBy(others.map(canonicalJson), (text) => text);
  return [...rules.entries()].filter(
    ([, rule]) => left.get(canonicalJson(rule))?.pop() === undefined,
  );
}

function change(path: readonly PropertyKey[], before: Json, after: Json): ContentChange[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  return [{ path: pathText(path), before, after }];
}
