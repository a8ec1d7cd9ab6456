import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './free-port.ts';
import type { Service } from './postgres.ts';

const run = promisify(execFile);

/** Starts a Redis without persistence on loopback, on a free port unless one is given. Throws, with the reason, where none can be had. */
export async function startTestRedis(givenPort?: number): Promise<Service> {
  const { program, env } = await findRedis();
  const dir = await mkdtemp(path.join(tmpdir(), 'picket-test-redis-'));
  const port = givenPort ?? (await freePort());
  const server = spawn(
    program,
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('eady to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`redis-server ended at start (${code})`)));
  });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill('SIGTERM');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The redis-server on the PATH; else, on Debian, the packages of it unpacked into the cache (nothing is installed). */
async function findRedis(): Promise<{ program: string; env: Record<string, string> }> {
  const onPath = await run('redis-server', ['--version']).catch(() => undefined);
  if (onPath) return { program: 'redis-server', env: {} };

  const root = path.join(homedir(), '.cache', 'picket', 'redis');
  const program = path.join(root, 'usr/bin/redis-check-rdb');
  if (!(await works(program, root))) await unpackDebianRedis(root);
  if (!(await works(program, root))) throw new Error('No redis-server: install Redis 6 or later.');
  return { program: path.join(root, 'usr/bin/redis-server'), env: libraries(root) };
}

function libraries(root: string): Record<string, string> {
  return { LD_LIBRARY_PATH: path.join(root, 'usr/lib', 'x86_64-linux-gnu') };
}

function works(program: string, root: string): Promise<boolean> {
  const env = { ...process.env, ...libraries(root) };
  return run(program, ['--version'], { env }).then(
    () => true,
    () => false,
  );
}

async function unpackDebianRedis(root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  const packages = ['redis-tools', 'redis-server', 'liblzf1', 'libjemalloc2', 'liblua5.1-0'];
  const more = ['lua-bitop', 'lua-cjson', 'libatomic1'];
  try {
    await run('apt-get', ['update']).catch(() => undefined);
    await run('apt-get', ['download', ...packages, ...more], { cwd: root });
  } catch (cause) {
    throw new Error('No redis-server on the PATH, and none to be had from Debian packages', {
      cause,
    });
  }
  const files = (await readdir(root)).filter((file) => file.endsWith('.deb'));
  for (const file of files) await run('dpkg', ['-x', path.join(root, file), root]);
}
