import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Failure, exitCode } from '../exit-code.ts';
import { mustBePrivate, writePrivate } from '../private-file.ts';
import { lockState } from '../up/state-lock.ts';
import { refreshSignIn, type SignedIn } from './issuer.ts';

/** A token that ends sooner is as good as over: a command must come through with it (ms). */
const SOON_MS = 60_000;
const LOCK_WAIT_MS = 60_000;

/** A sign-in as `picket login` keeps it, in a file of its owner alone. */
export interface KeptSignIn extends SignedIn {
  readonly issuer: string;
  readonly clientId: string;
}

export function keepSignIn(file: string, signIn: KeptSignIn): void {
  writePrivate(file, `${JSON.stringify(signIn, null, 2)}\n`);
}

export function readSignIn(file: string): KeptSignIn {
  mustBePrivate(file);
  try {
    const { issuer, clientId, idToken, endsAtMs, refreshToken } = Object(
      JSON.parse(readFileSync(file, 'utf8')),
    ) as Record<keyof KeptSignIn, unknown>;
    if (
      typeof issuer === 'string' &&
      typeof clientId === 'string' &&
      typeof idToken === 'string' &&
      typeof endsAtMs === 'number' &&
      (typeof refreshToken === 'string' || refreshToken === null)
    )
      return { issuer, clientId, idToken, endsAtMs, refreshToken };
    throw new Error('it is none');
  } catch (error) {
    throw new Failure(
      exitCode.badInput,
      `Cannot read the sign-in in ${file} (${(error as Error).message}). ${AGAIN}`,
      error,
    );
  }
}

/** The token of a kept sign-in. When it ends soon, the issuer is asked for the next one, which is kept. */
export async function idTokenIn(file: string): Promise<string> {
  const kept = readSignIn(file);
  if (!endsSoon(kept)) return kept.idToken;
  // A refresh token works once: of two commands that start together the second takes what the first one got.
  return alone(file, async () => {
    const { issuer, clientId, ...before } = readSignIn(file);
    if (!endsSoon(before)) return before.idToken;
    if (before.refreshToken === null)
      throw new Failure(exitCode.refused, `Your sign-in has ended. ${AGAIN}`);
    const next = await refreshSignIn({ issuer, clientId }, before.refreshToken).catch(
      (error: unknown) => {
        if (error instanceof Failure && error.code === exitCode.refused)
          throw new Failure(error.code, `${error.message}. ${AGAIN}`, error);
        throw error;
      },
    );
    keepSignIn(file, { issuer, clientId, ...next });
    return next.idToken;
  });
}

function endsSoon({ endsAtMs }: SignedIn): boolean {
  return endsAtMs - Date.now() < SOON_MS;
}

async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = await lockState(file).catch((error: unknown) => {
      if (performance.now() > deadline) throw error;
      return undefined;
    });
    if (lock)
      try {
        return await work();
      } finally {
        lock.release();
      }
    await sleep(100);
  }
}

const AGAIN = 'Sign in again: picket login URL';
