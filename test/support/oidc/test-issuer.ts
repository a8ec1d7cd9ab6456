import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { jest } from '@jest/globals';
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

import { Browser } from './browser.ts';

/** What the issuer says of a person, beside `sub`, which is how they log in. */
export interface Claims {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly groups?: readonly string[];
}

interface Options {
  /** PEM; speaks HTTPS with it. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** A real OpenID Provider on loopback, with one public client for the device flow. Everybody can log in, with any password. */
export class TestIssuer {
  static readonly clientId = 'picket-cli';
  readonly people = new Map<string, Claims>();
  /** Requests that came, by path. */
  readonly asked = new Map<string, number>();
  /** Lives of what is issued (s). */
  readonly ttl = { IdToken: 3_600, DeviceCode: 600 };
  /** How many of the next questions for a token get the answer that they come too quickly. */
  slowDowns = 0;
  /** Questions for a token wait for it. */
  held: Promise<unknown> = Promise.resolve();
  readonly #options: Options;
  #keys: JWK[] = [];
  #provider: Provider | undefined;
  #server: Server | undefined;
  url = '';

  private constructor(options: Options) {
    this.#options = options;
  }

  static async start(options: Options = {}): Promise<TestIssuer> {
    // It tells at length which of its pages are not for production.
    for (const level of ['info', 'warn'] as const)
      jest.spyOn(console, level).mockImplementation(() => undefined);
    const issuer = new TestIssuer(options);
    await issuer.rotate();
    await issuer.up();
    return issuer;
  }

  /** Starts it, on the port of the last time. */
  async up(): Promise<void> {
    const { tls } = this.#options;
    const answer: Parameters<typeof createServer>[1] = (request, response) => {
      const [path = ''] = (request.url ?? '').split('?');
      this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
      void this.#provider?.callback()(request, response);
    };
    const server = tls ? createTlsServer(tls, answer) : createServer(answer);
    server.listen(this.url === '' ? 0 : Number(new URL(this.url).port), '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    if (!this.#provider) this.#provide();
  }

  async down(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** From now on it signs with a new key; the old one is gone. */
  async rotate(): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const kid = `key-${crypto.randomUUID()}`;
    this.#keys = [{ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }];
    if (this.url !== '') this.#provide();
  }

  /** Its key, as if it had been stolen, or as the issuer itself might misuse it. */
  get key(): JWK & { kid: string } {
    const [key] = this.#keys;
    return key as JWK & { kid: string };
  }

  /** A token as the issuer makes them, but for what the test wants otherwise; an absent claim is `undefined`. */
  async sign(claims: Loose<JWTPayload>, header: object = {}, key: JWK = this.key): Promise<string> {
    const nowS = Math.floor(Date.now() / 1_000);
    return new SignJWT({
      iss: this.url,
      aud: TestIssuer.clientId,
      iat: nowS,
      exp: nowS + 300,
      ...claims,
    } as JWTPayload)
      .setProtectedHeader({ alg: 'RS256', kid: this.key.kid, ...header })
      .sign(await importJWK(key, 'RS256'));
  }

  /** An ID token, by the device flow as a program and a browser go through it. */
  async tokenOf(login: string, scope = 'openid email groups'): Promise<string> {
    const { device_code, verification_uri_complete } = await this.#post('/device/auth', { scope });
    await this.approve(String(verification_uri_complete), login);
    const tokens = await this.#post('/token', { grant_type: DEVICE_GRANT, device_code });
    return String(tokens['id_token']);
  }

  /** What a person does who opens the address that the program shows. */
  async approve(address: string, login: string): Promise<void> {
    const browser = await this.#atTheConfirmation(address);
    while (browser.hasForm)
      await browser.submit(browser.page.includes('name="login"') ? { login, password: 'any' } : {});
    if (!browser.page.includes('Sign-in Success')) throw new Error(browser.page);
  }

  async deny(address: string): Promise<void> {
    const browser = await this.#atTheConfirmation(address);
    await browser.submit({ abort: 'yes' });
  }

  async #atTheConfirmation(address: string): Promise<Browser> {
    const browser = new Browser();
    await browser.open(address);
    await browser.submit();
    return browser;
  }

  async #post(path: string, fields: Record<string, unknown>): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        client_id: TestIssuer.clientId,
        ...(fields as Record<string, string>),
      }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  }

  #provide(): void {
    const provider = new Provider(this.url, {
      clients: [
        {
          client_id: TestIssuer.clientId,
          token_endpoint_auth_method: 'none',
          grant_types: [DEVICE_GRANT, 'refresh_token'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      jwks: { keys: this.#keys },
      scopes: ['openid', 'offline_access', 'email', 'groups'],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
      // As Dex, Keycloak and Okta do: the claims of a person stand in the ID token.
      conformIdTokenClaims: false,
      issueRefreshToken: (_context, _client, { scopes }) => scopes.has('offline_access'),
      features: { deviceFlow: { enabled: true }, revocation: { enabled: true } },
      ttl: {
        AccessToken: 3_600,
        Grant: 3_600,
        Interaction: 600,
        RefreshToken: 3_600,
        Session: 600,
        IdToken: () => this.ttl.IdToken,
        DeviceCode: () => this.ttl.DeviceCode,
      },
      cookies: { keys: ['test'] },
      findAccount: (_context, sub) => ({
        accountId: sub,
        claims: () => ({ sub, ...this.people.get(sub) }),
      }),
    });
    provider.use(async (context, next) => {
      if (context.path === '/token') await this.held;
      if (context.path === '/token' && this.slowDowns > 0) {
        this.slowDowns -= 1;
        context.status = 400;
        context.body = { error: 'slow_down' };
        return;
      }
      await next();
      if (context.path === '/device/auth' && context.status === 200)
        Object.assign(context.body as object, { interval: 1 });
    });
    this.#provider = provider;
  }
}
