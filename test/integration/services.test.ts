import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';

import { describeWith, redis } from '../support/services/describe-with.ts';
import { createTestDatabase } from '../support/services/test-database.ts';

it('gives each test file an empty PostgreSQL 18 database', async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();

  const { rows } = await client.query('SHOW server_version');
  await client.end();
  await database.drop();

  expect(rows[0].server_version).toMatch(/^18/);
});

describeWith(redis, 'Redis', () => {
  it('answers', async () => {
    const client = new Redis(process.env['PICKET_TEST_REDIS_URL']!);

    const answer = await client.ping();
    await client.quit();

    expect(answer).toBe('PONG');
  });
});
