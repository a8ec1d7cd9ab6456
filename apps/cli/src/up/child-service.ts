import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import { Failure, exitCode } from '../exit-code.ts';
import { LogFile } from './log-file.ts';
import { repositoryFile } from './repository.ts';

const STOP_MS_MAX = 20_000;

export interface ChildServiceOptions {
  /** How people call it, such as `The hub`. */
  readonly title: string;
  readonly script: URL;
  readonly args?: readonly string[];
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
}

/** A Node process that belongs to this one: it ends with it, its log goes to a file, and its end is told with its last words. */
export class ChildService {
  readonly #title: string;
  readonly #child: ChildProcess;
  readonly #log: LogFile;
  #stopping = false;
  /** Resolves with what to tell people when the process ends though nobody stopped it. */
  readonly died: Promise<string>;

  constructor({ title, script, args = [], nodeFlags = [], env, logFile }: ChildServiceOptions) {
    this.#title = title;
    this.#log = new LogFile(logFile);
    const preload = ['--import', repositoryFile('apps/cli/entry/exit-with-parent.js').href];
    const child = spawn(
      process.execPath,
      [...nodeFlags, ...preload, fileURLToPath(script), ...args],
      {
        env,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // Not in our process group: Ctrl-C reaches us alone, and we stop things in the right order.
        detached: true,
      },
    );
    child.stdout?.on('data', (chunk: Buffer) => this.#log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#log.write(chunk));
    this.#child = child;
    this.died = once(child, 'close').then(([code, signal]) => {
      this.#log.close();
      return this.#stopping ? new Promise<never>(() => {}) : this.#lastWords(signal ?? code);
    });
  }

  /** Waits for the line of JSON that says `"ready": true` and answers it. Throws a `Failure` when the process ends before. */
  async ready(timeoutMs: number): Promise<Readonly<Record<string, unknown>>> {
    const aborting = new AbortController();
    const late = sleep(timeoutMs, undefined, { ref: false, signal: aborting.signal }).then(
      () => `${this.#title} was not ready after ${timeoutMs / 1000} s. Its log: ${this.#log.path}`,
    );
    const answer = await Promise.race([this.#readyLine(), this.died, late.catch(() => '')]);
    aborting.abort();
    if (typeof answer === 'string') throw new Failure(exitCode.unreachable, answer);
    return answer;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    this.#stopping = true;
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await closed;
    clearTimeout(timer);
  }

  #readyLine(): Promise<Readonly<Record<string, unknown>>> {
    let said = '';
    return new Promise((resolve) => {
      this.#child.stdout?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-65_536);
        const line = said
          .split('\n')
          .map(parseLine)
          .find((value) => value?.['ready'] === true);
        if (line) resolve(line);
      });
    });
  }

  #lastWords(how: string | number): string {
    const tail = this.#log.tail.trim().split('\n').slice(-15).join('\n');
    return `${this.#title} ended by itself (${how}). Its last words, from ${this.#log.path}:\n${tail}`;
  }
}

function parseLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(line));
  } catch {
    return undefined;
  }
}
