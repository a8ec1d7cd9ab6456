import type { Json } from '@picket/kernel';
import type { LabelSelector } from '@picket/selector';

/** What to do when an object of the same name is there already and is not ours. */
export type Adoption = 'Always' | 'IfNoDiff' | 'Never';

/** A Kubernetes object as it will be applied: no status, no server-set metadata. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly [key: string]: Json };
}

/** One object of a policy set, cluster-scoped or in a fixed namespace. */
export interface PolicySetObject {
  readonly adoption: Adoption;
  readonly manifest: Manifest;
}

/** An object that the agent stamps into every namespace that the selector picks, now and later; the manifest has no namespace. */
export interface NamespaceTemplate extends PolicySetObject {
  readonly namespaceSelector: LabelSelector;
  /** The end of an exception, in seconds since the epoch: from then on it is as if it were not in the set. */
  readonly expiresAt?: number;
}

/**
 * What one cluster must have. Its canonical JSON is what agents fetch; the SHA-256 of that text is its name.
 * Objects and templates are sorted by kind, namespace and name, so equal content is equal text.
 */
export interface PolicySet {
  readonly format: 1;
  readonly objects: readonly PolicySetObject[];
  readonly templates: readonly NamespaceTemplate[];
}
