import { Command, InvalidArgumentError, Option } from 'commander';

import { type Connection, type ConnectionFlags, findConnection } from '../hub/connection.ts';
import { HubClient } from '../hub/hub-client.ts';
import { type OutputFormat, outputFormats } from '../output/render.ts';

/** The flags that a command has that talks to a hub about a project. */
export interface HubFlags extends ConnectionFlags {
  readonly project: string;
}

/** A command that talks to a hub about a project. */
export function hubCommand(name: string): Command {
  return organizationCommand(name).option('--project <name>', 'project to work in', 'default');
}

/** A command that talks to a hub about what belongs to no project. */
export function organizationCommand(name: string): Command {
  return new Command(name)
    .option('--url <url>', 'the hub (default: see `picket --help`, Finding the hub)')
    .option('--token-file <file>', 'file that holds the API token');
}

export function connect(flags: ConnectionFlags): HubClient {
  return new HubClient(findHere(flags), flags.reason);
}

/** Of each command that changes something in the hub. */
export function reasonOption(): Option {
  return new Option('--reason <text>', 'why, for the audit log');
}

export function outputOption(defaultFormat: OutputFormat = 'table'): Option {
  return new Option('-o, --output <format>', 'how to print')
    .choices(outputFormats)
    .default(defaultFormat);
}

export function filesOption(): Option {
  return new Option(
    '-f, --filename <path...>',
    'files or folders of documents, or - for standard input',
  ).makeOptionMandatory();
}

/** Collects `--label key=value`, which may be given many times. */
export function collectLabel(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('A label is written key=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function findHere(flags: ConnectionFlags): Connection {
  return findConnection(flags, { env: process.env, cwd: process.cwd() });
}
