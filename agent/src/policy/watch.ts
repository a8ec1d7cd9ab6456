import type { Logger } from 'pino';

import { backoffMs } from '../link/backoff.ts';
import { type KubeApi, type KubeObject, KubeRefused } from './kube-api.ts';

const PAGE = 500;
/** The server ends a watch after this; a new one starts where it ended. */
const WATCH_S = 290;

interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly KubeObject[];
}

/**
 * A cache of one collection, kept by list and watch as client-go's reflector does: pages, bookmarks, 410 Gone → list again.
 * `onChange` comes after each change, with the object's name and namespace.
 */
export class Watch {
  readonly objects = new Map<string, KubeObject>();
  readonly #api: KubeApi;
  readonly #path: string;
  readonly #selector: string | undefined;
  readonly #onChange: () => void;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  readonly #synced = Promise.withResolvers<void>();
  readonly #identify: { readonly apiVersion: string; readonly kind: string };

  constructor(
    api: KubeApi,
    {
      path,
      selector,
      apiVersion,
      kind,
    }: { path: string; selector?: string; apiVersion: string; kind: string },
    onChange: () => void,
    logger: Logger,
  ) {
    this.#api = api;
    this.#path = path;
    this.#selector = selector;
    this.#identify = { apiVersion, kind };
    this.#onChange = onChange;
    this.#logger = logger;
    this.#running = this.#run();
  }

  /** Resolves when the first list is in. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Puts an object into the cache that we wrote ourselves, unless the cache is newer already. */
  remember(object: KubeObject): void {
    const known = this.objects.get(keyOf(object));
    if (known && isNewer(known, object)) return;
    this.objects.set(keyOf(object), { ...object, ...this.#identify });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#synced.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    let version: string | undefined;
    while (!this.#abort.signal.aborted)
      try {
        version ??= await this.#list();
        this.#synced.resolve();
        failures = 0;
        version = await this.#follow(version);
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        if (error instanceof KubeRefused && error.status === 410) {
          version = undefined;
          continue;
        }
        const waitMs = backoffMs(failures++, Math.random(), 200, 15_000);
        this.#logger.warn({ path: this.#path, error: String(error), waitMs }, 'a watch broke');
        // After a failure of any other kind what was missed is not known: list again.
        version = undefined;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
  }

  async #list(): Promise<string> {
    const found = new Map<string, KubeObject>();
    let next: string | undefined;
    for (;;) {
      const query = new URLSearchParams({
        limit: String(PAGE),
        ...(next && { continue: next }),
        ...(this.#selector && { labelSelector: this.#selector }),
      });
      const { metadata, items } = await this.#api.get<List>(`${this.#path}?${query.toString()}`);
      // Items of a list carry no kind of their own.
      for (const item of items) found.set(keyOf(item), { ...item, ...this.#identify });
      next = metadata.continue;
      if (next) continue;
      this.objects.clear();
      for (const [key, object] of found) this.objects.set(key, object);
      this.#onChange();
      return metadata.resourceVersion;
    }
  }

  async #follow(from: string): Promise<string> {
    let version = from;
    const query = new URLSearchParams({
      watch: 'true',
      resourceVersion: from,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_S),
      ...(this.#selector && { labelSelector: this.#selector }),
    });
    for await (const { type, object } of this.#api.watch(
      `${this.#path}?${query.toString()}`,
      this.#abort.signal,
    )) {
      if (type === 'ERROR') {
        const {
          code = 500,
          reason = '',
          message = '',
        } = object as unknown as { code?: number; reason?: string; message?: string };
        throw new KubeRefused(code, reason, message);
      }
      version = object.metadata.resourceVersion ?? version;
      if (type === 'BOOKMARK') continue;
      // What we wrote ourselves may be in the cache before the watch tells what was before.
      const known = this.objects.get(keyOf(object));
      if (known && isNewer(known, object)) continue;
      if (type === 'DELETED') this.objects.delete(keyOf(object));
      else this.objects.set(keyOf(object), { ...object, ...this.#identify });
      this.#onChange();
    }
    return version;
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Resource versions of one object are numbers that rise (KEP-5504 made that a promise; every etcd-backed server has always kept it). */
function isNewer(a: KubeObject, b: KubeObject): boolean {
  return Number(a.metadata.resourceVersion) > Number(b.metadata.resourceVersion);
}
