import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How to start a program that must not be root. */
export interface Account {
  /** Who must own the data folder; absent when it is us. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Options for `spawn` that change the user. */
  readonly ids: { readonly uid?: number; readonly gid?: number };
  command(program: string, args: readonly string[]): [string, ...string[]];
  spawn(program: string, args: readonly string[]): ChildProcess;
}

const NOBODY = { uid: 65_534, gid: 65_534 };

/**
 * Finds an account that can run the programs in `bin`: ourselves, or `nobody` when we are root.
 *
 * A checkout or data folder below one that only root may enter (a home, a `mktemp -d`) is closed to `nobody`,
 * so where `setpriv` can do it the right to pass file modes goes along as an ambient capability (capabilities(7)).
 * Throws when neither works, with what was tried.
 */
export async function postgresAccount(bin: string): Promise<Account> {
  if (process.getuid?.() !== 0) return account({}, (program, args) => [program, ...args]);
  const plain = account({ owner: NOBODY, ids: NOBODY }, (program, args) => [program, ...args]);
  const capable = account({ owner: NOBODY }, (program, args) => [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--securebits=+no_setuid_fixup', // or access(2), by which initdb looks for postgres, would leave the capability out
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--',
    program,
    ...args,
  ]);
  const failures: string[] = [];
  for (const candidate of [capable, plain]) {
    const [command, ...args] = candidate.command(`${bin}/postgres`, ['--version']);
    try {
      await run(command, args, { ...candidate.ids, cwd: '/' });
      return candidate;
    } catch (error) {
      failures.push(String(error));
    }
  }
  throw new Error(
    `PostgreSQL does not run as root, and user nobody cannot run it from ${bin}:\n${failures.join('\n')}\n` +
      'Move the folder to where every user may read it, or set DATABASE_URL.',
  );
}

function account(
  { owner, ids = {} }: { owner?: typeof NOBODY; ids?: typeof NOBODY | Record<string, never> },
  command: (program: string, args: readonly string[]) => string[],
): Account {
  const build: Account['command'] = (program, args) =>
    command(program, args) as [string, ...string[]];
  return {
    ...(owner && { owner }),
    ids,
    command: build,
    spawn(program, args) {
      const [first, ...rest] = build(program, args);
      const stdio: StdioOptions = ['pipe', 'ignore', 'pipe'];
      // In a process group of its own: Ctrl-C is for us, and we stop the database last.
      return spawn(first, rest, { ...ids, cwd: '/', stdio, detached: true });
    },
  };
}
