import pg from 'pg';
import { DataSource, type EntityManager, type Logger as TypeOrmLogger } from 'typeorm';

import type { Config } from '../config/config.ts';
import type { Logger } from './logger.ts';
import { PreparingClient } from './preparing-client.ts';
import { types } from './timestamps.ts';

/** Counts the statements of this process, for `/metrics`: a number that grows with the length of a list is a bug. */
export class StatementCounter implements TypeOrmLogger {
  count = 0;

  logQuery(): void {
    this.count += 1;
  }
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

/** The pool of this process. */
export function createDataSource(
  config: Config,
  logger: Logger,
  statements = new StatementCounter(),
): DataSource {
  return new DataSource({
    type: 'postgres',
    // Else TypeORM looks for it by name at run time, and a bundle has no node_modules.
    driver: pg,
    url: config.DATABASE_URL,
    applicationName: 'picket-hub',
    entities: [],
    logger: statements,
    poolSize: config.DATABASE_POOL_MAX,
    poolErrorHandler: (error: unknown) =>
      logger.warn({ error: String(error) }, 'a database connection broke'),
    extra: {
      types,
      ...(config.DATABASE_PREPARE && { Client: PreparingClient }),
      // Two transactions that wait for each other's locks, or a plan gone wrong, must not hold a connection for good.
      ...(config.DATABASE_STATEMENT_MS > 0 && { statement_timeout: config.DATABASE_STATEMENT_MS }),
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
    },
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
