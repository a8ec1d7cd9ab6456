import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import type { DataSource, QueryRunner } from 'typeorm';

import type { Sql } from './database.ts';

// Any constant will do; all hubs must use the same.
const LOCK = 7_051_994;

/** The folder with the SQL files: beside the bundle, or beside `src` when run from the sources. */
const FOLDERS = [
  path.join(import.meta.dirname, 'migrations'),
  path.join(import.meta.dirname, '..', '..', 'migrations'),
];

/**
 * Applies what is missing, in the order of file names, each in its own transaction, and then `finish` in another; replicas that start at
 * once wait for one another.
 */
export async function migrate(
  dataSource: DataSource,
  finish: (sql: Sql) => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const files = await migrationFiles();
  const runner = dataSource.createQueryRunner();
  const applied: string[] = [];
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await runner.query(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const done = new Set(
      (await runner.query('SELECT name FROM migrations')).map((row: { name: string }) => row.name),
    );
    for (const { name, file } of files.filter((migration) => !done.has(migration.name))) {
      const text = await readFile(file, 'utf8');
      await inOne(runner, async () => {
        await runner.query(text);
        await runner.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
      }).catch((cause: unknown) => {
        throw new Error(`Migration ${name} failed: ${String(cause)}`, { cause });
      });
      applied.push(name);
    }
    await inOne(runner, () => finish(runner));
    return applied;
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
    await runner.release();
  }
}

async function inOne(runner: QueryRunner, work: () => Promise<void>): Promise<void> {
  await runner.startTransaction();
  try {
    await work();
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw error;
  }
}

/** Whether every migration that this code knows has been applied. */
export async function isMigrated(dataSource: DataSource): Promise<boolean> {
  const files = await migrationFiles();
  const [row] = await dataSource.query(
    'SELECT count(*)::int AS count FROM migrations WHERE name = ANY($1)',
    [files.map(({ name }) => name)],
  );
  return row.count === files.length;
}

async function migrationFiles(): Promise<{ name: string; file: string }[]> {
  for (const folder of FOLDERS) {
    const files = await readdir(folder).catch(() => undefined);
    if (files)
      return files
        .filter((file) => file.endsWith('.sql'))
        .toSorted()
        .map((file) => ({ name: file.replace(/\.sql$/, ''), file: path.join(folder, file) }));
  }
  throw new Error(`No migrations in ${FOLDERS.join(' or ')}`);
}
