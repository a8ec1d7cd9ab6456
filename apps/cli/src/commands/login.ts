import { text } from 'node:stream/consumers';

import { Command } from 'commander';

import { Failure, exitCode } from '../exit-code.ts';
import { whoAmI } from '../hub/access-operations.ts';
import { checkUrl, readToken } from '../hub/connection.ts';
import { HubClient } from '../hub/hub-client.ts';
import { signInByDevice } from '../hub/issuer.ts';
import { keepLogin, type Login } from '../hub/login.ts';
import { findSignIn, type SignInHere } from '../hub/sign-in-here.ts';
import { promptHidden } from '../output/prompt.ts';
import { oneLine } from '../output/render.ts';

interface LoginFlags {
  readonly sso?: true;
  readonly tokenFile?: string;
}

/** `picket login`: signs in, or tries a token, and keeps what the hub has taken. */
export function loginCommand(): Command {
  return new Command('login')
    .summary('sign in, and remember hub and sign-in')
    .description(
      'Signs in at the issuer of the hub, with a browser on any machine, or tries an API token. What the hub takes is remembered\n' +
        'for later commands (folder $XDG_CONFIG_HOME/picket or ~/.config/picket, readable by you alone).\n\n' +
        'At a terminal it signs in at the issuer when the hub has one, and asks for a token otherwise; a script gives a token on\n' +
        'standard input. An issuer with a certificate of your own authority: set NODE_EXTRA_CA_CERTS.',
    )
    .argument('<url>', 'the hub, such as https://hub.example')
    .option('--sso', 'sign in at the issuer, also without a terminal')
    .option('--token-file <file>', 'file that holds an API token')
    .action(async (urlText: string, flags: LoginFlags) => {
      const url = checkUrl(urlText);
      const login = await logIn(url, flags);
      const client = new HubClient({ url, token: 'token' in login ? login.token : login.idToken });
      const { me } = await client.ask(whoAmI, {});
      const file = keepLogin(url, login);
      console.log(oneLine(`Logged in to ${me.organization} at ${url} as ${me.name} (${file})`));
    });
}

async function logIn(url: string, { sso, tokenFile }: LoginFlags): Promise<Login> {
  if (tokenFile !== undefined) {
    if (sso) throw new Failure(exitCode.badInput, 'Give --sso or --token-file, not both');
    return { token: readToken(tokenFile) };
  }
  if (!sso && !process.stdin.isTTY) return { token: tokenIn(await text(process.stdin)) };
  const here = await findSignIn(url);
  if (here) return signIn(here);
  if (sso)
    throw new Failure(
      exitCode.refused,
      `${url} has no issuer to sign in at. Give an API token: picket login ${url} --token-file FILE`,
    );
  return { token: tokenIn(await promptHidden('Token: ')) };
}

async function signIn(here: SignInHere): Promise<Login> {
  const { issuer, clientId } = here;
  const signedIn = await signInByDevice(here, (address, code) =>
    console.error(
      `Sign in at ${oneLine(issuer)} as ${oneLine(clientId)}:\n\n  ${address}\n\nThe page must show the code ${code}. Waiting …`,
    ),
  );
  return { issuer, clientId, ...signedIn };
}

function tokenIn(given: string): string {
  const token = given.trim();
  if (token === '') throw new Failure(exitCode.badInput, 'No token was given');
  return token;
}
