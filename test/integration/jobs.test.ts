import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { z } from 'zod';

import { loadConfig } from '../../apps/control-plane/src/config/config.ts';
import { defineJob, JobQueue, on } from '../../apps/control-plane/src/platform/jobs.ts';
import { migrateAsOwner } from '../../apps/control-plane/src/platform/migrate-as-owner.ts';
import { eventually } from '../support/hub/index.ts';
import { describeWith, redis } from '../support/services/describe-with.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

const somethingChanged = defineJob({
  name: 'something.changed',
  queue: 'something',
  payload: z.object({}),
  key: () => 'something',
  repeats: 'latest',
});

const ROUNDS = 50;

function suite(redisUrl: () => string | undefined): void {
  let database: TestDatabase;
  let jobs: JobQueue;

  beforeAll(async () => {
    database = await createTestDatabase();
    const config = loadConfig({
      ...database.env,
      REDIS_URL: redisUrl(),
      SIGNING_KEY_FILE: '-',
      TOKEN_SECRET_FILE: '-',
    });
    const logger = pino({ level: 'silent' });
    await migrateAsOwner({ ...config, ...database.env }, logger);
    jobs = new JobQueue(config, logger);
  });
  afterAll(async () => {
    await jobs?.close();
    await database?.drop();
  });

  // The work of such a job stands elsewhere. One that is lost leaves it undone until a sweep.
  it('runs again after what was asked for last, however it meets the run before', async () => {
    let asked = 0;
    let done = 0;
    jobs.work([
      on(somethingChanged, async () => {
        const seen = asked;
        await sleep(Math.random() * 4);
        done = seen;
      }),
    ]);
    for (let round = 0; round < ROUNDS; round++) {
      for (let burst = 0; burst < 5; burst++) {
        asked += 1;
        await jobs.enqueue(somethingChanged, {});
        await sleep(Math.random() * 6);
      }
      await eventually(() => expect(done).toBe(asked));
    }
    expect(jobs.lost).toBe(0);
  }, 120_000);
}

describeWith({ name: 'PostgreSQL', missing: undefined }, 'jobs on PostgreSQL', () =>
  suite(() => undefined),
);
describeWith(redis, 'jobs on Redis', () => suite(() => process.env['PICKET_TEST_REDIS_URL']));
