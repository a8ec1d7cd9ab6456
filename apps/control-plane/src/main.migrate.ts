import { loadConfig } from './config/config.ts';
import { createDataSource } from './platform/database.ts';
import { createLogger } from './platform/logger.ts';
import { migrate } from './platform/migrate.ts';

/** Brings the schema up to date and ends. The hub does the same at its start; a Job of its own shows a failure before the new hub comes. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = createLogger(config.LOG_LEVEL);
  const dataSource = await createDataSource(config, logger).initialize();
  try {
    logger.info({ applied: await migrate(dataSource) }, 'migrations applied');
  } finally {
    await dataSource.destroy();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
