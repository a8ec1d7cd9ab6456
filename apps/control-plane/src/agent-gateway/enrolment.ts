import type { EnrolRequest, EnrolResponse, TokenResponse } from '@picket/agent-protocol';
import { diff } from '@picket/audit';
import { decodeJwt, errors, importJWK, jwtVerify, SignJWT } from 'jose';
import type { DataSource } from 'typeorm';

import { hashToken } from '../access/tokens.ts';
import { Attempt, type Origin } from '../audit/attempt.ts';
import { addEvent, newEvent } from '../audit/event.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { Config } from '../config/config.ts';
import { inTransaction, type Sql } from '../platform/database.ts';
import type { DesiredState } from '../policy-sets/policy-set.repository.ts';
import { isSigned } from '../platform/is-signed.ts';
import type { GatewayKeys } from './keys.ts';
import type { AssertionRepository } from './assertion.repository.ts';
import { overloaded, Refused } from './refused.ts';

const AUDIENCE = 'picket-hub';
const ASSERTION_LIFE_S = 120;
const SKEW_S = 30;
const CACHE_MAX = 50_000;
// Exactly what PostgreSQL takes: one bad id would fail the statement that asks for many clusters at once.
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Parts {
  readonly dataSource: DataSource;
  readonly keys: GatewayKeys;
  readonly config: Config;
  readonly assertions: AssertionRepository;
  readonly refusals: Refusals;
}

/** Whose enrolment it is, as far as the join token tells. */
interface About {
  id?: string;
  name?: string;
  projectId?: string;
  organizationId?: string;
}

/** Trades join tokens for identities, and proofs of identity for short-lived access tokens. */
export class Enrolment {
  readonly #dataSource: DataSource;
  readonly #keys: GatewayKeys;
  readonly #config: Config;
  readonly #assertions: AssertionRepository;
  readonly #refusals: Refusals;
  // Verifying costs more than looking up; bounded, oldest out first. Whether the cluster is revoked is asked on each request all the same.
  readonly #verified = new Map<
    string,
    { clusterId: string; publicKey: string; expiresS: number }
  >();

  constructor({ dataSource, keys, config, assertions, refusals }: Parts) {
    this.#refusals = refusals;
    this.#dataSource = dataSource;
    this.#keys = keys;
    this.#config = config;
    this.#assertions = assertions;
  }

  async enrol(request: EnrolRequest, origin: Origin): Promise<EnrolResponse> {
    const about: About = {};
    try {
      return await this.#enrol(request, origin, about);
    } catch (error) {
      if (error instanceof Refused)
        await this.#refusals.noteNobody('enrolAgent', error.refusal.code, origin, {
          thing: 'Cluster',
          ...about,
        });
      throw error;
    }
  }

  async #enrol(request: EnrolRequest, origin: Origin, about: About): Promise<EnrolResponse> {
    const { joinToken, publicKey, proof } = request;
    if (!isSigned(publicKey, `picket.enrol.v1\n${joinToken}\n${publicKey}`, proof))
      throw new Refused(400, 'INVALID', 'proof: not a signature of this key over this join token');
    return inTransaction(this.#dataSource, async (sql) => {
      const [row] = await sql.query(
        `SELECT t.cluster_id AS id, t.expires_at < now() AS expired, t.used_by AS "usedBy", c.state, p.requires_approval AS "requiresApproval",
           c.name, p.id AS "projectId", p.organization_id AS "organizationId"
         FROM join_tokens t JOIN clusters c ON c.id = t.cluster_id JOIN projects p ON p.id = c.project_id
         WHERE t.token_hash = $1 FOR NO KEY UPDATE OF t, c`,
        [hashToken(joinToken)],
      );
      if (!row)
        throw new Refused(
          403,
          'JOIN_TOKEN_UNKNOWN',
          'The hub does not know this join token: register the cluster anew',
        );
      const { id, name, projectId, organizationId } = row;
      Object.assign(about, { id, name, projectId, organizationId });
      if (row.usedBy !== null && row.usedBy !== publicKey)
        throw new Refused(
          403,
          'JOIN_TOKEN_USED',
          'Another agent has used this join token: reissue it',
        );
      if (row.state === 'REVOKED') throw new Refused(403, 'REVOKED', 'This cluster is revoked');
      // A repeat of a request whose answer was lost; the approval may have come meanwhile.
      let { state } = row;
      if (row.usedBy === null) {
        if (row.expired)
          throw new Refused(403, 'JOIN_TOKEN_EXPIRED', 'This join token has expired: reissue it');
        state = row.requiresApproval ? 'PENDING' : 'APPROVED';
        await sql.query('UPDATE join_tokens SET used_by = $2 WHERE token_hash = $1', [
          hashToken(joinToken),
          publicKey,
        ]);
        await sql.query(
          `INSERT INTO agent_identities (cluster_id, public_key) VALUES ($1, $2)
           ON CONFLICT (cluster_id) DO UPDATE SET public_key = excluded.public_key, enrolled_at = now()`,
          [row.id, publicKey],
        );
        await sql.query(
          `UPDATE clusters SET state = $2, approved_at = CASE WHEN $2 = 'APPROVED' THEN now() ELSE NULL END WHERE id = $1`,
          [row.id, state],
        );
        await this.#tell(sql, row, state, origin);
      }
      return {
        clusterId: row.id,
        state: state === 'APPROVED' ? 'approved' : 'pending',
        hubKeys: [...this.#keys.keys],
        keysCounter: this.#keys.counter,
      };
    });
  }

  async #tell(
    sql: Sql,
    row: { id: string; name: string; projectId: string; organizationId: string; state: string },
    state: string,
    origin: Origin,
  ): Promise<void> {
    const caller = { kind: 'AGENT', id: row.id, name: row.name } as const;
    const attempt = new Attempt('enrolAgent', origin, null);
    const event = newEvent(
      { caller, organizationId: row.organizationId, attempt },
      { ...row, thing: 'Cluster' },
    );
    const { differences: changes } = diff({ state: row.state }, { state });
    await addEvent(sql, { ...event, changes });
  }

  /** Whose assertion this claims to be. Throws when it is no JWT of an agent. */
  claimedCluster(assertion: string): string {
    try {
      const { iss } = decodeJwt(assertion);
      if (iss !== undefined && UUID.test(iss)) return iss;
    } catch {
      // falls through to the refusal
    }
    throw new Refused(400, 'INVALID', 'assertion: not a JWT issued by a cluster id');
  }

  /** An access token for a cluster that proves its key (RFC 7523). An assertion works once. */
  async exchange(
    assertion: string,
    state: DesiredState | undefined,
    nowMs: number,
  ): Promise<TokenResponse> {
    if (!state?.publicKey)
      throw new Refused(401, 'UNAUTHENTICATED', 'The hub does not know this cluster');
    checkState(state.state);
    const publicKey = state.publicKey;
    const { jti, exp } = await verifiedAssertion(assertion, { id: state.id, publicKey }, nowMs);
    const nowS = Math.floor(nowMs / 1_000);
    const use = await this.#assertions.use(
      { clusterId: state.id, publicKey, jti, endsS: exp + SKEW_S },
      nowS,
    );
    if (use === 'overused') throw overloaded();
    if (use === 'again')
      throw new Refused(401, 'UNAUTHENTICATED', 'The assertion was used already: sign another one');
    const expiresIn = this.#config.ACCESS_TOKEN_TTL_S;
    const accessToken = await new SignJWT({ key: publicKey })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(state.id)
      .setAudience('picket-agent')
      .setExpirationTime(nowS + expiresIn)
      .sign(this.#keys.tokenSecret);
    return { accessToken, expiresIn };
  }

  /** Which cluster and key an access token speaks for; a promise only for a token that is new here. */
  verify(
    header: string | undefined,
    nowMs: number,
  ): { clusterId: string; publicKey: string } | Promise<{ clusterId: string; publicKey: string }> {
    const token = header?.startsWith('Bearer ') ? header.slice(7) : '';
    const known = this.#verified.get(token);
    if (known && known.expiresS * 1_000 > nowMs) return known;
    return this.#verify(token, nowMs);
  }

  async #verify(token: string, nowMs: number): Promise<{ clusterId: string; publicKey: string }> {
    try {
      const { payload } = await jwtVerify(token, this.#keys.tokenSecret, {
        algorithms: ['HS256'],
        audience: 'picket-agent',
        requiredClaims: ['sub', 'key', 'exp'],
        currentDate: new Date(nowMs),
      });
      const verified = {
        clusterId: String(payload.sub),
        publicKey: String(payload['key']),
        expiresS: payload.exp ?? 0,
      };
      const oldest =
        this.#verified.size >= CACHE_MAX ? this.#verified.keys().next().value : undefined;
      if (oldest !== undefined) this.#verified.delete(oldest);
      this.#verified.set(token, verified);
      return verified;
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw new Refused(401, 'TOKEN_EXPIRED', 'The access token has expired');
      throw new Refused(401, 'UNAUTHENTICATED', 'Not an access token of this hub');
    }
  }
}

/** Checks everything that an assertion says of itself. Throws Refused. */
async function verifiedAssertion(
  assertion: string,
  { id, publicKey }: { id: string; publicKey: string },
  nowMs: number,
): Promise<{ jti: string; exp: number }> {
  const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: publicKey }, 'EdDSA');
  try {
    const { payload } = await jwtVerify(assertion, key, {
      algorithms: ['EdDSA'],
      audience: AUDIENCE,
      issuer: id,
      subject: id,
      requiredClaims: ['iat', 'exp', 'jti'],
      clockTolerance: SKEW_S,
      currentDate: new Date(nowMs),
    });
    const { iat = 0, exp = 0, jti } = payload;
    if (iat * 1_000 > nowMs + SKEW_S * 1_000) throw clockSkew(nowMs);
    if (exp - iat > ASSERTION_LIFE_S)
      throw new Refused(401, 'UNAUTHENTICATED', `An assertion lives at most ${ASSERTION_LIFE_S} s`);
    if (typeof jti !== 'string') throw new Refused(401, 'UNAUTHENTICATED', 'jti: must be text');
    return { jti, exp };
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (error instanceof errors.JWTExpired) throw clockSkew(nowMs);
    throw new Refused(401, 'UNAUTHENTICATED', 'The assertion is not signed by this cluster’s key');
  }
}

/** Throws unless a cluster in this state may talk to the hub. */
export function checkState(state: string): void {
  if (state === 'REVOKED') throw new Refused(403, 'REVOKED', 'This cluster is revoked');
  if (state !== 'APPROVED')
    throw new Refused(403, 'PENDING_APPROVAL', 'This cluster waits for approval');
}

function clockSkew(nowMs: number): Refused {
  return new Refused(
    401,
    'CLOCK_SKEW',
    'The assertion is not valid now: the clocks of agent and hub differ',
    { hubTimeMs: nowMs },
  );
}
