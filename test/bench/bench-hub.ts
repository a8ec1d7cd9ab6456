import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { endWithUs } from '../../apps/cli/src/embedded/end-with-us.ts';
import { type EmbeddedPostgres, startPostgres } from '../../apps/cli/src/embedded/postgres.ts';
import { certificateFor } from '../support/kube-simulator/certificate.ts';
import { cpuSecondsOf, cpuSecondsOfTree, residentBytesOf } from './processes.ts';
import { RawHttp } from './raw-http.ts';

/** As `picket up` and the image start it. */
const NODE_FLAG = '--max-semi-space-size=8';

type Data = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- answers of GraphQL

/** A hub in embedded shape on a durable PostgreSQL of its own, with what it costs. */
export class BenchHub {
  readonly #dir: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly postgres: EmbeddedPostgres;
  #child: ChildProcess | undefined;
  #http: RawHttp | undefined;
  url = '';
  token = '';

  private constructor(
    dir: string,
    postgres: EmbeddedPostgres,
    env: Readonly<Record<string, string>>,
  ) {
    this.#dir = dir;
    this.postgres = postgres;
    this.#env = {
      PATH: process.env['PATH'],
      MALLOC_ARENA_MAX: '2',
      DATABASE_URL: postgres.appUrl,
      MIGRATION_DATABASE_URL: postgres.url,
      PORT: '0',
      LOG_LEVEL: 'warn',
      RATE_REQUESTS_MAX: '0', // one token asks here as a fleet does
      SIGNING_KEY_FILE: path.join(dir, 'signing-key.pem'),
      TOKEN_SECRET_FILE: path.join(dir, 'token-secret'),
      BOOTSTRAP_TOKEN_FILE: path.join(dir, 'admin-token'),
      ...env,
    };
  }

  /** `tls`: the hub itself speaks HTTPS, with a certificate made for this run. */
  static async start({
    env = {},
    tls = false,
  }: { env?: Readonly<Record<string, string>>; tls?: boolean } = {}): Promise<BenchHub> {
    const dir = mkdtempSync(path.join(tmpdir(), 'picket-bench-'));
    const hub = new BenchHub(dir, await startPostgres({ dataDir: dir }), {
      ...env,
      ...(tls && (await certificateFiles(dir))),
    });
    await hub.up();
    return hub;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** CPU seconds so far, and resident bytes now. */
  cost(): { hub: number; postgres: number; bytes: number } {
    return {
      hub: cpuSecondsOf(this.pid),
      postgres: cpuSecondsOfTree(this.postgres.pid),
      bytes: residentBytesOf(this.pid),
    };
  }

  /** Starts the process, on the port of the last time. */
  async up(): Promise<void> {
    const port = this.url === '' ? {} : { PORT: new URL(this.url).port };
    const child = spawn(process.execPath, [NODE_FLAG, 'apps/control-plane/dist/main.all.js'], {
      env: { ...this.#env, ...port },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endWithUs(child);
    this.#child = child;
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    this.url = (JSON.parse(line.toString()) as { url: string }).url;
    this.token = readFileSync(path.join(this.#dir, 'admin-token'), 'utf8').trim();
  }

  async down(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async stop(): Promise<void> {
    await this.down();
    await this.postgres.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async ask(query: string, variables: object = {}): Promise<Data> {
    this.#http ??= new RawHttp(this.url, 16);
    const { body } = await this.#http.request(
      'POST',
      '/graphql',
      `authorization: Bearer ${this.token}\r\ncontent-type: application/json\r\n`,
      JSON.stringify({ query, variables }),
    );
    const { data, errors } = JSON.parse(body.toString()) as { data: Data; errors?: Data[] };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  async apply(yaml: string): Promise<void> {
    const { applyDocuments } = await this.ask(
      `mutation ($input: ApplyDocumentsInput!) { applyDocuments(input: $input) { problems { path message severity } } }`,
      { input: { yaml } },
    );
    if (applyDocuments.problems.some(({ severity }: Data) => severity === 'error'))
      throw new Error(JSON.stringify(applyDocuments.problems));
  }
}

async function certificateFiles(dir: string): Promise<Readonly<Record<string, string>>> {
  const { cert, key } = await certificateFor('localhost');
  const files = {
    TLS_CERT_FILE: path.join(dir, 'cert.pem'),
    TLS_KEY_FILE: path.join(dir, 'key.pem'),
  };
  writeFileSync(files.TLS_CERT_FILE, cert);
  writeFileSync(files.TLS_KEY_FILE, key, { mode: 0o600 });
  return files;
}
