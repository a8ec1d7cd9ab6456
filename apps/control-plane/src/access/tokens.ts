import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

import type { DataSource } from 'typeorm';

import { Attempt } from '../audit/attempt.ts';
import { addEvent, newEvent } from '../audit/event.ts';
import type { Config } from '../config/config.ts';
import { abilityFor } from './ability.ts';
import type { Actor } from './actor.ts';
import { BINDING_JSON, claimsOf, heldBy } from './held.ts';

export const TOKEN_PREFIX = 'picket_';
const TOKEN_LENGTH_MIN = 32;

/** API tokens: 256 random bits, SHA-256 at rest. */
export class Tokens {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** Whose token has this hash, and when it ends (Unix ms). Notes its use, to the minute. */
  async find(hash: Buffer, nowMs: number): Promise<{ actor: Actor; endsMs: number } | undefined> {
    const [row] = await this.#dataSource.query(
      `WITH used AS (
         UPDATE api_tokens SET last_used_at = $2::timestamptz WHERE token_hash = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '1 minute')
       )
       SELECT t.id, t.name, t.organization_id AS "organizationId", t.expires_at AS "expiresAt", coalesce(json_agg(${BINDING_JSON}) FILTER (WHERE b.id IS NOT NULL), '[]') AS bindings
       FROM api_tokens t
         LEFT JOIN role_bindings b ON b.organization_id = t.organization_id AND b.subject_kind = 'TOKEN' AND b.subject = t.id::text
         LEFT JOIN roles r ON r.organization_id = b.organization_id AND r.name = b.role
       WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2::timestamptz) GROUP BY t.id`,
      [hash, new Date(nowMs)],
    );
    if (!row) return undefined;
    const { id, name, organizationId, expiresAt, bindings } = row;
    const held = heldBy(bindings, await claimsOf(bindings, this.#dataSource));
    return {
      actor: {
        caller: { kind: 'TOKEN', id, name },
        organizationId,
        held,
        ability: abilityFor(organizationId, held),
      },
      endsMs: expiresAt?.getTime() ?? Infinity,
    };
  }
}

/** A new secret with its prefix, and what is stored of it. */
export function newToken(prefix: string): { token: string; hash: Buffer } {
  const token = `${prefix}${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashToken(token) };
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * Makes the organization, the project `default` and the first admin's token when there is none yet; true when this call made them.
 * The token is what the file holds already (a mounted secret), else a new one that is written there. Replicas that start at once make one.
 */
export async function bootstrap(
  dataSource: DataSource,
  { BOOTSTRAP_TOKEN_FILE: file }: Config,
): Promise<boolean> {
  return dataSource.transaction(async (sql) => {
    await sql.query('LOCK TABLE organizations IN EXCLUSIVE MODE');
    const [existing] = await sql.query('SELECT 1 FROM api_tokens LIMIT 1');
    if (existing) return false;
    const [organization] = await sql.query(
      `INSERT INTO organizations (name) VALUES ('default') RETURNING id`,
    );
    await sql.query(`INSERT INTO projects (organization_id, name) VALUES ($1, 'default')`, [
      organization.id,
    ]);
    // Inside the transaction: a token that could not be handed out must not exist.
    const token = file === undefined ? newToken(TOKEN_PREFIX).token : await readOrWriteToken(file);
    await sql.query(
      `WITH made AS (
         INSERT INTO api_tokens (organization_id, name, token_hash) VALUES ($1, 'first admin', $2) RETURNING id
       ) INSERT INTO role_bindings (organization_id, subject_kind, subject, role) SELECT $1, 'TOKEN', id::text, 'OrgAdmin' FROM made`,
      [organization.id, hashToken(token)],
    );
    const attempt = new Attempt('bootstrap', { address: null, requestId: null }, null);
    const caller = { kind: 'HUB', id: 'hub', name: 'hub' } as const;
    const event = newEvent(
      { caller, organizationId: organization.id, attempt },
      { thing: 'Organization', id: organization.id, name: 'default' },
    );
    await addEvent(sql, event);
    return true;
  });
}

async function readOrWriteToken(file: string): Promise<string> {
  const given = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (given === undefined) {
    const { token } = newToken(TOKEN_PREFIX);
    await writeFile(file, `${token}\n`, { mode: 0o600 });
    return token;
  }
  const token = given.trim();
  if (token.length < TOKEN_LENGTH_MIN)
    throw new Error(`${file} holds a token of less than ${TOKEN_LENGTH_MIN} characters`);
  return token;
}
