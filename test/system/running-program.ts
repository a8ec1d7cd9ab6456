import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { keepLog } from '../support/logs/kept-logs.js';
import { root } from './run-picket.ts';

/** A program that runs as from a terminal: in a process group of its own, which Ctrl-C reaches as a whole. */
export class RunningProgram {
  readonly #child: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      keepLog(chunk);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  pressCtrlC(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for the end and answers the exit code; null after a signal. */
  async ended(): Promise<number | null> {
    if (this.isRunning) await once(this.#child, 'close');
    return this.#child.exitCode;
  }

  /** Waits until it says so on standard output. */
  async says(words: string): Promise<void> {
    await until(() => this.stdout.includes(words) || !this.isRunning, 120_000);
    if (!this.stdout.includes(words)) throw new Error(`It ended:\n${this.stdout}\n${this.stderr}`);
  }
}

export async function until(isTrue: () => boolean, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`Still not so: ${isTrue.toString()}`);
    await sleep(50);
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process below this one, from /proc. */
export function descendantsOf(pid: number): Process[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readProcess);
  const below = (parent: number): Process[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
  return below(pid);
}

/** Whether it still runs; one that has ended and waits to be collected does not. */
export function isAlive({ pid }: Process): boolean {
  return readProcess(String(pid)).length > 0;
}

function readProcess(pid: string): Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return [];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return [{ pid: Number(pid), parent: Number(parent), command }];
  } catch {
    return [];
  }
}
