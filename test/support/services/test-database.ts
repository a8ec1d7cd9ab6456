import { randomUUID } from 'node:crypto';

import pg from 'pg';

export interface TestDatabase {
  /** As the superuser, for a test that looks behind the hub. */
  readonly url: string;
  /** What a hub on it is given: a role of its own, and who migrates. */
  readonly env: { readonly DATABASE_URL: string; readonly MIGRATION_DATABASE_URL: string };
  drop(): Promise<void>;
}

/** An empty database of its own on the run's PostgreSQL, so that test files do not see each other. */
export async function createTestDatabase(
  server = process.env['PICKET_TEST_DATABASE_URL'],
): Promise<TestDatabase> {
  if (!server) throw new Error('Run through `npm test`: its setup starts PostgreSQL');
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await execute(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const appUrl = new URL(url);
  appUrl.username = name;
  appUrl.password = randomUUID();
  return {
    url: url.href,
    env: { DATABASE_URL: appUrl.href, MIGRATION_DATABASE_URL: url.href },
    drop: async () => {
      await execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await execute(server, `DROP ROLE IF EXISTS ${name}`);
    },
  };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
