import { readFileSync } from 'node:fs';

import { Command } from 'commander';
import { parse, stringify } from 'yaml';

import { exitCode, Failure } from '../exit-code.ts';
import type { Json } from '../hub/operations.ts';
import { readGuardRails, setGuardRails } from '../hub/policy-operations.ts';
import { connect, type HubFlags, hubCommand, reasonOption } from './hub-command.ts';

/** `picket guard-rails …`: what namespace policies of a project may open. */
export function guardRailsCommand(): Command {
  return new Command('guard-rails')
    .description('show or set what namespace policies of a project may open')
    .addCommand(showCommand())
    .addCommand(setCommand());
}

function showCommand(): Command {
  return hubCommand('show')
    .description('print the guard rails of the project')
    .action(async (flags: HubFlags) => {
      const { guardRails } = await connect(flags).ask(readGuardRails, { project: flags.project });
      console.log(stringify(guardRails.rails).trimEnd());
    });
}

function setCommand(): Command {
  return hubCommand('set')
    .addOption(reasonOption())
    .description(
      'set the guard rails of the project: all of them, what is left out has its default',
    )
    .argument('<file>', 'YAML, as `picket guard-rails show` prints it')
    .action(async (file: string, flags: HubFlags) => {
      const input = { project: flags.project, rails: readYaml(file) };
      const { revision } = (await connect(flags).ask(setGuardRails, { input })).setGuardRails;
      console.log(`The guard rails of ${flags.project} are at revision ${revision}`);
    });
}

function readYaml(file: string): Json {
  try {
    return (parse(readFileSync(file, 'utf8')) ?? {}) as Json;
  } catch (error) {
    throw new Failure(exitCode.badInput, `${file}: ${(error as Error).message}`, error);
  }
}
