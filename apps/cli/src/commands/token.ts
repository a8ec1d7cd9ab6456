import { closeSync, openSync, rmSync, writeSync } from 'node:fs';

import { Command, InvalidArgumentError, Option } from 'commander';

import { Failure, exitCode } from '../exit-code.ts';
import { type ApiToken, createToken, listTokens, revokeToken } from '../hub/access-operations.ts';
import type { ConnectionFlags } from '../hub/connection.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { listAll } from '../hub/list-all.ts';
import { type Column, type OutputFormat, render } from '../output/render.ts';
import { connect, organizationCommand, outputOption, reasonOption } from './hub-command.ts';

const columns: readonly Column<ApiToken>[] = [
  ['NAME', ({ name }) => name],
  ['ID', ({ id }) => id],
  ['CREATED', ({ createdAt }) => createdAt],
  ['EXPIRES', ({ expiresAt }) => expiresAt ?? 'never'],
  ['LAST USED', ({ lastUsedAt }) => lastUsedAt ?? 'never'],
];

/** `picket token …`: API tokens for automation. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('make, list or revoke API tokens for automation')
    .addCommand(createCommand())
    .addCommand(
      organizationCommand('list')
        .description('list the API tokens')
        .addOption(outputOption())
        .action(async (flags: ConnectionFlags & { output: OutputFormat }) =>
          console.log(render(flags.output, await allTokens(connect(flags)), columns)),
        ),
    )
    .addCommand(
      organizationCommand('revoke')
        .addOption(reasonOption())
        .description('end an API token, and what was bound to it, at once')
        .argument('<token>', 'name or id')
        .action(async (token: string, flags: ConnectionFlags) => {
          const hub = connect(flags);
          const tokenId = await idOfToken(hub, token);
          await hub.ask(revokeToken, { input: { tokenId } });
          console.log(`Token ${token} is revoked`);
        }),
    );
}

interface CreateFlags extends ConnectionFlags {
  readonly expiresIn?: number;
  readonly out?: string;
  readonly output: 'token' | 'json';
}

function createCommand(): Command {
  return organizationCommand('create')
    .addOption(reasonOption())
    .summary('make an API token and print its secret, once')
    .description(
      'Makes an API token and prints its secret, which the hub does not keep. It may do nothing until it has a role:\n' +
        '  picket token create ci --expires-in 90d --out ci-token\n' +
        '  picket role bind PlatformAdmin --token ci --project shop',
    )
    .argument('<name>', 'what it is for')
    .option('--expires-in <time>', 'its life, such as 12h, 90d or 52w (default: no end)', lifeIn)
    .option('--out <file>', 'write the secret to a new file (0600) and print nothing')
    .addOption(
      new Option('-o, --output <what>', 'what to print')
        .choices(['token', 'json'])
        .default('token'),
    )
    .action(async (name: string, { expiresIn, out, output, ...flags }: CreateFlags) => {
      const hub = connect(flags);
      // Before the hub is asked: a secret that cannot be kept must not exist.
      const file = out === undefined ? undefined : openNew(out);
      const expiresAt =
        expiresIn === undefined ? undefined : new Date(Date.now() + expiresIn).toISOString();
      const made = await hub.ask(createToken, { input: { name, expiresAt } }).catch((error) => {
        if (out !== undefined) rmSync(out);
        throw error;
      });
      const { apiToken, secret } = made.createApiToken;
      console.error(
        `Token ${apiToken.name} (${apiToken.id}) is made, without a role. It ends: ${apiToken.expiresAt ?? 'never'}.`,
      );
      const answer = output === 'json' ? JSON.stringify({ ...apiToken, secret }, null, 2) : secret;
      if (file === undefined) console.log(answer);
      else {
        writeSync(file, `${answer}\n`);
        closeSync(file);
      }
    });
}

function openNew(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (error) {
    throw new Failure(exitCode.badInput, `Cannot make ${file}: ${(error as Error).message}`, error);
  }
}

/** The id of a token that somebody names by name or id. */
export async function idOfToken(hub: HubClient, token: string): Promise<string> {
  const found = (await allTokens(hub)).filter(({ id, name }) => id === token || name === token);
  const [first, second] = found;
  if (first === undefined) throw new Failure(exitCode.refused, `There is no token ${token}`);
  if (second !== undefined)
    throw new Failure(
      exitCode.badInput,
      `Several tokens are called ${token}; give an id: ${found.map(({ id }) => id).join(', ')}`,
    );
  return first.id;
}

function allTokens(hub: HubClient): Promise<ApiToken[]> {
  return listAll(async (after) => (await hub.ask(listTokens, { after })).apiTokens);
}

const HOURS = { h: 1, d: 24, w: 168 } as const;

function lifeIn(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? [];
  if (count === undefined)
    throw new InvalidArgumentError('A time is a number with h, d or w, such as 12h, 90d or 52w.');
  return Number(count) * HOURS[unit as keyof typeof HOURS] * 3_600_000;
}
