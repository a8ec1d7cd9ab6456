import { resolve } from 'node:path';

import { Command, InvalidArgumentError } from 'commander';

import { runUp } from '../up/run-up.ts';

/** `picket up`: a hub on this machine. */
export function upCommand(): Command {
  return new Command('up')
    .summary('run a hub on this machine, with its own PostgreSQL')
    .description(
      'Runs a hub on this machine, with a PostgreSQL of its own, until Ctrl-C. ' +
        'All state lies in the state folder: the next start finds it.',
    )
    .option('--port <number>', 'port of the hub (default: the one of the last time)', parsePort)
    .option('--state-dir <folder>', 'where the state lies', '.picket')
    .action(({ port, stateDir }: { port?: number; stateDir: string }) =>
      runUp({ stateDir: resolve(stateDir), port }),
    );
}

export function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65_535))
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  return port;
}
