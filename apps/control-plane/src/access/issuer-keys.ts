import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { type Dispatcher, EnvHttpProxyAgent, fetch } from 'undici';
import { z } from 'zod';

import type { Logger } from '../platform/logger.ts';
import { isSafeUrl } from '../platform/safe-url.ts';

/** Least time between two questions to the issuer, whatever came of the first (ms). */
const COOLDOWN_MS = 10_000;
/** Keys this old are asked for again, beside the request that found them so (ms). */
const REFRESH_MS = 300_000;
/** How long keys serve while the issuer is away (ms). */
const KEEP_MS = 86_400_000;
const TIMEOUT_MS = 5_000;
const ANSWER_BYTES_MAX = 1_048_576;

const Discovery = z.object({
  issuer: z.string(),
  jwks_uri: z.string().refine(isSafeUrl, { error: 'must be https' }),
});
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/** There are no keys of the issuer, and why. */
export class IssuerAway extends Error {}

/**
 * The keys with which the issuer signs, found by OpenID Connect Discovery 1.0. They are first asked for when the first token comes, so an
 * issuer that is away holds up no start, and kept while it is away. jose's own remote set would ask again for each token while the issuer
 * is away, and would forget the keys it has.
 */
export class IssuerKeys {
  readonly #issuer: string;
  readonly #dispatcher: Dispatcher;
  readonly #logger: Logger;
  #find: JWTVerifyGetKey | undefined;
  #fetchedMs = -Infinity;
  #askedMs = -Infinity;
  #asking: Promise<void> | undefined;
  #fault = '';

  /** `ca`: PEM; the only authorities that the issuer's certificate is checked with. */
  constructor(issuer: string, ca: Buffer | undefined, logger: Logger) {
    this.#issuer = issuer;
    this.#dispatcher = new EnvHttpProxyAgent({
      ...(ca && { connect: { ca }, requestTls: { ca } }),
      maxResponseSize: ANSWER_BYTES_MAX,
    });
    this.#logger = logger;
  }

  close(): Promise<void> {
    return this.#dispatcher.close();
  }

  /** The key of a token. Throws `IssuerAway`, or jose's error when the issuer has no such key. */
  async find(nowMs: number, ...token: Parameters<JWTVerifyGetKey>): Promise<CryptoKey> {
    const ageMs = nowMs - this.#fetchedMs;
    if (ageMs > KEEP_MS) this.#find = undefined;
    if (!this.#find) await this.#refresh(nowMs);
    else if (ageMs > REFRESH_MS) void this.#refresh(nowMs);
    try {
      return await this.#known(token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#refresh(nowMs); // a key that is newer than ours
      return this.#known(token);
    }
  }

  async #known(token: Parameters<JWTVerifyGetKey>): Promise<CryptoKey> {
    if (!this.#find) throw new IssuerAway(this.#fault);
    return (await this.#find(...token)) as CryptoKey;
  }

  /** Never throws: what went wrong is logged, and kept for whoever finds no keys. */
  #refresh(nowMs: number): Promise<void> {
    // The clock may have been set back.
    if (!this.#asking && Math.abs(nowMs - this.#askedMs) >= COOLDOWN_MS) {
      this.#askedMs = nowMs;
      this.#asking = this.#fetch(nowMs).finally(() => (this.#asking = undefined));
    }
    return this.#asking ?? Promise.resolve();
  }

  async #fetch(nowMs: number): Promise<void> {
    try {
      const { issuer, jwks_uri } = Discovery.parse(
        await this.#json(`${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
      );
      // Discovery 1.0, 4.3: they MUST be identical.
      if (issuer !== this.#issuer) throw new Error(`it calls itself ${issuer.slice(0, 200)}`);
      const keys = KeySet.parse(await this.#json(jwks_uri));
      this.#find = createLocalJWKSet(keys as JSONWebKeySet);
      this.#fetchedMs = nowMs;
    } catch (error) {
      // fetch hides the reason in the cause, which has a code alone when several addresses were tried.
      const { message, cause } = error as { message: string; cause?: NodeJS.ErrnoException };
      this.#fault = cause?.message || cause?.code || message;
      this.#logger.warn(
        { issuer: this.#issuer, error: this.#fault },
        'the issuer did not give its keys',
      );
    }
  }

  async #json(url: string): Promise<unknown> {
    const response = await fetch(url, {
      dispatcher: this.#dispatcher,
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return response.json();
  }
}
