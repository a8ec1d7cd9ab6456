import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

import { Command } from 'commander';

import { findConnection } from '../hub/connection.ts';
import { repositoryFile } from '../up/repository.ts';

const EXAMPLE = `
Flags of the agent: picket agent run -- --help
Without --hub it is the hub that other commands find.

Example:
  picket cluster register dev -o token > join-token
  picket agent run --token-file join-token --kubeconfig ~/.kube/config --state-dir ./agent`;

/** `picket agent run`: the agent of a cluster in the foreground, for development and for clusters without pods to spare. */
export function agentCommand(): Command {
  return new Command('agent').description('run an agent here').addCommand(
    new Command('run')
      .summary('run the agent of one cluster in the foreground')
      .description(
        'Runs the agent of one cluster in the foreground, on this machine, with its own flags.',
      )
      .addHelpText('after', EXAMPLE)
      .argument('[flags...]', 'flags of picket-agent')
      .allowUnknownOption()
      .action(async (flags: string[]) => {
        process.exitCode = await runAgent(withHub(flags));
      }),
  );
}

function withHub(flags: readonly string[]): readonly string[] {
  const isGiven = flags.some((flag) => /^--(hub|help|version)(=|$)/.test(flag));
  if (isGiven) return flags;
  return ['--hub', findConnection({}, { env: process.env, cwd: process.cwd() }).url, ...flags];
}

async function runAgent(flags: readonly string[]): Promise<number> {
  const script = fileURLToPath(repositoryFile('agent/dist/main.js'));
  const child = spawn(process.execPath, [script, ...flags], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => child.kill(signal));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
