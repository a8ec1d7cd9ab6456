import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startPostgres } from '../embedded/postgres.ts';
import { Failure, exitCode } from '../exit-code.ts';
import { writePrivate } from '../private-file.ts';
import { ChildService } from './child-service.ts';
import { repositoryFile } from './repository.ts';
import type { Session } from './session.ts';

const run = promisify(execFile);

const READY_MS_MAX = 60_000;

export interface LocalHubOptions {
  readonly stateDir: string;
  /** The port of the last time, or one from the operating system, when absent. */
  readonly port?: number | undefined;
}

export interface LocalHub {
  readonly url: string;
  readonly tokenFile: string;
  /** The first admin's token, when this start made it. */
  readonly firstToken: string | undefined;
  /** Never resolves; throws a `Failure` when the hub or its database ends by itself. */
  readonly died: Promise<never>;
}

/** Starts PostgreSQL and the hub on it; all state lives in the folder, so a second start finds it. */
export async function startLocalHub(
  session: Session,
  { stateDir, port }: LocalHubOptions,
): Promise<LocalHub> {
  mkdirSync(stateDir, { recursive: true });
  const tokenFile = join(stateDir, 'admin-token');
  const isFirstStart = !existsSync(tokenFile);

  const postgres = await session.hold(
    () =>
      startPostgres({ dataDir: stateDir }).catch((error: Error) => {
        throw new Failure(
          exitCode.unreachable,
          `PostgreSQL did not start: ${error.message}`,
          error,
        );
      }),
    (started) => started.stop(),
  );
  const place = { stateDir, databaseUrl: postgres.appUrl, tokenFile };
  await migrate({ ...hubEnvironment({ ...place, port: 0 }), MIGRATION_DATABASE_URL: postgres.url });
  const chosenPort = port ?? (await lastPort(stateDir));
  const hub = await session.hold(
    () =>
      new ChildService({
        title: 'The hub',
        script: repositoryFile('apps/control-plane/dist/main.all.js'),
        // Node's default lets ten thousand streams grow the young generation to 128 MB that nobody needs.
        nodeFlags: ['--max-semi-space-size=8'],
        env: hubEnvironment({ ...place, port: chosenPort }),
        logFile: join(stateDir, 'hub.log'),
      }),
    (started) => started.stop(),
  );
  const died = Promise.race([
    hub.died,
    postgres.exited.then(() => 'PostgreSQL ended by itself.'),
  ]).then((why): never => {
    throw new Failure(exitCode.unreachable, why);
  });
  died.catch(() => undefined); // told by whoever waits for it

  const url = String((await Promise.race([hub.ready(READY_MS_MAX), died]))['url']);
  writeFileSync(join(stateDir, 'port'), new URL(url).port);
  const firstToken = isFirstStart ? readFileSync(tokenFile, 'utf8').trim() : undefined;
  return { url, tokenFile, firstToken, died };
}

/** In a process of its own: the hub itself never has the password of the database's owner. */
async function migrate(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const script = fileURLToPath(repositoryFile('apps/control-plane/dist/main.migrate.js'));
  await run(process.execPath, [script], { env }).catch((error: Error & { stderr?: string }) => {
    throw new Failure(
      exitCode.unreachable,
      `The database could not be brought up to date: ${error.stderr ?? error.message}`,
      error,
    );
  });
}

/** Tells other programs of this machine where the hub is and where its token lies, until the session ends. */
export async function publishConnection(
  session: Session,
  file: string,
  { url, tokenFile }: LocalHub,
): Promise<void> {
  const text = `${JSON.stringify({ url, tokenFile })}\n`;
  await session.hold(
    () => writePrivate(file, text),
    () => readFileSync(file, 'utf8') === text && rmSync(file),
  );
}

interface HubPlace {
  readonly stateDir: string;
  readonly databaseUrl: string;
  readonly port: number;
  readonly tokenFile: string;
}

function hubEnvironment(place: HubPlace): Record<string, string | undefined> {
  return {
    ...process.env,
    MALLOC_ARENA_MAX: '2', // what glibc keeps per thread would be a tenth of the hub's memory
    REDIS_URL: undefined, // the embedded shape needs none, and takes no stranger's
    DATABASE_URL: place.databaseUrl,
    MIGRATION_DATABASE_URL: undefined,
    HOST: '127.0.0.1',
    API_EXPLORER: 'true', // whoever reaches loopback may read the schema
    PORT: String(place.port),
    SIGNING_KEY_FILE: join(place.stateDir, 'signing-key.pem'),
    TOKEN_SECRET_FILE: join(place.stateDir, 'token-secret'),
    AUDIT_KEY_FILE: join(place.stateDir, 'audit-key.pem'),
    AUDIT_HEADS_FILE: join(place.stateDir, 'audit-heads.jsonl'),
    BOOTSTRAP_TOKEN_FILE: place.tokenFile,
  };
}

/** Agents know the hub by its URL, so it keeps its port, unless somebody took that meanwhile. 0 leaves the choice to the OS. */
async function lastPort(stateDir: string): Promise<number> {
  const file = join(stateDir, 'port');
  if (!existsSync(file)) return 0;
  const port = Number(readFileSync(file, 'utf8'));
  return (await isFree(port)) ? port : 0;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
