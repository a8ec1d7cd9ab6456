import { setTimeout as sleep } from 'node:timers/promises';

import { LATEST_SCHEMA_VERSION, runMigrations } from 'bullmq';
import pg from 'pg';
import type { DataSource } from 'typeorm';

import type { Config } from '../config/config.ts';
import { grantTo, prepareAppRole } from './app-role.ts';
import { createDataSource } from './database.ts';
import { QUEUE_SCHEMA } from './jobs.ts';
import type { Logger } from './logger.ts';
import { isMigrated, migrate } from './migrate.ts';

const WAIT_MS = 60_000;

/** Brings the schemas of hub and queue up to date as their owner, and gives the role that the hub connects as what it needs, no more. */
export async function migrateAsOwner(
  config: Config & { readonly MIGRATION_DATABASE_URL: string },
  logger: Logger,
): Promise<void> {
  const { DATABASE_URL: appUrl, MIGRATION_DATABASE_URL: url, REDIS_URL } = config;
  const owner = await createDataSource(
    { ...config, DATABASE_URL: url, DATABASE_POOL_MAX: 2, DATABASE_STATEMENT_MS: 0 },
    logger,
  ).initialize();
  try {
    const role = await prepareAppRole(owner, appUrl);
    if (!REDIS_URL) await migrateQueue(url, role);
    const [{ schema }] = await owner.query('SELECT current_schema() AS schema');
    const schemas = [schema, ...(REDIS_URL ? [] : [QUEUE_SCHEMA])];
    const applied = await migrate(owner, (sql) => grantTo(sql, role, schemas));
    logger.info({ applied, role }, 'migrations applied');
  } finally {
    await owner.destroy();
  }
}

/** Waits for whoever migrates. Throws, with what to do, when nobody does. */
export async function untilMigrated(dataSource: DataSource, logger: Logger): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  for (let tries = 0; ; tries += 1) {
    // Before the first migration there is no table, and before its end no right to read it.
    const isDone = await isMigrated(dataSource).catch((error: unknown) => {
      if (['42P01', '42501'].includes((error as { code?: string }).code ?? '')) return false;
      throw error;
    });
    if (isDone) return;
    if (performance.now() > deadline)
      throw new Error(
        'The database lacks migrations: run main.migrate, or give MIGRATION_DATABASE_URL. deploy/hub/database.md says how',
      );
    if (tries === 0) logger.info({}, 'the database lacks migrations; waiting for them');
    await sleep(250);
  }
}

/**
 * The hub's role may make things in the schema of the queue, and BullMQ's migrations take names from there: what it made must not be run by
 * the owner, so before them it may make nothing more, and anything but a counter of jobs is refused.
 */
async function migrateQueue(url: string, role: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    if ((await queueVersion(client)) === LATEST_SCHEMA_VERSION) return;
    const schema = pg.escapeIdentifier(QUEUE_SCHEMA);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await client.query(`REVOKE CREATE ON SCHEMA ${schema} FROM ${pg.escapeIdentifier(role)}`);
    const { rows } = await client.query(
      `SELECT pg_describe_object(classid, objid, 0) AS thing FROM pg_shdepend d
       WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND refclassid = 'pg_authid'::regclass AND refobjid = $1::regrole AND deptype = 'o'
         AND NOT EXISTS (SELECT FROM pg_class WHERE classid = 'pg_class'::regclass AND oid = objid AND relkind = 'S')`,
      [pg.escapeIdentifier(role)],
    );
    if (rows.length > 0)
      throw new Error(
        `The role ${role} has made things that are not its own to make, ${rows[0].thing} for one: somebody used its password. DROP OWNED BY it`,
      );
    await runMigrations(client, QUEUE_SCHEMA);
  } finally {
    await client.end();
  }
}

async function queueVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS exists', [
    `${QUEUE_SCHEMA}.migration`,
  ]);
  if (!rows[0].exists) return 0;
  const versions = await client.query(
    `SELECT max(version) AS version FROM ${QUEUE_SCHEMA}.migration`,
  );
  return versions.rows[0].version ?? 0;
}
