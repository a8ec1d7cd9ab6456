import { randomUUID } from 'node:crypto';

import pg from 'pg';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** An empty database of its own on the run's PostgreSQL, so that test files do not see each other. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['PICKET_TEST_DATABASE_URL'];
  if (!server) throw new Error('Run through `npm test`: its setup starts PostgreSQL');
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await execute(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
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
