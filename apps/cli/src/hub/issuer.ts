import * as oidc from 'openid-client';

import { Failure, exitCode } from '../exit-code.ts';
import { oneLine } from '../output/render.ts';
import { reasonOf } from './reach.ts';
import type { SignInHere } from './sign-in-here.ts';

type Client = Pick<SignInHere, 'issuer' | 'clientId'>;

/** What the issuer gave: a token for the hub, when it ends, and what brings the next one. */
export interface SignedIn {
  readonly idToken: string;
  /** Unix ms. */
  readonly endsAtMs: number;
  readonly refreshToken: string | null;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Signs somebody in who has a browser elsewhere (RFC 8628). `show` gets the address to open, and the code that must stand there. */
export async function signInByDevice(
  { scopes, ...client }: SignInHere,
  show: (address: string, code: string) => void,
): Promise<SignedIn> {
  return withIssuer(client, async (config) => {
    if (config.serverMetadata().device_authorization_endpoint === undefined)
      throw new Failure(exitCode.refused, `${client.issuer} has no device flow`);
    const device = await oidc.initiateDeviceAuthorization(config, { scope: scopes.join(' ') });
    show(
      oneLine(device.verification_uri_complete ?? device.verification_uri),
      oneLine(device.user_code),
    );
    return signedIn(await oidc.pollDeviceAuthorizationGrant(config, device), null);
  });
}

/** A new token; the old refresh token may be over with it. */
export function refreshSignIn(client: Client, refreshToken: string): Promise<SignedIn> {
  return withIssuer(client, async (config) =>
    signedIn(await oidc.refreshTokenGrant(config, refreshToken), refreshToken),
  );
}

/** Ends a sign-in at the issuer, where it can be ended. */
export function withdrawSignIn(client: Client, refreshToken: string): Promise<void> {
  return withIssuer(client, async (config) => {
    if (config.serverMetadata().revocation_endpoint !== undefined)
      await oidc.tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' });
  });
}

function signedIn(
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  before: string | null,
): SignedIn {
  const claims = tokens.claims();
  if (tokens.id_token === undefined || claims === undefined)
    throw new Failure(exitCode.refused, 'The issuer gave no ID token');
  return {
    idToken: tokens.id_token,
    endsAtMs: claims.exp * 1_000,
    refreshToken: tokens.refresh_token ?? before,
  };
}

/** Finds the issuer; what goes wrong with it is a `Failure` in words. */
async function withIssuer<T>(
  { issuer, clientId }: Client,
  work: (config: oidc.Configuration) => Promise<T>,
): Promise<T> {
  try {
    const url = new URL(issuer);
    const isHere = url.protocol === 'http:' && LOOPBACK.test(url.hostname);
    const config = await oidc.discovery(url, clientId, undefined, oidc.None(), {
      execute: isHere ? [oidc.allowInsecureRequests] : [],
    });
    return await work(config);
  } catch (error) {
    throw failureOf(error, issuer);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  access_denied: 'The sign-in was refused',
  expired_token: 'Nobody confirmed the code in time',
  invalid_grant: 'The sign-in has ended',
};

function failureOf(error: unknown, issuer: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof oidc.ResponseBodyError) {
    const { error: code, error_description: description } = error;
    const words = WORDS[code] ?? `The issuer refused: ${description ?? code}`;
    return new Failure(exitCode.refused, oneLine(`${words} (${code})`), error);
  }
  // The time that the issuer gave for the code is over, and it did not say so itself.
  if ((error as { code?: string }).code === 'OAUTH_TIMEOUT')
    return new Failure(exitCode.refused, `${WORDS['expired_token']} (timeout)`, error);
  return new Failure(
    exitCode.unreachable,
    oneLine(`Cannot sign in at ${issuer}: ${reasonOf(error)}`),
    error,
  );
}
