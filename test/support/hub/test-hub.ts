import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { endWithUs } from '../../../apps/cli/src/embedded/end-with-us.ts';
import { keepLog } from '../logs/kept-logs.js';
import { createTestDatabase } from '../services/test-database.ts';

const BUNDLES = path.resolve('apps/control-plane/dist');

/** Which process: API and worker in one, or one of them. */
export type Main = 'main.all' | 'main.api' | 'main.worker';

export type Data = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- answers of GraphQL, read freely by tests

export interface Answer {
  readonly data: Data;
  readonly errors: readonly {
    readonly message: string;
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

/** The hub as it is shipped, in a process of its own, on a database of its own. */
export class TestHub {
  readonly #env: Readonly<Record<string, string>>;
  readonly #dir: string;
  readonly #main: Main;
  readonly #dispose: () => Promise<void>;
  #child: ChildProcess | undefined;
  #log = '';
  url = '';
  adminToken = '';

  private constructor(
    dir: string,
    env: Readonly<Record<string, string>>,
    dispose: () => Promise<void>,
    main: Main,
  ) {
    this.#dir = dir;
    this.#main = main;
    this.#env = env;
    this.#dispose = dispose;
  }

  static async start(
    env: Readonly<Record<string, string>> = {},
    main: Main = 'main.all',
  ): Promise<TestHub> {
    const dir = await mkdtemp(path.join(tmpdir(), 'picket-test-hub-'));
    const database = env['DATABASE_URL'] === undefined ? await createTestDatabase() : undefined;
    const hub = new TestHub(
      dir,
      {
        SIGNING_KEY_FILE: path.join(dir, 'signing-key.pem'),
        TOKEN_SECRET_FILE: path.join(dir, 'token-secret'),
        BOOTSTRAP_TOKEN_FILE: path.join(dir, 'admin-token'),
        LOG_LEVEL: 'debug', // the more they say, the more the look for secrets at the end is worth
        // Tests ask more than people do; rate limits have a test of their own.
        RATE_REQUESTS_MAX: '0',
        RATE_FAILED_SIGN_INS_MAX: '0',
        PORT: '0',
        ...database?.env,
        ...env,
      },
      async () => {
        await database?.drop();
        await rm(dir, { recursive: true, force: true });
      },
      main,
    );
    await hub.up().catch(async (error: unknown) => {
      await hub.#dispose();
      throw error;
    });
    return hub;
  }

  /** Another process of the same hub: same database, queue and keys, a port of its own. */
  async replica(
    env: Readonly<Record<string, string>> = {},
    main: Main = this.#main,
  ): Promise<TestHub> {
    const other = new TestHub(this.#dir, { ...this.#env, ...env }, () => Promise.resolve(), main);
    await other.up();
    return other;
  }

  /** Its database as the role that it connects as. */
  get appDatabaseUrl(): string {
    return this.#env['DATABASE_URL'] ?? '';
  }

  /** Where its data is, as the owner, for a test that looks behind it. */
  get databaseUrl(): string {
    return this.#env['MIGRATION_DATABASE_URL'] ?? '';
  }

  /** What the hub said on its standard error. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it, on the port of the last time. */
  async up(): Promise<void> {
    const port = this.url === '' ? {} : { PORT: new URL(this.url).port };
    const child = spawn(process.execPath, [path.join(BUNDLES, `${this.#main}.js`)], {
      env: { PATH: process.env['PATH'], ...this.#env, ...port },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWithUs(child);
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
      keepLog(chunk);
    });
    this.url = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const line = said.split('\n').find((text) => text.includes('"ready":true'));
        if (line) resolve((JSON.parse(line) as { url: string }).url);
      });
      child.once('exit', () => reject(new Error(`The hub did not start:\n${this.#log}`)));
    });
    this.adminToken = (await readFile(path.join(this.#dir, 'admin-token'), 'utf8')).trim();
  }

  /** SIGTERM lets it finish what it accepted; SIGKILL is a power cut. */
  async down(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async stop(): Promise<void> {
    await this.down();
    await this.#dispose();
  }

  /** GraphQL as the administrator; errors are answers too. */
  async query(query: string, variables: object = {}, token = this.adminToken): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors = [] } = (await response.json()) as Partial<Answer>;
    return { data: data ?? {}, errors };
  }

  /** The data of an operation that must succeed. */
  async ask(query: string, variables: object = {}): Promise<Data> {
    const { data, errors } = await this.query(query, variables);
    if (errors.length > 0)
      throw new Error(errors.map(({ message }) => message).join('\n') + JSON.stringify(errors));
    return data;
  }

  /** Registers a cluster. */
  async register(
    name: string,
    labels: object = {},
    project = 'default',
  ): Promise<{ id: string; joinToken: string; manifest: string }> {
    const { registerCluster } = await this.ask(
      `mutation ($input: RegisterClusterInput!) {
        registerCluster(input: $input) { joinToken manifest cluster { id } }
      }`,
      { input: { project, name, labels } },
    );
    const { cluster, joinToken, manifest } = registerCluster;
    return { id: cluster.id, joinToken, manifest };
  }

  /** Applies documents that must be valid. */
  async apply(yaml: string, project = 'default'): Promise<Data> {
    const { applyDocuments } = await this.ask(
      `mutation ($input: ApplyDocumentsInput!) {
        applyDocuments(input: $input) {
          results { kind name action warnings } problems { path message severity }
        }
      }`,
      { input: { yaml, project } },
    );
    if (applyDocuments.problems.some(({ severity }: Data) => severity === 'error'))
      throw new Error(JSON.stringify(applyDocuments.problems, null, 2));
    return applyDocuments;
  }
}
