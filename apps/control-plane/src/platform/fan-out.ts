import { EventEmitter } from 'node:events';

import { Redis } from 'ioredis';
import pg from 'pg';

import type { Config } from '../config/config.ts';
import type { Logger } from './logger.ts';

/** What replicas tell one another. No event is load-bearing: after a broken connection `resync` says that some may have been lost. */
export interface Topics {
  /** These clusters have a new grant: wake their agents. */
  'grants.changed': readonly string[];
  /** These clusters reported something. */
  'statuses.changed': readonly string[];
  /** These clusters were revoked or removed: cut them off. */
  'clusters.revoked': readonly string[];
  /** Tokens changed: forget cached actors. */
  'tokens.changed': null;
}
type Topic = keyof Topics;

const CHANNEL = 'picket';
// PostgreSQL refuses a NOTIFY payload of 8000 bytes or more; a UUID with its quotes takes 39.
const IDS_PER_MESSAGE = 180;

/** Live fan-out between the processes of one hub: Redis pub/sub, or LISTEN/NOTIFY when there is no Redis. */
export class FanOut {
  readonly #events = new EventEmitter();
  readonly #transport: Transport;
  readonly #logger: Logger;

  constructor(config: Config, logger: Logger) {
    this.#logger = logger;
    const receive = (text: string): void => {
      try {
        const { topic, payload } = JSON.parse(text) as { topic: Topic; payload: unknown };
        this.#events.emit(topic, payload);
      } catch (error) {
        // Somebody else speaks on our channel: that must not end the process.
        logger.warn({ error: String(error) }, 'an event could not be read');
      }
    };
    const resync = (): void => void this.#events.emit('resync');
    this.#transport = config.REDIS_URL
      ? new RedisTransport(config.REDIS_URL, receive, resync, logger)
      : new PostgresTransport(config.DATABASE_URL, receive, resync, logger);
  }

  start(): Promise<void> {
    return this.#transport.start();
  }

  /** Tells all processes. A transport that is away fails nobody: no event is load-bearing, and `resync` follows when it is back. */
  async publish<T extends Topic>(topic: T, payload: Topics[T]): Promise<void> {
    const messages = partsOf(payload).map((part) => JSON.stringify({ topic, payload: part }));
    try {
      await this.#transport.send(messages);
    } catch (error) {
      this.#logger.warn({ topic, error: String(error) }, 'an event was not told');
    }
  }

  subscribe<T extends Topic>(topic: T, listener: (payload: Topics[T]) => void): void {
    this.#events.on(topic, listener);
  }

  /** Called after the connection broke and came back. */
  onResync(listener: () => void): void {
    this.#events.on('resync', listener);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

function partsOf(payload: readonly string[] | null): readonly (readonly string[] | null)[] {
  if (payload === null) return [null];
  const parts: (readonly string[])[] = [];
  for (let start = 0; start < payload.length; start += IDS_PER_MESSAGE)
    parts.push(payload.slice(start, start + IDS_PER_MESSAGE));
  return parts;
}

interface Transport {
  start(): Promise<void>;
  send(messages: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

class RedisTransport implements Transport {
  readonly #publisher: Redis;
  readonly #subscriber: Redis;

  constructor(url: string, receive: (text: string) => void, resync: () => void, logger: Logger) {
    this.#publisher = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 });
    this.#subscriber = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null });
    for (const client of [this.#publisher, this.#subscriber])
      client.on('error', (error) => logger.warn({ error: String(error) }, 'Redis is unreachable'));
    this.#subscriber.on('message', (_channel, text) => receive(text));
    let connected = false;
    this.#subscriber.on('ready', () => {
      if (connected) resync();
      connected = true;
    });
  }

  async start(): Promise<void> {
    await Promise.all([this.#publisher.connect(), this.#subscriber.connect()]);
    await this.#subscriber.subscribe(CHANNEL);
  }

  async send(messages: readonly string[]): Promise<void> {
    await Promise.all(messages.map((message) => this.#publisher.publish(CHANNEL, message)));
  }

  close(): Promise<void> {
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
    return Promise.resolve();
  }
}

class PostgresTransport implements Transport {
  readonly #receive: (text: string) => void;
  readonly #resync: () => void;
  readonly #url: string;
  readonly #logger: Logger;
  #client: pg.Client | undefined;
  #closed = false;
  #attempts = 0;

  constructor(url: string, receive: (text: string) => void, resync: () => void, logger: Logger) {
    this.#url = url;
    this.#receive = receive;
    this.#resync = resync;
    this.#logger = logger;
  }

  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'picket-fan-out',
    });
    client.on('error', () => undefined); // `end` follows
    client.on('notification', ({ payload }) => payload !== undefined && this.#receive(payload));
    await client.connect();
    client.on('end', () => this.#reconnect());
    await client.query(`LISTEN ${CHANNEL}`);
    this.#client = client;
    this.#attempts = 0;
  }

  async send(messages: readonly string[]): Promise<void> {
    const client = this.#client;
    if (!client) throw new Error('fan-out is not connected');
    await client.query('SELECT pg_notify($1, message) FROM unnest($2::text[]) AS message', [
      CHANNEL,
      messages,
    ]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end();
  }

  #reconnect(): void {
    if (this.#closed) return;
    this.#client = undefined;
    this.#attempts += 1;
    const waitMs = Math.random() * Math.min(10_000, 200 * 2 ** this.#attempts);
    setTimeout(() => {
      if (this.#closed) return;
      this.start().then(this.#resync, (error: unknown) => {
        this.#logger.warn({ error: String(error) }, 'fan-out lost its database');
        this.#reconnect();
      });
    }, waitMs).unref();
  }
}
