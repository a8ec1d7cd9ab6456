import { readFileSync } from 'node:fs';

import { DomainError } from '@picket/kernel';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';

import { audiencesOf, type Config } from '../config/config.ts';
import type { Logger } from '../platform/logger.ts';
import { IssuerKeys } from './issuer-keys.ts';

/** With a public key only: HS* would take the key that everybody can fetch for a secret (RFC 8725, 2.1). */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
/** Of ID tokens and access tokens (RFC 9068); the issuer signs other things too, such as logout tokens. */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt']);
/** By how much the clocks of hub and issuer may differ. */
const CLOCK_TOLERANCE_S = 30;
const GROUPS_MAX = 200;

const Groups = z.union([z.string().transform((group) => [group]), z.array(z.string())]);

/** Somebody whom the issuer vouches for. */
export interface Person {
  /** `ISSUER#SUB`: never changes, and is nobody else's. */
  readonly id: string;
  /** The username claim, or the id. Whoever rules the issuer may give a name to another person. */
  readonly name: string;
  readonly groups: readonly string[];
  /** The end of the token (Unix ms). */
  readonly endsMs: number;
}

/** A person is in more groups than are looked at, or the issuer left them out because there are many. */
export class TooManyGroups extends DomainError {
  readonly code = 'TOO_MANY_GROUPS';
  readonly kind = 'forbidden';
}

/** The issuer at which people sign in. */
export class Issuer {
  readonly #config: Config;
  readonly #url: string;
  readonly #keys: IssuerKeys;

  constructor(config: Config, url: string, logger: Logger) {
    const { OIDC_CA_FILE: file } = config;
    this.#config = config;
    this.#url = url;
    this.#keys = new IssuerKeys(url, file === undefined ? undefined : readFileSync(file), logger);
  }

  /** Who a JWT speaks of. Throws `IssuerAway`, `TooManyGroups`, and jose's errors for a token that is not good now. */
  async personOf(token: string, nowMs: number): Promise<Person> {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      (header, jws) => this.#keys.find(nowMs, header, jws),
      {
        algorithms: ALGORITHMS,
        issuer: this.#url,
        audience: audiencesOf(this.#config.OIDC_AUDIENCE),
        requiredClaims: ['sub', 'exp'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(nowMs),
      },
    );
    const type = (protectedHeader.typ ?? 'jwt').toLowerCase().replace(/^application\//, '');
    if (!TYPES.has(type)) throw new errors.JWTInvalid('"typ" is that of another kind of token');
    const { sub, exp } = payload;
    // OpenID Connect Core 1.0, 2: at most 255 characters.
    if (!isName(sub) || sub.length > 255 || exp === undefined)
      throw new errors.JWTInvalid('"sub" is no text of 1 to 255 characters');
    const id = `${this.#url}#${sub}`;
    return {
      id,
      name: this.#nameIn(payload) ?? id,
      groups: this.#groupsIn(payload),
      endsMs: exp * 1_000,
    };
  }

  close(): Promise<void> {
    return this.#keys.close();
  }

  #nameIn(payload: JWTPayload): string | undefined {
    const claim = this.#config.OIDC_USERNAME_CLAIM;
    const name = payload[claim];
    // An address that nobody verified is whatever its owner typed.
    if (claim === 'email' && payload['email_verified'] !== true) return undefined;
    // Nobody is called like somebody's id.
    return isName(name) && !name.startsWith(`${this.#url}#`) ? name : undefined;
  }

  #groupsIn(payload: JWTPayload): string[] {
    const claim = this.#config.OIDC_GROUPS_CLAIM;
    // OpenID Connect Core 1.0, 5.6.2: the groups are elsewhere. Entra ID does so above 200.
    const elsewhere = z.looseObject({ [claim]: z.string() }).safeParse(payload['_claim_names']);
    const groups = Groups.safeParse(payload[claim] ?? []);
    if (!groups.success) throw new errors.JWTInvalid(`"${claim}" is no list of texts`);
    if (elsewhere.success || groups.data.length > GROUPS_MAX)
      throw new TooManyGroups(
        `You are in more than ${GROUPS_MAX} groups; let the issuer put only those into the token that have roles here`,
        { max: GROUPS_MAX },
      );
    return groups.data.filter(isName);
  }
}

/** Whether role bindings could name somebody so: PostgreSQL keeps no NUL, and nobody sees the others. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/\p{C}/u.test(value);
}
