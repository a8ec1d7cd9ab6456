import { loadConfig } from './config/config.ts';
import { createLogger } from './platform/logger.ts';
import { migrateAsOwner } from './platform/migrate-as-owner.ts';

/** Brings the schema up to date as its owner, and ends. The processes of the hub wait for it. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const { MIGRATION_DATABASE_URL } = config;
  if (!MIGRATION_DATABASE_URL)
    throw new Error(
      'MIGRATION_DATABASE_URL: the database as the owner of its tables; DATABASE_URL is the role that the hub connects as',
    );
  await migrateAsOwner({ ...config, MIGRATION_DATABASE_URL }, createLogger(config.LOG_LEVEL));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
