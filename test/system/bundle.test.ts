import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

jest.setTimeout(60_000);

let database: TestDatabase;
let dir: string;
beforeAll(async () => {
  database = await createTestDatabase();
  dir = await mkdtemp(path.join(tmpdir(), 'picket-bundle-'));
  await cp('apps/control-plane/dist', dir, { recursive: true });
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await database?.drop();
});

function start(main: string, env: Readonly<Record<string, string>>): ReturnType<typeof run> {
  return run(
    spawn(process.execPath, [path.join(dir, `${main}.js`)], {
      cwd: dir,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}
function run(child: ReturnType<typeof spawn>): {
  child: typeof child;
  said: () => string;
  ended: Promise<number | null>;
} {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, said: () => text, ended: once(child, 'close').then(() => child.exitCode) };
}

describe.each(['main.all', 'main.api', 'main.worker'])(
  'the bundle %s, with nothing but Node around it',
  (main) => {
    it('lists every problem of a bad environment and ends', async () => {
      const { said, ended } = start(main, { PORT: 'many', LOG_LEVEL: 'loud' });

      expect(await ended).toBe(1);
      for (const name of [
        'DATABASE_URL',
        'SIGNING_KEY_FILE',
        'TOKEN_SECRET_FILE',
        'PORT',
        'LOG_LEVEL',
      ])
        expect(said()).toContain(name);
    });

    it('starts, migrates, says that it is ready, and ends when it is told to', async () => {
      const { child, said, ended } = start(main, {
        ...database.env,
        SIGNING_KEY_FILE: path.join(dir, 'signing.pem'),
        TOKEN_SECRET_FILE: path.join(dir, 'secret'),
        PORT: '0',
      });
      await Promise.race([
        ended,
        new Promise<void>((resolve) => child.stdout?.on('data', () => resolve())),
      ]);

      const line =
        said()
          .split('\n')
          .find((text) => text.includes('"ready":true')) ?? '{}';
      const { url } = JSON.parse(line) as { url: string };
      const ready = await fetch(`${url}/readyz`);
      child.kill('SIGTERM');

      expect(await ready.json()).toEqual({ database: 'ok', migrations: 'ok', queue: 'ok' });
      expect(await ended).toBe(0);
    });
  },
);
