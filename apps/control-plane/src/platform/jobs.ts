import { createPostgresBackend, Queue, UnrecoverableError, Worker } from 'bullmq';
import { DomainError } from '@picket/kernel';
import type { z } from 'zod';

import type { Config } from '../config/config.ts';
import type { Logger } from './logger.ts';

/**
 * A past fact in a queue. `repeats: 'once'` runs once per key; `'latest'` runs again once after the running one, whatever came meanwhile.
 * A key has no ":" and is not only digits (BullMQ).
 */
export interface JobDefinition<Payload> {
  readonly name: string;
  readonly queue: string;
  readonly payload: z.ZodType<Payload>;
  readonly key: (payload: Payload) => string;
  readonly repeats: 'once' | 'latest';
}

/** Where BullMQ keeps its tables when there is no Redis. */
export const QUEUE_SCHEMA = 'jobs';

export function defineJob<Payload>(definition: JobDefinition<Payload>): JobDefinition<Payload> {
  return definition;
}

/** A definition and what to do with it; the payload is parsed when it comes out, too. */
export interface JobHandler {
  readonly name: string;
  readonly queue: string;
  run(data: unknown): Promise<void>;
}

export function on<Payload>(
  { name, queue, payload }: JobDefinition<Payload>,
  handle: (payload: Payload) => Promise<void>,
): JobHandler {
  return { name, queue, run: (data) => handle(payload.parse(data)) };
}

type AnyQueue = Pick<Queue, 'add' | 'close' | 'getJobCounts' | 'getWaiting'> & {
  on(event: 'error', listener: (error: Error) => void): unknown;
};

/**
 * A worker that was killed leaves its job to others after at most 15 s, and until then nobody takes the next of its key. A job is not to
 * blame for being killed: it may start again as often as it takes.
 */
const WHEN_KILLED = { lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 100 };

/** How long a job that runs may go on when the process is to end; what it leaves undone is found in the database again. */
const RUNNING_MAX_MS = 10_000;
/** After an outage of Redis the close of a BullMQ connection can wait for an answer that never comes. */
const CLOSE_MAX_MS = 1_000;

/** The one door to the queue: BullMQ on Redis when there is one, else on PostgreSQL in the schema `jobs`. */
export class JobQueue {
  readonly #queues = new Map<string, AnyQueue>();
  readonly #workers: Worker[] = [];
  readonly #config: Config;
  readonly #logger: Logger;
  /** Jobs that the queue did not take. */
  lost = 0;

  constructor(config: Config, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /**
   * Tells the worker. A queue that is away fails no request: what a job speaks of is in the database already (a stale mark, an inbox), and
   * the worker's sweep finds it there.
   */
  async enqueue<Payload>(job: JobDefinition<Payload>, payload: Payload): Promise<void> {
    try {
      await this.#add(job, payload);
    } catch (error) {
      this.lost += 1;
      this.#logger.warn(
        { jobName: job.name, error: String(error) },
        'the queue took no job; the sweep will find its work',
      );
    }
  }

  async #add<Payload>(job: JobDefinition<Payload>, payload: Payload): Promise<void> {
    const id = job.key(payload);
    await this.#queue(job.queue).add(job.name, job.payload.parse(payload), {
      ...(job.repeats === 'once'
        ? { jobId: id }
        : { deduplication: { id, keepLastIfActive: true } }),
      attempts: 8,
      backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
      removeOnComplete: { age: 3_600, count: 1_000 },
      removeOnFail: { age: 604_800, count: 10_000 },
    });
  }

  /** Starts taking jobs of these handlers, one worker per queue. Only the worker process calls this. */
  work(handlers: readonly JobHandler[]): void {
    for (const queue of new Set(handlers.map((handler) => handler.queue))) {
      const own = handlers.filter((handler) => handler.queue === queue);
      const process = async ({ name, data }: { name: string; data: unknown }): Promise<void> => {
        const handler = own.find((candidate) => candidate.name === name);
        if (!handler) throw new UnrecoverableError(`No handler for ${name}`);
        try {
          await handler.run(data);
        } catch (error) {
          this.#logger.warn({ jobName: name, error: String(error) }, 'a job failed');
          if (error instanceof DomainError && error.kind !== 'unavailable')
            throw new UnrecoverableError(error.code);
          throw error;
        }
      };
      const worker = this.#config.REDIS_URL
        ? new Worker(queue, process, {
            ...WHEN_KILLED,
            connection: { url: this.#config.REDIS_URL, maxRetriesPerRequest: null },
            prefix: 'picket',
          })
        : (new Worker(
            queue,
            process,
            { ...WHEN_KILLED, connection: this.#postgres() },
            createPostgresBackend,
          ) as unknown as Worker);
      worker.on('error', (error) =>
        this.#logger.warn({ queue, error: String(error) }, 'the queue is unreachable'),
      );
      this.#workers.push(worker);
    }
  }

  /** Jobs that wait, per queue that this process has touched: for readiness and metrics. */
  async depths(): Promise<Record<string, number>> {
    const depths: Record<string, number> = {};
    for (const [name, queue] of this.#queues) {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
      depths[name] = (counts['waiting'] ?? 0) + (counts['delayed'] ?? 0);
    }
    return depths;
  }

  /** Opens the queue and asks it something; throws when it is away. */
  async check(): Promise<void> {
    await this.#queue('policy-sets').getJobCounts('waiting');
  }

  /** Lets running jobs finish, takes no more, then closes. Waits for no connection that has stopped answering. */
  async close(): Promise<void> {
    await atMost(
      RUNNING_MAX_MS,
      this.#workers.map((worker) => worker.close()),
    );
    await atMost(
      CLOSE_MAX_MS,
      [...this.#queues.values()].map((queue) => queue.close()),
    );
  }

  #queue(name: string): AnyQueue {
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = this.#config.REDIS_URL
        ? (new Queue(name, {
            connection: {
              url: this.#config.REDIS_URL,
              maxRetriesPerRequest: 1,
              enableOfflineQueue: true,
            },
            prefix: 'picket',
          }) as unknown as AnyQueue)
        : (new Queue(
            name,
            { connection: this.#postgres() },
            createPostgresBackend,
          ) as unknown as AnyQueue);
      queue.on('error', (error) =>
        this.#logger.warn({ queue: name, error: String(error) }, 'the queue is unreachable'),
      );
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #postgres(): { connectionString: string; schema: string; max: number } {
    return { connectionString: this.#config.DATABASE_URL, schema: QUEUE_SCHEMA, max: 4 };
  }
}

/** Waits until all is done, or that long. */
async function atMost(ms: number, work: readonly Promise<unknown>[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([Promise.allSettled(work), promise]);
  clearTimeout(timer);
}
