import type { ServerResponse } from 'node:http';

/** Wakes per tick and length of a tick: 10,000 agents are woken in about a second instead of at once. */
const WAKES_PER_TICK = 100;
const TICK_MS = 10;
const KEEPALIVE_MS = 25_000;

/**
 * The open streams of this replica: one per cluster, a new one replaces the old. Small on purpose: per stream one map entry and the socket.
 * A wake that finds its socket clogged is dropped and counted; the heartbeat heals it.
 */
export class Streams {
  readonly #open = new Map<string, ServerResponse>();
  #wakes: string[] = [];
  #next = 0;
  #pacer: NodeJS.Timeout | undefined;
  readonly #keepalive: NodeJS.Timeout;
  dropped = 0;

  constructor() {
    let cursor = 0;
    // A twenty-fifth of the streams each second rather than all of them every 25.
    this.#keepalive = setInterval(() => {
      cursor = (cursor + 1) % (KEEPALIVE_MS / 1_000);
      let index = 0;
      for (const stream of this.#open.values())
        if (index++ % (KEEPALIVE_MS / 1_000) === cursor) stream.write(':\n\n');
    }, 1_000);
    this.#keepalive.unref();
  }

  get size(): number {
    return this.#open.size;
  }

  open(clusterId: string, response: ServerResponse): void {
    this.#open.get(clusterId)?.destroy();
    this.#open.set(clusterId, response);
    response.on('close', () => {
      if (this.#open.get(clusterId) === response) this.#open.delete(clusterId);
    });
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 2000\nevent: sync\ndata:\n\n');
  }

  /** Says "sync now" to those of these clusters whose stream is here: at once to a few, paced to many. */
  wake(clusterIds: readonly string[]): void {
    for (const id of clusterIds) if (this.#open.has(id)) this.#wakes.push(id);
    this.#pace();
  }

  wakeAll(): void {
    this.wake([...this.#open.keys()]);
  }

  revoke(clusterIds: readonly string[]): void {
    for (const id of clusterIds) this.#open.get(id)?.end('event: revoked\ndata:\n\n');
  }

  close(): void {
    clearInterval(this.#keepalive);
    clearTimeout(this.#pacer);
    for (const stream of this.#open.values()) stream.end();
  }

  #pace(): void {
    if (this.#pacer) return;
    for (let sent = 0; sent < WAKES_PER_TICK && this.#next < this.#wakes.length; this.#next++) {
      const stream = this.#open.get(this.#wakes[this.#next] ?? '');
      if (!stream) continue;
      if (stream.writableLength > 4_096) this.dropped++;
      else stream.write('event: sync\ndata:\n\n');
      sent++;
    }
    if (this.#next >= this.#wakes.length) {
      this.#wakes = [];
      this.#next = 0;
      return;
    }
    this.#pacer = setTimeout(() => {
      this.#pacer = undefined;
      this.#pace();
    }, TICK_MS);
  }
}
