import { DomainError } from '@picket/kernel';
import { errors } from 'jose';

import type { FanOut } from '../platform/fan-out.ts';
import type { Logger } from '../platform/logger.ts';
import { type Actor, HOW_TO_SIGN_IN, NotAuthenticated } from './actor.ts';
import { IssuerAway } from './issuer-keys.ts';
import { type Issuer, TooManyGroups } from './oidc.ts';
import type { People } from './people.ts';
import { hashToken, type Tokens } from './tokens.ts';

const CACHE_MAX = 10_000;
const CACHE_MS = 5_000;
/** 200 groups named by UUIDs fit; Node itself takes headers of 16 KiB. */
const TOKEN_LENGTH_MAX = 14_336;
/** A JSON object in base64url, and two more parts; the last one is empty when nobody signed. */
const JWT = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;
/** Every reason for a refusal is logged once in this time. */
const LOG_MS = 10_000;

interface Parts {
  readonly tokens: Tokens;
  /** Absent: people do not sign in here. */
  readonly oidc?: { readonly issuer: Issuer; readonly people: People };
  readonly fanOut: FanOut;
  readonly logger: Logger;
}

/** Who asks, by API token or by a token of the issuer. */
export class Authenticator {
  readonly #parts: Parts;
  // Also remembers refusals, so that guessing costs one look-up per guess and no more.
  readonly #cache = new Map<string, { outcome: Actor | DomainError; untilMs: number }>();
  #forgotten = 0;
  readonly #logged = new Map<string, { untilMs: number; more: number }>();
  /** Tokens of the issuer, or of its shape, that were refused. */
  refused = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.fanOut.subscribe('tokens.changed', () => this.#forget());
    parts.fanOut.onResync(() => this.#forget());
  }

  /** Who sends this `Authorization` header, or what to answer: `NotAuthenticated`, the same for whatever is wrong, or `TooManyGroups`. */
  async find(header: string | undefined, nowMs: number): Promise<Actor | DomainError> {
    const token = header?.startsWith('Bearer ') ? header.slice(7) : '';
    if (token === '' || token.length > TOKEN_LENGTH_MAX)
      return new NotAuthenticated(HOW_TO_SIGN_IN);
    const hash = hashToken(token);
    const key = hash.toString('base64');
    const cached = this.#cache.get(key);
    if (cached && cached.untilMs > nowMs) return cached.outcome;
    const forgotten = this.#forgotten;
    const { outcome, endsMs } = await this.#resolve(token, hash, nowMs);
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    // What was read before a change must not outlive it.
    if (forgotten === this.#forgotten)
      this.#cache.set(key, { outcome, untilMs: Math.min(nowMs + CACHE_MS, endsMs) });
    return outcome;
  }

  async close(): Promise<void> {
    await this.#parts.oidc?.issuer.close();
  }

  async #resolve(
    token: string,
    hash: Buffer,
    nowMs: number,
  ): Promise<{ outcome: Actor | DomainError; endsMs: number }> {
    const { tokens, oidc } = this.#parts;
    const nobody = { outcome: new NotAuthenticated(HOW_TO_SIGN_IN), endsMs: Infinity };
    if (!oidc || !JWT.test(token)) {
      const found = await tokens.find(hash, nowMs);
      return found ? { outcome: found.actor, endsMs: found.endsMs } : nobody;
    }
    const person = await oidc.issuer
      .personOf(token, nowMs)
      .catch((error: unknown) => this.#refusal(error, nowMs));
    if (person === undefined) return nobody;
    if (person instanceof DomainError) return { outcome: person, endsMs: Infinity };
    const actor = await oidc.people.actorOf(person);
    return actor ? { outcome: actor, endsMs: person.endsMs } : nobody;
  }

  /** Why a token was refused is for the operator; its sender may be anybody. */
  #refusal(error: unknown, nowMs: number): TooManyGroups | undefined {
    this.refused += 1;
    const { message } = error as Error;
    const kind = error instanceof errors.JOSEError ? error.code : (error as Error).name;
    const reason = error instanceof IssuerAway ? `no keys of the issuer: ${message}` : message;
    const last = this.#logged.get(`${kind} ${claimOf(error)}`) ?? { untilMs: 0, more: 0 };
    if (last.untilMs > nowMs) last.more += 1;
    else {
      this.#parts.logger.warn(
        { reason: reason.slice(0, 500), ...(last.more > 0 && { more: last.more }) },
        'a token of the issuer was refused',
      );
      this.#logged.set(`${kind} ${claimOf(error)}`, { untilMs: nowMs + LOG_MS, more: 0 });
    }
    return error instanceof TooManyGroups ? error : undefined;
  }

  #forget(): void {
    this.#forgotten += 1;
    this.#cache.clear();
  }
}

/** jose says which claim was wrong; only claims that we ask for. */
function claimOf(error: unknown): string {
  return error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired
    ? error.claim
    : '';
}
