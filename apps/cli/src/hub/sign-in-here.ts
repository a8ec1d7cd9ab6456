import { Failure, exitCode } from '../exit-code.ts';
import { reach } from './reach.ts';

/** How people sign in at a hub. */
export interface SignInHere {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** Asks the hub, which tells anybody; undefined where people have API tokens alone. */
export async function findSignIn(url: string): Promise<SignInHere | undefined> {
  const response = await reach(url, '/.well-known/picket');
  if (!response.ok) return undefined;
  const { oidc } = Object(await response.json().catch(() => null)) as { oidc?: unknown };
  if (oidc === undefined || oidc === null) return undefined;
  const { issuer, clientId, scopes } = Object(oidc) as Record<keyof SignInHere, unknown>;
  if (typeof issuer !== 'string' || typeof clientId !== 'string' || !isTexts(scopes))
    throw new Failure(
      exitCode.refused,
      `${url}/.well-known/picket does not say how people sign in there`,
    );
  return { issuer, clientId, scopes };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
