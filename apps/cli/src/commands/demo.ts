import { resolve } from 'node:path';

import { Command } from 'commander';

import { parsePort } from './up.ts';

/** `picket demo`: a hub and a small fleet to look at. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('run a hub and a demo fleet of three simulated clusters')
    .description(
      'Runs a hub, three simulated clusters and their three real agents, applies a zero-trust blueprint ' +
        'and tells what came of it. Runs until Ctrl-C.',
    )
    .option('--once', 'end after the story')
    .option('--port <number>', 'port of the hub (default: the one of the last time)', parsePort)
    .option(
      '--state-dir <folder>',
      'where the state lies, in a folder `demo` of its own',
      '.picket',
    )
    .action(async ({ stateDir, ...options }: { once?: true; port?: number; stateDir: string }) => {
      // The simulator and what it needs are loaded by this command alone.
      const { runDemo } = await import('../demo/run-demo.ts');
      await runDemo({ ...options, stateDir: resolve(stateDir) });
    });
}
