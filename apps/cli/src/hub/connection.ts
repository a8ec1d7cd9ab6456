import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { Failure, exitCode } from '../exit-code.ts';
import { mustBePrivate, mustNotBePublic } from '../private-file.ts';

/** Where the hub is and who asks. */
export type Connection = {
  readonly url: string;
} & ({ readonly token: string } | { readonly signInFile: string });

/** What is stored of a connection; files are absolute. */
type Stored = { readonly url: string } & (
  | { readonly tokenFile: string }
  | { readonly signInFile: string }
);

/** What the flags of every command that talks to a hub may say. */
export interface ConnectionFlags {
  readonly url?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** Why something is changed, for the audit log. */
  readonly reason?: string | undefined;
}

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * Flags, then PICKET_URL with PICKET_TOKEN or PICKET_TOKEN_FILE, then what `picket login` wrote, then
 * `.picket/connection.json` of a hub that runs here, in this folder or one above it.
 */
export function findConnection(flags: ConnectionFlags, { env, cwd }: Surroundings): Connection {
  const file = connectionFiles(env, cwd).find((path) => existsSync(path));
  const stored = file === undefined ? undefined : readConnectionFile(file);

  const url = flags.url ?? env['PICKET_URL'] ?? stored?.url;
  if (url === undefined) throw new Failure(exitCode.badInput, NO_HUB);

  const tokenFile = flags.tokenFile ?? env['PICKET_TOKEN_FILE'];
  if (flags.tokenFile === undefined && env['PICKET_TOKEN'])
    return { url: checkUrl(url), token: env['PICKET_TOKEN'] };
  if (tokenFile !== undefined)
    return { url: checkUrl(url), token: readToken(resolve(cwd, tokenFile)) };
  if (stored === undefined || !isSameHub(stored.url, url))
    throw new Failure(exitCode.badInput, `There is no token for ${url}. ${HOW_TO_GIVE_A_TOKEN}`);
  return 'tokenFile' in stored
    ? { url: checkUrl(url), token: readToken(stored.tokenFile) }
    : { url: checkUrl(url), signInFile: stored.signInFile };
}

/** The folder of what `picket login` keeps. An empty or relative variable counts for none, as the XDG specification says. */
export function configFolder(env: Surroundings['env']): string {
  const given = env['XDG_CONFIG_HOME'] ?? '';
  return join(isAbsolute(given) ? given : join(env['HOME'] ?? homedir(), '.config'), 'picket');
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Answers the URL without what would be cut off anyway; only http and https will do. */
export function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new Failure(
      exitCode.badInput,
      `"${text}" is not the URL of a hub, such as https://hub.example`,
    );
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new Failure(
      exitCode.badInput,
      `"${text}" would carry the token in clear; give an https URL. http is for this machine only`,
    );
  return url.href.replace(/\/+$/, '');
}

export function readToken(file: string): string {
  mustNotBePublic(file);
  const token = readText(file).trim();
  if (token === '') throw new Failure(exitCode.badInput, `The token file ${file} is empty`);
  return token;
}

function connectionFiles(env: Surroundings['env'], cwd: string): string[] {
  const files = [join(configFolder(env), 'connection.json')];
  for (let folder = cwd; ; folder = dirname(folder)) {
    files.push(join(folder, '.picket', 'connection.json'));
    if (dirname(folder) === folder) return files;
  }
}

function readConnectionFile(file: string): Stored {
  // One that came with somebody's repository could send any file of ours, as a token, to any URL. Git cannot carry mode 0600.
  mustBePrivate(file);
  const { url, tokenFile, signInFile } = parseObject(file);
  const at = (name: string): string => resolve(dirname(file), name);
  if (typeof url === 'string' && typeof tokenFile === 'string')
    return { url, tokenFile: at(tokenFile) };
  if (typeof url === 'string' && typeof signInFile === 'string')
    return { url, signInFile: at(signInFile) };
  throw new Failure(
    exitCode.badInput,
    `${file} must be {"url": "…", "tokenFile": "…"} or {"url": "…", "signInFile": "…"}`,
  );
}

function parseObject(file: string): Readonly<Record<string, unknown>> {
  const text = readText(file);
  try {
    return Object(JSON.parse(text));
  } catch (error) {
    throw new Failure(exitCode.badInput, `${file} is not JSON: ${String(error)}`, error);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(exitCode.badInput, `Cannot read ${file}: ${(error as Error).message}`, error);
  }
}

function isSameHub(stored: string, asked: string): boolean {
  return checkUrl(stored) === checkUrl(asked);
}

const HOW_TO_GIVE_A_TOKEN =
  'Give --token-file FILE, set PICKET_TOKEN or PICKET_TOKEN_FILE, or run: picket login URL';
const NO_HUB =
  'No hub is known. Give --url URL, set PICKET_URL, run `picket login URL`, or start a hub here with `picket up`.';
