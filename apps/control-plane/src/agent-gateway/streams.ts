import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * How many woken agents may be at work with this replica at once. More would only wait for one another: with few at a time the first are done
 * early, and the last no later.
 */
const AT_WORK_MAX = 100;
/** An agent that was woken and does not come is at work no more. */
const AT_WORK_MS = 2_000;
const TICK_MS = 5;
const KEEPALIVE_MS = 25_000;
/** A socket with this much unsent is not read by anybody. */
const CLOGGED_BYTES = 4_096;

/**
 * The open streams of this replica: one per cluster, a new one replaces the old. Small on purpose: per stream one map entry and the socket;
 * what Node and Fastify keep of a request is let go once its head is written, which saves a third of the memory of ten thousand streams.
 * A wake that finds its socket clogged is dropped and counted; the heartbeat heals it.
 */
export class Streams {
  readonly #open = new Map<string, Socket>();
  /** Woken agents that have not said yet what came of it, and since when (ms, monotonic); oldest first. */
  readonly #atWork = new Map<string, number>();
  /** Who is to be woken, in the order of asking; bounded by the streams that are open. */
  readonly #due = new Set<string>();
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
    // While Node still finishes the response before on this connection, the socket is that one's.
    if (response.socket) this.#begin(clusterId, response, response.socket);
    else response.once('socket', (socket: Socket) => this.#begin(clusterId, response, socket));
  }

  #begin(clusterId: string, response: ServerResponse, socket: Socket): void {
    if (socket.destroyed) return; // the agent has gone already, and will not close again
    // The body ends with the connection: neither chunks nor a length, so that the bare socket can go on with it.
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    response.write('retry: 2000\nevent: sync\ndata:\n\n');
    response.detachSocket(socket);

    this.#open.get(clusterId)?.destroy();
    this.#open.set(clusterId, socket);
    socket.once('close', () => {
      if (this.#open.get(clusterId) !== socket) return;
      this.#open.delete(clusterId);
      this.#atWork.delete(clusterId);
    });
  }

  /** Says "sync now" to those of these clusters whose stream is here: at once to a few, paced to many. */
  wake(clusterIds: readonly string[]): void {
    for (const id of clusterIds) if (this.#open.has(id)) this.#due.add(id);
    this.#pace();
  }

  /** Whether this agent was woken a moment ago and has not said yet what came of it. */
  isAtWork(clusterId: string): boolean {
    return this.#atWork.has(clusterId);
  }

  /** This agent is done with what it was woken for. */
  settled(clusterId: string): void {
    this.#atWork.delete(clusterId);
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
    const nowMs = performance.now();
    for (const [id, sinceMs] of this.#atWork) {
      if (nowMs - sinceMs < AT_WORK_MS) break;
      this.#atWork.delete(id);
    }
    for (const id of this.#due) {
      if (this.#atWork.size >= AT_WORK_MAX) break;
      this.#due.delete(id);
      this.#wakeOne(id, nowMs);
    }
    if (this.#due.size === 0) return;
    this.#pacer = setTimeout(() => {
      this.#pacer = undefined;
      this.#pace();
    }, TICK_MS);
  }

  #wakeOne(id: string, nowMs: number): void {
    const stream = this.#open.get(id);
    if (!stream) return;
    if (stream.writableLength > CLOGGED_BYTES) {
      this.dropped++;
      return;
    }
    stream.write('event: sync\ndata:\n\n');
    this.#atWork.delete(id); // a map keeps the place of a key that is set again
    this.#atWork.set(id, nowMs);
  }
}
