import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { endWithUs } from '../../../apps/cli/src/embedded/end-with-us.ts';
import { type ImageSpec, readDockerfile } from './dockerfile.ts';

/**
 * What an image would hold, without an engine: a folder outside of the repository with a Node, the files that the last stage of the
 * Dockerfile copies, and nothing else. Nobody may write to it, and programs run in it as the image's user when the test may choose that.
 */
export class UnpackedImage {
  readonly spec: ImageSpec;
  readonly #dir: string;

  private constructor(spec: ImageSpec, dir: string) {
    this.spec = spec;
    this.#dir = dir;
  }

  /** @param name of the Dockerfile in deploy/images, without `.Dockerfile`; the bundles must have been built */
  static async unpack(name: string): Promise<UnpackedImage> {
    const spec = await readDockerfile(path.resolve(`deploy/images/${name}.Dockerfile`));
    const dir = await mkdtemp(path.join(tmpdir(), `picket-test-image-${name}-`));
    const app = path.join(dir, 'app');
    await mkdir(app);
    await copyFile(process.execPath, path.join(dir, 'node'));
    for (const [from, to] of spec.copies)
      await cp(path.resolve(from), path.join(app, to), { recursive: true });
    const inside = await readdir(dir, { recursive: true, withFileTypes: true });
    for (const entry of inside) await chmod(path.join(entry.parentPath, entry.name), 0o555);
    await chmod(dir, 0o555);
    return new UnpackedImage(spec, dir);
  }

  /** Runs the image with these arguments in place of its CMD, as `docker run IMAGE ARGS` would. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): ImageProcess {
    return this.#spawn([...this.spec.entrypoint, ...args], env);
  }

  /** Runs the HEALTHCHECK of the image, with the environment of the container. */
  checkHealth(env: Readonly<Record<string, string>>): ImageProcess {
    return this.#spawn(this.spec.healthcheck ?? [], env);
  }

  #spawn([node, ...args]: readonly string[], env: Readonly<Record<string, string>>): ImageProcess {
    if (node !== 'node')
      throw new Error(`The image starts ${node}, of which nothing is known here`);
    const child = spawn(path.join(this.#dir, 'node'), args, {
      cwd: path.join(this.#dir, 'app'),
      env: { ...this.spec.env, HOME: '/nonexistent', TMPDIR: '/nonexistent', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...ownerOf(this.spec),
    });
    return new ImageProcess(child);
  }

  async remove(): Promise<void> {
    for (const folder of [this.#dir, path.join(this.#dir, 'app')]) await chmod(folder, 0o755);
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** Only root may start a program as somebody else. */
export function ownerOf({ user }: ImageSpec): { uid?: number; gid?: number } {
  const [uid, gid] = user.split(':').map(Number);
  return process.getuid?.() === 0 && uid !== undefined && gid !== undefined ? { uid, gid } : {};
}

export class ImageProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  stdout = '';
  stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#closed = once(child, 'close');
    endWithUs(child);
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it says when it is ready. Rejects, with what it said, when it ends before. */
  async ready(): Promise<Readonly<Record<string, unknown>>> {
    const readyLine = (): string | undefined =>
      this.stdout.split('\n').find((line) => line.startsWith('{"ready":true'));
    while (readyLine() === undefined) {
      const isOver = await Promise.race([
        once(this.#child.stdout!, 'data').then(() => false),
        this.#closed.then(() => true),
      ]);
      if (isOver) throw new Error(`It ended:\n${this.stdout}\n${this.stderr}`);
    }
    return JSON.parse(readyLine() ?? '{}') as Record<string, unknown>;
  }

  /** Waits for the end and answers the exit code; null after a signal. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  /** Asks it to end, and answers its exit code. */
  stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.ended();
  }
}
