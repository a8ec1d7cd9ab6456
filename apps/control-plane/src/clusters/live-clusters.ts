import type { Actor } from '../access/actor.ts';
import type { RequestContext } from '../platform/batched.ts';
import type { FanOut } from '../platform/fan-out.ts';

/** What a subscription finds in its context. */
export interface LiveContext extends RequestContext {
  actor: Actor | undefined;
  /** The same caller with what it may do now; undefined when it is nobody any more. */
  again(): Promise<Actor | undefined>;
}

/** Watchers of one process. */
const WATCHERS_MAX = 1_000;
/** A watcher looks that often whether it still may (ms), also when nothing happens: tokens end by themselves. */
const LOOK_MS = 15_000;

/** There are as many watchers as this process bears. */
export class TooManyWatchers extends Error {}

/**
 * Tells watchers which clusters have changed. It says that they changed, not how: a watcher reads what is there now, so a slow one gets the
 * newest state once instead of a queue of old ones, and never waits with more than one id for each cluster.
 */
export class LiveClusters {
  readonly #watchers = new Set<Watcher>();

  constructor(fanOut: FanOut) {
    const tell = (ids: readonly string[]): void => {
      for (const watcher of this.#watchers) watcher.tell(ids);
    };
    fanOut.subscribe('grants.changed', tell);
    fanOut.subscribe('statuses.changed', tell);
    fanOut.subscribe('tokens.changed', () => tell([]));
    // Something may have been missed: those who watch begin anew.
    fanOut.onResync(() => {
      for (const watcher of this.#watchers) watcher.end();
    });
  }

  get size(): number {
    return this.#watchers.size;
  }

  /** The ids of clusters that changed, as they change; now and then none. Ends when events may have been lost. */
  async *watch(): AsyncGenerator<readonly string[], void, undefined> {
    if (this.#watchers.size >= WATCHERS_MAX)
      throw new TooManyWatchers(`${WATCHERS_MAX} subscriptions are open here`);
    const watcher = new Watcher();
    this.#watchers.add(watcher);
    try {
      for (;;) {
        const ids = await watcher.next();
        if (ids === undefined) return;
        yield ids;
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }
}

class Watcher {
  #ids = new Set<string>();
  #isOver = false;
  #wake: (() => void) | undefined;

  tell(ids: readonly string[]): void {
    for (const id of ids) this.#ids.add(id);
    this.#wake?.();
  }

  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  async next(): Promise<readonly string[] | undefined> {
    if (this.#ids.size === 0 && !this.#isOver) await this.#sleep();
    if (this.#isOver) return undefined;
    const ids = [...this.#ids];
    this.#ids = new Set();
    return ids;
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.#wake = () => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
