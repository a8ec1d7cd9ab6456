import type { Manifest } from '@picket/compiler';
import type { ManifestKind } from '@picket/policy';
import type { Logger } from 'pino';

import { wordsOf } from '../words-of.ts';
import { type KubeApi, type KubeObject, KubeRefused } from './kube-api.ts';
import { collectionPath, objectKey, objectPath } from './kinds.ts';
import { denies } from './plan-changes.ts';

/** Holds everything open in one namespace. */
export function bracketOf(namespace: string): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      namespace,
      name: 'picket-bracket',
      labels: { 'app.kubernetes.io/managed-by': 'picket' },
      annotations: {},
    },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
  };
}

/** Whether a key is that of a bracket. One that is found was left by an agent that was killed, and goes whatever else is. */
export function isBracket(key: string): boolean {
  return key.startsWith('networking.k8s.io/v1/NetworkPolicy ') && key.endsWith('/picket-bracket');
}

interface Parts {
  readonly api: KubeApi;
  readonly logger: Logger;
  /** The policy kinds that are served. */
  readonly kinds: readonly ManifestKind[];
}

/**
 * Where several NetworkPolicies first come to a namespace that has none, the first one written would isolate its pods from all that the
 * others allow; where all of them go, the last one left would. So a temporary policy that allows everything is there meanwhile (decision 8).
 *
 * Never where anything else closes that namespace: there it would open what is closed. When in doubt there is none.
 */
export class Brackets {
  readonly #parts: Parts;
  #isClosedEverywhere: Promise<boolean> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** `keys`: the policies of the namespace that are written, or that go. */
  async around(
    namespace: string,
    { keys, areNew }: { readonly keys: ReadonlySet<string>; readonly areNew: boolean },
    work: () => Promise<void>,
  ): Promise<void> {
    const { api, logger } = this.#parts;
    if (keys.size < 2 || !(await this.#isOpenBut(namespace, areNew ? new Set() : keys)))
      return work();
    const bracket = bracketOf(namespace);
    try {
      await api.apply(objectPath(bracket), bracket, { force: true });
    } catch (error) {
      if (!(error instanceof KubeRefused)) throw error;
      // Such as an admission policy against "allow all": what the set wants counts for more than a moment without a bracket.
      logger.warn({ namespace, error: error.message }, 'no bracket could be set');
      return work();
    }
    try {
      await work();
    } finally {
      await api.delete(objectPath(bracket));
    }
  }

  /** Whether nothing but these policies closes the namespace. */
  async #isOpenBut(namespace: string, keys: ReadonlySet<string>): Promise<boolean> {
    const { api, kinds, logger } = this.#parts;
    try {
      this.#isClosedEverywhere ??= this.#hasClusterWide();
      if (await this.#isClosedEverywhere) return false;
      for (const kind of kinds.filter(({ namespaced }) => namespaced)) {
        const path = `${collectionPath(kind, namespace)}?limit=${keys.size + 1}`;
        const { items } = await api.get<{ items: readonly KubeObject[] }>(path);
        const isOther = (item: KubeObject): boolean => !keys.has(objectKey({ ...item, ...kind }));
        if (items.some(isOther)) return false;
      }
      return true;
    } catch (error) {
      logger.warn({ namespace, error: wordsOf(error) }, 'whether a namespace is open is not known');
      return false;
    }
  }

  /**
   * Whether something cluster-wide closes that a NetworkPolicy would open: a Baseline rule that denies, or any clusterwide policy of Cilium or
   * Calico. Tier Admin is stronger than the bracket.
   */
  async #hasClusterWide(): Promise<boolean> {
    const { api, kinds } = this.#parts;
    for (const kind of kinds.filter(
      ({ namespaced, kind: name }) => !namespaced && name !== 'Tier',
    )) {
      const isModel = kind.kind === 'ClusterNetworkPolicy';
      const path = `${collectionPath(kind)}${isModel ? '' : '?limit=1'}`;
      const { items } = await api.get<{ items: readonly KubeObject[] }>(path);
      const closes = ({ spec }: KubeObject): boolean =>
        (spec as { tier?: unknown } | undefined)?.tier === 'Baseline' && denies(spec);
      if (isModel ? items.some(closes) : items.length > 0) return true;
    }
    return false;
  }
}
