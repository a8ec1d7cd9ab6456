import type { NetworkPolicySpec } from '@picket/policy';
import type { LabelSelector } from '@picket/selector';

import {
  CLAIM_LABEL,
  MANAGED_BY,
  NAMESPACE_POLICY_LABEL,
  ORIGIN_ANNOTATION,
  originText,
  PROJECT_LABEL,
} from './origin.ts';
import type { Manifest, NamespaceTemplate } from './policy-set.ts';

/** One version of a namespace policy that reaches the cluster. Names are RFC 1123 labels, so none holds a dot. */
export interface BoundNamespacePolicy {
  readonly project: string;
  readonly claim: string;
  readonly name: string;
  readonly version: number;
  /** The namespaces of the claim that it is for. */
  readonly namespaceSelector: LabelSelector;
  readonly spec: NetworkPolicySpec;
  /** For an exception: the end, in seconds since the epoch. */
  readonly expiresAt?: number;
}

/**
 * The name of its objects, `allow-web.shop.payments`: other for every policy, claim and project, and, since it has dots, for every
 * namespace policy of a blueprint.
 */
export function objectName({
  name,
  claim,
  project,
}: Pick<BoundNamespacePolicy, 'name' | 'claim' | 'project'>): string {
  return `${name}.${claim}.${project}`;
}

/** What the agent stamps. A namespace that is not there yet gets it when it comes. */
export function templateOf(policy: BoundNamespacePolicy): NamespaceTemplate {
  const { project, claim, name, version, namespaceSelector, spec, expiresAt } = policy;
  return {
    adoption: 'Never',
    manifest: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: objectName(policy),
        labels: {
          ...MANAGED_BY,
          [PROJECT_LABEL]: project,
          [CLAIM_LABEL]: claim,
          [NAMESPACE_POLICY_LABEL]: name,
        },
        annotations: {
          [ORIGIN_ANNOTATION]: originText({ project, claim, namespacePolicy: name, version }),
        },
      },
      spec: spec as Manifest['spec'],
    },
    namespaceSelector,
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
