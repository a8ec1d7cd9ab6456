import { kindKey, MANIFEST_KINDS, type ManifestKind } from '@picket/policy';
import type { Logger } from 'pino';

import type { LiveNamespace } from './desired.ts';
import { fingerprintOfLive } from './fingerprint.ts';
import { FIELD_MANAGER, type KubeApi, type KubeObject } from './kube-api.ts';
import { collectionPath, objectKey } from './kinds.ts';
import { effectRank, type LiveState } from './plan-changes.ts';
import { Watch } from './watch.ts';

const OURS = 'app.kubernetes.io/managed-by=picket';
/** On an object that a person made and that we took over: it is given back instead of deleted. */
export const ADOPTED = 'picket.dev/adopted';

/** What is kept of a live object with our marks. */
export interface LiveObject extends LiveState {
  readonly object: Pick<KubeObject, 'apiVersion' | 'kind'> & {
    readonly metadata: Pick<KubeObject['metadata'], 'name' | 'namespace' | 'uid'>;
  };
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
  readonly isAdopted: boolean;
}

/** What is in the cluster now, as far as the agent cares: namespaces, and policies with our marks of each kind that is served. */
export class LiveObjects {
  readonly #api: KubeApi;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  readonly #watches = new Map<string, Watch<LiveObject | undefined>>();
  #namespaces: Watch<LiveNamespace> | undefined;
  #kinds: readonly ManifestKind[] = [];

  constructor(api: KubeApi, logger: Logger, onChange: () => void) {
    this.#api = api;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /**
   * Watches all that is served by now. Resolves when the namespaces are known and each kind was tried, with whether a kind came or went:
   * without the namespaces everything that was stamped would look superfluous.
   */
  async open(): Promise<boolean> {
    this.#namespaces ??= new Watch(
      this.#api,
      { path: '/api/v1/namespaces', apiVersion: 'v1', kind: 'Namespace', keep: namespaceOf },
      this.#onChange,
      this.#logger,
    );
    const before = this.#kinds.map(kindKey).join();
    this.#kinds = await this.#servedKinds();
    for (const kind of this.#kinds) {
      const key = kindKey(kind);
      if (this.#watches.get(key)?.isGone === false) continue;
      const what = { path: collectionPath(kind), selector: OURS, ...kind, keep: liveObjectOf };
      this.#watches.set(key, new Watch(this.#api, what, this.#onChange, this.#logger));
    }
    await this.#namespaces.synced;
    await Promise.all([...this.#watches.values()].map((watch) => watch.tried));
    return before !== this.#kinds.map(kindKey).join();
  }

  async close(): Promise<void> {
    await this.#namespaces?.stop();
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
  }

  /** Kinds that were served when it was asked last. */
  kinds(): readonly ManifestKind[] {
    return this.#kinds;
  }

  /** Whether what `ours` says of a kind is the truth; objects of a kind that is served no more are gone. */
  knows(key: string): boolean {
    const watch = this.#watches.get(key.slice(0, key.indexOf(' ')));
    return watch === undefined || watch.isSynced || watch.isGone;
  }

  /** Live objects with our label that our manager applied, by key; a label alone proves nothing. */
  ours(): Map<string, LiveObject> {
    const ours = new Map<string, LiveObject>();
    for (const watch of this.#watches.values())
      for (const live of watch.objects()) if (live) ours.set(objectKey(live.object), live);
    return ours;
  }

  namespaces(): LiveNamespace[] {
    return this.#namespaces?.objects() ?? [];
  }

  /** Our own write, before the watch tells of it: the next turn must not take it for missing. */
  remember(object: KubeObject): void {
    this.#watches.get(kindKey(object))?.remember(object);
  }

  async #servedKinds(): Promise<ManifestKind[]> {
    const groups = Map.groupBy(MANIFEST_KINDS, ({ apiVersion }) => apiVersion);
    const served = await Promise.all(
      [...groups].map(async ([apiVersion, kinds]) => {
        const list = await this.#api.find<{ resources?: readonly { name: string }[] }>(
          `/apis/${apiVersion}`,
        );
        const names = new Set(list?.resources?.map(({ name }) => name));
        return kinds.filter(({ plural }) => names.has(plural));
      }),
    );
    return served.flat();
  }
}

/** Whether our manager applied it. */
export function isAppliedByUs({ metadata }: KubeObject): boolean {
  return (
    metadata.managedFields?.some(
      ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
    ) ?? false
  );
}

function namespaceOf({ metadata }: KubeObject): LiveNamespace {
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    isTerminating: metadata.deletionTimestamp !== undefined,
  };
}

function liveObjectOf(object: KubeObject): LiveObject | undefined {
  if (!isAppliedByUs(object)) return undefined;
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, labels = {}, annotations = {} } = metadata;
  return {
    object: {
      apiVersion,
      kind,
      metadata: { name, ...(namespace !== undefined && { namespace }), ...(uid && { uid }) },
    },
    fingerprint: fingerprintOfLive(object),
    rank: effectRank(object),
    labels: Object.keys(labels).filter(isOurMark),
    annotations: Object.keys(annotations).filter(isOurMark),
    isAdopted: annotations[ADOPTED] !== undefined,
  };
}

function isOurMark(name: string): boolean {
  return name.startsWith('picket.dev/') || name === 'app.kubernetes.io/managed-by';
}
