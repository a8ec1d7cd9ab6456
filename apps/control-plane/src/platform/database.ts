import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';

import type { Config } from '../config/config.ts';
import type { Logger } from './logger.ts';

/** The pool of this process. Every statement runs through it, so its `statements` is what a test counts. */
export function createDataSource(config: Config, logger: Logger): DataSource {
  return new DataSource({
    type: 'postgres',
    // Else TypeORM looks for it by name at run time, and a bundle has no node_modules.
    driver: pg,
    url: config.DATABASE_URL,
    applicationName: 'picket-hub',
    entities: [],
    poolSize: config.DATABASE_POOL_MAX,
    poolErrorHandler: (error: unknown) =>
      logger.warn({ error: String(error) }, 'a database connection broke'),
    extra: { connectionTimeoutMillis: 10_000, idleTimeoutMillis: 60_000 },
  });
}

/** Whoever can run SQL: the pool itself, or the transaction that a caller is in. */
export type Sql = Pick<EntityManager, 'query'>;

/** Runs `work` in one transaction; it commits when `work` resolves. */
export function inTransaction<T>(
  dataSource: DataSource,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  return dataSource.transaction((manager) => work(manager));
}
