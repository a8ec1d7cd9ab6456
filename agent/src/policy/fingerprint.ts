import { createHash } from 'node:crypto';

import type { Manifest, PolicySetObject } from '@picket/compiler';
import { canonicalJson, type Json } from '@picket/kernel';

import type { KubeObject } from './kube-api.ts';

const known = new WeakMap<PolicySetObject, string>();

/**
 * A hash of what of an object is ours to decide. The same for every namespace that a template is stamped into, and computed once per
 * template: on a cluster of thousands of namespaces each turn asks for all of them.
 */
export function fingerprintOf(object: PolicySetObject): string {
  const { spec, metadata } = object.manifest;
  const print = known.get(object) ?? hash({ spec }, metadata);
  known.set(object, print);
  return print;
}

/** A hash of what a live object says, whoever said it. */
export function fingerprintOfLive(object: KubeObject): string {
  return hash(contentOf(object), object.metadata);
}

/** Everything of an object that decides about traffic: all but its names and its status. */
export function contentOf(object: KubeObject | Manifest): Record<string, Json> {
  const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = object;
  const { status: _s, ...content } = rest as Record<string, Json>;
  return content;
}

function hash(content: Json, { labels, annotations }: KubeObject['metadata']): string {
  const text = canonicalJson({ content, labels, annotations } as unknown as Json);
  return createHash('sha256').update(text).digest('base64url');
}
