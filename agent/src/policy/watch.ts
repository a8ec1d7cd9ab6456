import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { backoffMs } from '../link/backoff.ts';
import { wordsOf } from '../words-of.ts';
import { type KubeApi, type KubeObject, KubeRefused } from './kube-api.ts';

const PAGE = 500;
/** The server ends a watch after this; a new one starts where it ended. */
const WATCH_S = 290;
/** We end it a little later ourselves: a server that went away without a word would leave us blind. */
const WATCH_MAX_MS = (WATCH_S + 20) * 1_000;

interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly KubeObject[];
}

interface What<Kept> {
  readonly path: string;
  readonly selector?: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** What is kept of an object. The rest is let go: a large cluster has many. */
  readonly keep: (object: KubeObject) => Kept;
}

/**
 * A cache of one collection, kept by list and watch as client-go's reflector does: pages, bookmarks, 410 Gone → list again.
 * `onChange` comes after each change. It ends by itself when the API server serves the kind no more.
 */
export class Watch<Kept> {
  readonly #objects = new Map<string, { readonly version: number; readonly kept: Kept }>();
  readonly #api: KubeApi;
  readonly #what: What<Kept>;
  readonly #onChange: () => void;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  readonly #synced = Promise.withResolvers<void>();
  readonly #tried = Promise.withResolvers<void>();
  isSynced = false;
  isGone = false;

  constructor(api: KubeApi, what: What<Kept>, onChange: () => void, logger: Logger) {
    this.#api = api;
    this.#what = what;
    this.#onChange = onChange;
    this.#logger = logger;
    this.#running = this.#run();
  }

  /** Resolves when the first list is in, or never will be. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Resolves when the first list is in or has failed: one kind that cannot be listed must not hold up the others. */
  get tried(): Promise<void> {
    return this.#tried.promise;
  }

  objects(): Kept[] {
    return [...this.#objects.values()].map(({ kept }) => kept);
  }

  /** Puts an object into the cache that we wrote ourselves, unless the cache is newer already. */
  remember(object: KubeObject): void {
    const known = this.#objects.get(keyOf(object));
    if (known && known.version > versionOf(object)) return;
    this.#put(object);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    let version: string | undefined;
    while (!this.#abort.signal.aborted && !this.isGone)
      try {
        version ??= await this.#list();
        failures = 0;
        version = await this.#follow(version);
      } catch (error) {
        if (this.#abort.signal.aborted) break;
        // After a failure what was missed is not known: list again. Gone (410) is how the server says so itself.
        version = undefined;
        const status = error instanceof KubeRefused ? error.status : undefined;
        if (status === 404) this.#end();
        else if (status !== 410) await this.#rest(error, failures++);
      }
    this.#tried.resolve();
    this.#synced.resolve();
  }

  async #rest(error: unknown, failures: number): Promise<void> {
    this.#tried.resolve();
    const waitMs = backoffMs(failures, Math.random(), 200, 15_000);
    const { path } = this.#what;
    this.#logger.warn({ path, error: wordsOf(error), waitMs }, 'a watch broke');
    await sleep(waitMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }

  /** The kind is served no more, so there are no objects of it. */
  #end(): void {
    this.#logger.warn({ path: this.#what.path }, 'the API server serves this no more');
    this.isGone = true;
    this.#objects.clear();
    this.#onChange();
  }

  async #list(): Promise<string> {
    const { path, selector } = this.#what;
    const found: KubeObject[] = [];
    let next: string | undefined;
    for (;;) {
      const query = new URLSearchParams({
        limit: String(PAGE),
        ...(next && { continue: next }),
        ...(selector && { labelSelector: selector }),
      });
      const { metadata, items } = await this.#api.get<List>(
        `${path}?${query.toString()}`,
        this.#abort.signal,
      );
      found.push(...items);
      next = metadata.continue;
      if (next) continue;
      this.#objects.clear();
      for (const object of found) this.#put(object);
      this.isSynced = true;
      this.#tried.resolve();
      this.#synced.resolve();
      this.#onChange();
      return metadata.resourceVersion;
    }
  }

  async #follow(from: string): Promise<string> {
    const { path, selector } = this.#what;
    let version = from;
    const query = new URLSearchParams({
      watch: 'true',
      resourceVersion: from,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_S),
      ...(selector && { labelSelector: selector }),
    });
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(WATCH_MAX_MS)]);
    for await (const { type, object } of this.#api.watch(`${path}?${query.toString()}`, signal)) {
      if (type === 'ERROR') throw refusalOf(object);
      version = object.metadata.resourceVersion ?? version;
      if (type === 'BOOKMARK') continue;
      // What we wrote ourselves may be in the cache before the watch tells what was before.
      const known = this.#objects.get(keyOf(object));
      if (known && known.version > versionOf(object)) continue;
      if (type === 'DELETED') this.#objects.delete(keyOf(object));
      else this.#put(object);
      this.#onChange();
    }
    return version;
  }

  /** Items of a list carry no kind of their own. */
  #put(object: KubeObject): void {
    const { apiVersion, kind, keep } = this.#what;
    const kept = keep({ ...object, apiVersion, kind });
    this.#objects.set(keyOf(object), { version: versionOf(object), kept });
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Resource versions of one object are numbers that rise (KEP-5504 made that a promise; every etcd-backed server has always kept it). */
function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion);
}

function refusalOf(object: object): KubeRefused {
  const { code = 500, reason = '', message = '' } = object as Partial<Record<string, never>>;
  return new KubeRefused(Number(code), reason, message);
}
