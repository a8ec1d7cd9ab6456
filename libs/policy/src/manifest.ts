import { labelKeyFault, Labels } from '@picket/selector';
import { z } from 'zod';

import { strict } from './problems-of.ts';

/** A policy kind that a blueprint may carry. `plural` is its resource name in the API. */
export interface ManifestKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The allow-list: policy kinds and nothing else, so that a stolen token cannot deploy workloads. */
export const MANIFEST_KINDS: readonly ManifestKind[] = [
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', true],
  ['policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', 'clusternetworkpolicies', false],
  ['cilium.io/v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies', true],
  ['cilium.io/v2', 'CiliumClusterwideNetworkPolicy', 'ciliumclusterwidenetworkpolicies', false],
  ['projectcalico.org/v3', 'NetworkPolicy', 'networkpolicies', true],
  ['projectcalico.org/v3', 'GlobalNetworkPolicy', 'globalnetworkpolicies', false],
  ['projectcalico.org/v3', 'Tier', 'tiers', false],
].map(([apiVersion, kind, plural, namespaced]) => ({
  apiVersion: String(apiVersion),
  kind: String(kind),
  plural: String(plural),
  namespaced: namespaced === true,
}));

/** `group/version/Kind`: the key of a kind in capabilities and reports. */
export function kindKey({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${apiVersion}/${kind}`;
}

/** Name of a namespaced label-like object (RFC 1123 label). */
export const DnsLabel = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, {
    error:
      'must be lower-case letters, digits and "-", with a letter or digit at both ends (RFC 1123 label)',
  });

/** Name of a policy object (RFC 1123 subdomain). */
export const DnsSubdomain = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, {
    error:
      'must be lower-case letters, digits, "-" and ".", with a letter or digit at both ends (RFC 1123 subdomain)',
  });

/** In UTF-8 bytes, over keys and values (apimachinery `TotalAnnotationSizeLimitB`); 4 KiB less, so that our own annotation fits. */
const MAX_ANNOTATION_BYTES = 256 * 1_024 - 4_096;

/** Annotations of an object: keys as label keys, but in any case of letters; values are free, their sum is not (apimachinery `ValidateAnnotations`). */
const Annotations = z.record(z.string(), z.string()).superRefine((annotations, context) => {
  const issue = (path: PropertyKey[], message: string, code: string): void =>
    context.addIssue({ code: 'custom', path, message, params: { code } });
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += utf8Length(key) + utf8Length(value);
    const fault = labelKeyFault(key.toLowerCase());
    if (fault !== undefined) issue([key], `annotation key ${fault}`, 'FORMAT_WRONG');
  }
  if (bytes > MAX_ANNOTATION_BYTES)
    issue([], `all annotations together have at most ${MAX_ANNOTATION_BYTES} bytes`, 'TOO_LARGE');
});

function utf8Length(text: string): number {
  let bytes = 0;
  for (const letter of text) {
    const point = letter.codePointAt(0) ?? 0;
    bytes += 1 + Number(point > 0x7f) + Number(point > 0x7ff) + Number(point > 0xffff);
  }
  return bytes;
}

/** A raw object of the allow-list: what stands around its spec. The spec of kinds that we model is checked apart. */
export const ManifestEnvelope = strict({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: strict({
    name: DnsSubdomain,
    namespace: DnsLabel.optional(),
    labels: Labels.optional(),
    annotations: Annotations.optional(),
  }),
  spec: z.record(z.string(), z.json()),
}).superRefine(({ apiVersion, kind, metadata }, context) => {
  const known = MANIFEST_KINDS.find(
    (entry) => entry.apiVersion === apiVersion && entry.kind === kind,
  );
  if (!known) {
    context.addIssue({
      code: 'custom',
      path: ['kind'],
      message: `${apiVersion} ${kind} is not a policy kind that a blueprint may carry; allowed: ${MANIFEST_KINDS.map(kindKey).join(', ')}`,
      params: { code: 'KIND_NOT_ALLOWED' },
    });
  } else if (known.namespaced !== (metadata.namespace !== undefined))
    context.addIssue({
      code: 'custom',
      path: ['metadata', 'namespace'],
      message: known.namespaced
        ? `a ${kind} needs its namespace here; for every namespace of a selector use namespacePolicies`
        : `a ${kind} is cluster-scoped and has no namespace`,
      params: { code: 'NAMESPACE_WRONG' },
    });
});
export type ManifestEnvelope = z.infer<typeof ManifestEnvelope>;
