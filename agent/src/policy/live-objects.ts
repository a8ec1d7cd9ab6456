import { kindKey, MANIFEST_KINDS, type ManifestKind } from '@picket/policy';
import type { Logger } from 'pino';

import type { LiveNamespace } from './desired.ts';
import { FIELD_MANAGER, type KubeApi, type KubeObject } from './kube-api.ts';
import { collectionPath, objectKey } from './kinds.ts';
import { Watch } from './watch.ts';

const OURS = 'app.kubernetes.io/managed-by=picket';

/** What is in the cluster now, as far as the agent cares: namespaces, and policies with our label of each kind that is served. */
export class LiveObjects {
  readonly #api: KubeApi;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  readonly #watches = new Map<string, Watch>();
  #namespaces: Watch | undefined;

  constructor(api: KubeApi, logger: Logger, onChange: () => void) {
    this.#api = api;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** Watches all that is served by now; resolves when the first lists are in. */
  async open(): Promise<void> {
    this.#namespaces ??= new Watch(
      this.#api,
      { path: '/api/v1/namespaces', apiVersion: 'v1', kind: 'Namespace' },
      this.#onChange,
      this.#logger,
    );
    for (const kind of MANIFEST_KINDS) {
      const key = kindKey(kind);
      if (this.#watches.has(key) || !(await this.#isServed(kind))) continue;
      const watch = new Watch(
        this.#api,
        { path: collectionPath(kind), selector: OURS, ...kind },
        this.#onChange,
        this.#logger,
      );
      this.#watches.set(key, watch);
    }
    await Promise.all(this.#all().map((watch) => watch.synced));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((watch) => watch.stop()));
  }

  /** Live objects with our label that our manager wrote, by key; a label alone proves nothing. */
  ours(): Map<string, KubeObject> {
    const ours = new Map<string, KubeObject>();
    for (const watch of this.#watches.values())
      for (const object of watch.objects.values())
        if (isManagedByUs(object)) ours.set(objectKey(object), object);
    return ours;
  }

  namespaces(): LiveNamespace[] {
    return [...(this.#namespaces?.objects.values() ?? [])].map(({ metadata }) => ({
      name: metadata.name,
      labels: metadata.labels ?? {},
      isTerminating: metadata.deletionTimestamp !== undefined,
    }));
  }

  /** Our own write, before the watch tells of it: the next turn must not take it for missing. */
  remember(object: KubeObject): void {
    this.#watches.get(kindKey(object))?.remember(object);
  }

  #all(): Watch[] {
    return [...(this.#namespaces ? [this.#namespaces] : []), ...this.#watches.values()];
  }

  async #isServed({ apiVersion, plural }: ManifestKind): Promise<boolean> {
    const list = await this.#api.find<{ resources?: readonly { name: string }[] }>(
      `/apis/${apiVersion}`,
    );
    return list?.resources?.some(({ name }) => name === plural) ?? false;
  }
}

export function isManagedByUs({ metadata }: KubeObject): boolean {
  return (
    metadata.managedFields?.some(
      ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
    ) ?? false
  );
}
