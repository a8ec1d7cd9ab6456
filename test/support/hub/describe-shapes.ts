import { describe } from '@jest/globals';

import { describeWith, redis } from '../services/describe-with.ts';
import type { Service } from '../services/postgres.ts';
import { startTestRedis } from '../services/redis.ts';
import { createTestDatabase } from '../services/test-database.ts';

/** A database, and a Redis of its own where the shape has one. */
export interface Backends {
  /** Settings of a hub on them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Runs a suite on both queues: PostgreSQL alone (embedded), and Redis beside it. */
export function describeShapes(
  title: string,
  suite: (start: () => Promise<Backends>) => void,
): void {
  describe(`${title}, queue on PostgreSQL`, () => suite(() => start(undefined)));
  describeWith(redis, `${title}, queue on Redis`, () => suite(() => start(() => startTestRedis())));
}

async function start(startQueue: (() => Promise<Service>) | undefined): Promise<Backends> {
  const [database, queue] = await Promise.all([createTestDatabase(), startQueue?.()]);
  return {
    env: { ...database.env, ...(queue && { REDIS_URL: queue.url }) },
    async stop() {
      await queue?.stop();
      await database.drop();
    },
  };
}
