import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startPostgres } from '../../../apps/cli/src/embedded/postgres.ts';

export interface Service {
  readonly url: string;
  stop(): Promise<void>;
}

/** A throw-away PostgreSQL 18 in a temporary folder. */
export async function startTestPostgres(): Promise<Service> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'picket-test-postgres-'));
  const postgres = await startPostgres({ dataDir, durable: false });
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
