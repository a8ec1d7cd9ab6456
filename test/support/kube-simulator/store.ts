import { ApiRefusal, type ApiObject } from './api-object.ts';

export interface StoredEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  readonly version: number;
  readonly object: ApiObject;
  readonly before: ApiObject | undefined;
}

type Listener = (event: StoredEvent) => void;

/** The objects of one cluster by resource and key, one counter of versions, and the latest changes for watches. */
export class Store {
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #listeners = new Set<Listener>();
  readonly #historyLimit: number;
  #history: StoredEvent[] = [];
  #forgotten = 0;
  version = 1;

  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  find(resource: string, key: string): ApiObject | undefined {
    return this.#objects.get(resource)?.get(key);
  }

  /** In the order of keys, as etcd keeps them. */
  list(resource: string): [string, ApiObject][] {
    const all = [...(this.#objects.get(resource) ?? [])];
    return all.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  resources(): string[] {
    return [...this.#objects.keys()];
  }

  put(resource: string, key: string, object: ApiObject): ApiObject {
    const objects = this.#objects.get(resource) ?? new Map<string, ApiObject>();
    this.#objects.set(resource, objects);
    const before = objects.get(key);
    const stored = this.#next(object);
    objects.set(key, stored);
    this.#tell(before ? 'MODIFIED' : 'ADDED', resource, stored, before);
    return stored;
  }

  delete(resource: string, key: string): void {
    const before = this.find(resource, key);
    if (!before) return;
    this.#objects.get(resource)?.delete(key);
    this.#tell('DELETED', resource, this.#next(before), before);
  }

  /** Every change after `version`, then each new one. Throws 410 when some of them are forgotten. */
  follow(version: number, listener: Listener): () => void {
    if (version < this.#forgotten)
      throw new ApiRefusal(
        410,
        'Expired',
        `too old resource version: ${version} (${this.#forgotten})`,
      );
    for (const event of this.#history) if (event.version > version) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets the changes so far, as the compaction of etcd does. */
  compact(): void {
    this.#history = [];
    this.#forgotten = this.version;
  }

  #next(object: ApiObject): ApiObject {
    this.version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: `${this.version}` } };
  }

  #tell(
    type: StoredEvent['type'],
    resource: string,
    object: ApiObject,
    before: ApiObject | undefined,
  ): void {
    const event = { type, resource, version: this.version, object, before };
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit) {
      const dropped = this.#history.splice(0, Math.ceil(this.#historyLimit / 2));
      this.#forgotten = dropped.at(-1)?.version ?? this.#forgotten;
    }
    for (const listener of this.#listeners) listener(event);
  }
}
