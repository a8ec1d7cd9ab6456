import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pino from 'pino';
import type { DataSource } from 'typeorm';

import type { Config } from '../../apps/control-plane/src/config/config.ts';
import { createDataSource } from '../../apps/control-plane/src/platform/database.ts';
import { formatGraphqlErrors } from '../../apps/control-plane/src/platform/graphql-errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

const logger = pino({ level: 'silent' });
let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  const settings = { DATABASE_URL: database.url, DATABASE_POOL_MAX: 2, DATABASE_STATEMENT_MS: 50 };
  dataSource = await createDataSource(settings as Config, logger).initialize();
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

it('ends a statement that takes too long, keeps the connection, and tells nobody what it was', async () => {
  const error: unknown = await dataSource
    .query('SELECT pg_sleep(60)')
    .catch((cause: unknown) => cause);

  const [told] = formatGraphqlErrors({ message: 'x', originalError: error }, logger);
  expect(told).toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
  expect(JSON.stringify(told)).not.toContain('pg_sleep');
  expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});
