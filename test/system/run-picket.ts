import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PicketOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** Runs the bundled `picket` as a script would; its own home, so that nobody's login is in the way. */
export function runPicket(args: readonly string[], options: PicketOptions = {}): Promise<Outcome> {
  const { env = {}, cwd = root, input = '' } = options;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [`${root}apps/cli/dist/picket.js`, ...args],
      { cwd, env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}
