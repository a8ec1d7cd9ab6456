import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline/promises';

import { Command } from 'commander';

import { Failure, exitCode } from '../exit-code.ts';
import { checkUrl, configFolder, readToken } from '../hub/connection.ts';
import { HubClient } from '../hub/hub-client.ts';
import { whoAmI } from '../hub/operations.ts';
import { writePrivate } from '../private-file.ts';

/** `picket login`: tries a token and keeps it. */
export function loginCommand(): Command {
  return new Command('login')
    .summary('try a token and remember hub and token')
    .description(
      'Tries the token against the hub and, when the hub takes it, remembers both for later commands ' +
        '(folder $XDG_CONFIG_HOME/picket or ~/.config/picket, readable by you alone).',
    )
    .argument('<url>', 'the hub, such as https://hub.example')
    .option(
      '--token-file <file>',
      'file that holds the API token (default: asked, or from standard input)',
    )
    .action(async (urlText: string, { tokenFile }: { tokenFile?: string }) => {
      const url = checkUrl(urlText);
      const token = tokenFile === undefined ? await askToken() : readToken(tokenFile);
      const { organization } = await new HubClient({ url, token }).ask(whoAmI, {});
      const file = keep(url, token);
      console.log(`Logged in to ${organization.name} at ${url} (${file})`);
    });
}

async function askToken(): Promise<string> {
  const token = await (process.stdin.isTTY ? promptHidden('Token: ') : text(process.stdin));
  if (token.trim() === '') throw new Failure(exitCode.badInput, 'No token was given');
  return token.trim();
}

/** Reads a line that the terminal does not show. */
async function promptHidden(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const reader = createInterface({ input: process.stdin, output: undefined, terminal: true });
  reader.once('SIGINT', () => process.exit(130));
  try {
    return await reader.question('');
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}

function keep(url: string, token: string): string {
  const folder = configFolder(process.env);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'connection.json');
  writePrivate(join(folder, 'token'), `${token}\n`);
  writePrivate(file, `${JSON.stringify({ url, tokenFile: 'token' })}\n`);
  return file;
}
