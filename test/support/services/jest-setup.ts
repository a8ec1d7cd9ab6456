import { startTestPostgres, type Service } from './postgres.ts';
import { startTestRedis } from './redis.ts';

declare global {
  var picketTestServices: Promise<readonly Service[]> | undefined;
}

/** Starts PostgreSQL and Redis once per run, however many projects ask. Their URLs reach the test files by environment. */
// oxlint-disable-next-line import/no-default-export -- Jest takes a global setup by its default export
export default async function setup(): Promise<void> {
  globalThis.picketTestServices ??= start();
  await globalThis.picketTestServices;
}

async function start(): Promise<readonly Service[]> {
  const postgres = await startTestPostgres();
  process.env['PICKET_TEST_DATABASE_URL'] = postgres.url;
  try {
    const redis = await startTestRedis();
    process.env['PICKET_TEST_REDIS_URL'] = redis.url;
    return [postgres, redis];
  } catch (error) {
    process.env['PICKET_TEST_REDIS_MISSING'] = String(error);
    return [postgres];
  }
}
