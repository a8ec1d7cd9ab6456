import { mkdtempSync, readFileSync, rmSync, statSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { runPicket } from './run-picket.ts';
import { RunningProgram, descendantsOf, isAlive, until } from './running-program.ts';

jest.setTimeout(180_000);

let folder: string;
let stateDir: string;
let programs: RunningProgram[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-up-'));
  stateDir = join(folder, '.picket');
  programs = [];
});

afterEach(async () => {
  for (const program of programs) {
    if (program.isRunning) program.pressCtrlC();
    await program.ended();
  }
  rmSync(folder, { recursive: true, force: true });
});

function up(command = process.execPath, args = ['apps/cli/entry/up.js']): RunningProgram {
  const program = new RunningProgram(command, [...args, '--state-dir', stateDir]);
  programs.push(program);
  return program;
}

function readConnection(): { url: string; tokenFile: string } {
  return JSON.parse(readFileSync(join(stateDir, 'connection.json'), 'utf8'));
}

describe('npm run up', () => {
  it('tells where the hub is, keeps its state, and leaves no process behind on Ctrl-C', async () => {
    const first = up();
    await first.says('Ctrl-C stops it');

    const { url, tokenFile } = readConnection();
    const token = readFileSync(tokenFile, 'utf8').trim();
    expect(first.stdout).toContain(url);
    expect(first.stdout).toContain(token);
    expect(statSync(join(stateDir, 'connection.json')).mode & 0o777).toBe(0o600);
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const registered = await runPicket(['cluster', 'register', 'kept', '-l', 'tier=prod'], {
      cwd: folder,
    });
    expect(registered).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('kind: Deployment'),
    });

    const processes = descendantsOf(first.pid);
    first.pressCtrlC();
    await first.ended();
    await until(() => !processes.some(isAlive), 30_000);
    expect(processes.map(({ command }) => command).join('\n')).toMatch(/postgres[^]*main\.all\.js/);
    expect(existsSync(join(stateDir, 'connection.json'))).toBe(false);

    const second = up();
    await second.says('Ctrl-C stops it');
    const clusters = await runPicket(['get', 'clusters'], { cwd: folder });
    expect(second.stdout).not.toContain(token);
    expect(second.stdout).toContain(tokenFile);
    expect(readConnection()).toEqual({ url, tokenFile });
    expect(clusters.stdout).toMatch(/^kept +invited .*tier=prod/m);
  });

  it('refuses a second hub on the same state, and then ends with a clear word when its own database dies', async () => {
    const first = up();
    await first.says('Ctrl-C stops it');
    const processes = descendantsOf(first.pid);

    const second = up();
    expect(await second.ended()).toBe(3);
    expect(second.stderr).toContain('is in use by another Picket');

    const database = processes.find(({ command }) => /\bpostgres -D/.test(command))!;
    process.kill(database.pid, 'SIGKILL');
    expect(await first.ended()).toBe(4);
    expect(first.stderr).toContain('PostgreSQL ended by itself');
    await until(() => !processes.some(isAlive), 30_000);
  });

  it('ends with the last words of the hub when that dies', async () => {
    const program = up();
    await program.says('Ctrl-C stops it');
    const processes = descendantsOf(program.pid);

    process.kill(processes.find(({ command }) => command.includes('main.all.js'))!.pid, 'SIGKILL');

    expect(await program.ended()).toBe(4);
    expect(program.stderr).toContain('The hub ended by itself (SIGKILL)');
    await until(() => !processes.some(isAlive), 30_000);
  });

  it('ends when the npm that runs it is told to', async () => {
    const program = up('npm', ['run', 'up', '--']);
    await program.says('Ctrl-C stops it');
    const processes = descendantsOf(program.pid);

    program.kill('SIGTERM');

    await until(() => !processes.some(isAlive), 30_000);
    expect(processes.length).toBeGreaterThan(3);
  });

  it('leaves no process behind when it is killed, and starts again from what it left', async () => {
    const first = up();
    await first.says('Ctrl-C stops it');
    const processes = descendantsOf(first.pid);

    first.kill('SIGKILL');
    await until(() => !processes.some(isAlive), 60_000);

    const second = up();
    await second.says('Ctrl-C stops it');
    expect((await fetch(`${readConnection().url}/readyz`)).status).toBe(200);
  });
});
