import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';

import { bootstrap, hashToken } from '../../apps/control-plane/src/access/tokens.ts';
import { type Config, loadConfig } from '../../apps/control-plane/src/config/config.ts';
import { createDataSource } from '../../apps/control-plane/src/platform/database.ts';
import { migrate } from '../../apps/control-plane/src/platform/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

let dir: string;
let file: string;
let database: TestDatabase;
let dataSource: DataSource;
let config: Config;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'picket-test-admin-'));
  file = path.join(dir, 'token');
  database = await createTestDatabase();
  config = loadConfig({
    DATABASE_URL: database.url,
    SIGNING_KEY_FILE: '-',
    TOKEN_SECRET_FILE: '-',
    BOOTSTRAP_TOKEN_FILE: file,
  });
  dataSource = await createDataSource(config, pino({ level: 'silent' })).initialize();
  await migrate(dataSource);
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
  await rm(dir, { recursive: true });
});

async function storedHashes(): Promise<string[]> {
  const rows = await dataSource.query('SELECT token_hash FROM api_tokens');
  return rows.map(({ token_hash: hash }: { token_hash: Buffer }) => hash.toString('hex'));
}

function hashOf(token: string): string {
  return hashToken(token).toString('hex');
}

it('the first admin’s token is made once, and only its owner may read the file', async () => {
  const made = [await bootstrap(dataSource, config), await bootstrap(dataSource, config)];

  const token = (await readFile(file, 'utf8')).trim();
  expect(made).toEqual([true, false]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await storedHashes()).toEqual([hashOf(token)]);
});

it('the first admin’s token is the one that the file holds already', async () => {
  const token = `picket_${'f'.repeat(64)}`;
  await writeFile(file, `${token}\n`);

  const made = await bootstrap(dataSource, config);

  expect(made).toBe(true);
  expect(await storedHashes()).toEqual([hashOf(token)]);
});

it('a first admin’s token that could be guessed is refused, and nothing is made', async () => {
  await writeFile(file, 'admin\n');

  await expect(bootstrap(dataSource, config)).rejects.toThrow('less than 32 characters');

  expect(await storedHashes()).toEqual([]);
  expect(await dataSource.query('SELECT 1 FROM organizations')).toEqual([]);
});
