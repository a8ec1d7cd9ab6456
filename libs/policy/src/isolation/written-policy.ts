import { canonicalJson, sha256Hex, type Json } from '@picket/kernel';

import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../network-policy.ts';

/** A namespace policy as a helper writes it: an ordinary one, for one namespace, or for all of a claim. */
export interface WrittenPolicy {
  readonly name: string;
  /** Absent: every namespace of the claim. */
  readonly namespace?: string;
  readonly spec: NetworkPolicySpec;
}

/** A policy that is there already, of the namespace that is spoken of. */
export interface StandingPolicy {
  readonly name: string;
  readonly spec: NetworkPolicySpec;
  /** Whether it stands there for certain, and in every cluster that is meant; true when left out. */
  readonly isSure?: boolean;
}

/** Pods by namespace and labels. */
export interface WorkloadRef {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

export function namespaceNamed(name: string): {
  matchLabels: Readonly<Record<string, string>>;
} {
  return { matchLabels: { [NAMESPACE_NAME]: name } };
}

/** The peer that means these pods, seen from a namespace. */
export function peerOf({ namespace, labels }: WorkloadRef, seenFrom: string): NetworkPolicyPeer {
  const podSelector = { matchLabels: labels };
  return namespace === seenFrom
    ? { podSelector }
    : { namespaceSelector: namespaceNamed(namespace), podSelector };
}

const MAX_NAME = 63;
const DIGEST = 8;

/**
 * A policy name (RFC 1123 label) that is always the same for the same things, so that a helper that is called twice writes one policy:
 * as much of the words as there is room for, and a digest of `of`.
 */
export function nameFor(words: readonly string[], of: Json): string {
  const text = words
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  const room = text.slice(0, MAX_NAME - DIGEST - 1).replaceAll(/^-+|-+$/g, '');
  return `${room}-${sha256Hex(canonicalJson(of)).slice(0, DIGEST)}`;
}

/** The values of labels in the order of their keys, for a name. */
export function wordsOf(labels: Readonly<Record<string, string>>): string[] {
  return Object.keys(labels)
    .toSorted()
    .map((key) => labels[key] ?? '');
}

/** Without `ports` where all are meant: an empty list says the same, but an absent one reads better. */
export function withPorts(
  ports: readonly NetworkPolicyPort[] | undefined,
): { ports: NetworkPolicyPort[] } | object {
  return ports && ports.length > 0 ? { ports: [...ports] } : {};
}
