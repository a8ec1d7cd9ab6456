import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { writePrivate } from '../private-file.ts';
import { configFolder } from './connection.ts';
import { keepSignIn, type KeptSignIn, readSignIn } from './kept-sign-in.ts';

/** What somebody has logged in with. */
export type Login = { readonly token: string } | KeptSignIn;

const TOKEN = 'token';
const SIGN_IN = 'sign-in.json';
const CONNECTION = 'connection.json';

/** Remembers hub and login in place of what was remembered before; answers the file that other commands find. */
export function keepLogin(url: string, login: Login): string {
  const folder = configFolder(process.env);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const isToken = 'token' in login;
  if (isToken) writePrivate(join(folder, TOKEN), `${login.token}\n`);
  else keepSignIn(join(folder, SIGN_IN), login);
  const file = join(folder, CONNECTION);
  const connection = isToken ? { url, tokenFile: TOKEN } : { url, signInFile: SIGN_IN };
  writePrivate(file, `${JSON.stringify(connection)}\n`);
  rmSync(join(folder, isToken ? SIGN_IN : TOKEN), { force: true });
  return file;
}

/** What is remembered: the file of the connection, and the sign-in if it was one that can still be read. */
export function rememberedLogin(): { file: string; signIn: KeptSignIn | undefined } | undefined {
  const folder = configFolder(process.env);
  const file = join(folder, CONNECTION);
  if (!existsSync(file)) return undefined;
  return { file, signIn: readOrNothing(join(folder, SIGN_IN)) };
}

export function forgetLogin(): void {
  for (const name of [CONNECTION, TOKEN, SIGN_IN])
    rmSync(join(configFolder(process.env), name), { force: true });
}

function readOrNothing(file: string): KeptSignIn | undefined {
  try {
    return readSignIn(file);
  } catch {
    return undefined; // it is to be forgotten anyway
  }
}
