import { open } from 'node:fs/promises';

import type { SignedHead } from '@picket/audit';
import { canonicalJson, type Json } from '@picket/kernel';
import type { DataSource } from 'typeorm';

import type { Config } from '../config/config.ts';
import { inTransaction } from '../platform/database.ts';
import { every } from '../platform/every.ts';
import type { Logger } from '../platform/logger.ts';
import { type AuditKey, loadAuditKey } from './audit-key.ts';

const SEAL_MS = 1_000;
const BATCH = 1_000;
/** Heads are made one transaction at a time, so that they become visible in order. Any constant will do. */
const HEADS_LOCK = 7_051_996;

interface Place {
  readonly organizationId: string;
  readonly sequence: number;
  readonly hash: string;
}

/**
 * Chains what was committed, and signs how far that is. The chain is made by the database, in a function of its owner (migration 0041): a
 * hub that is taken over can stop sealing, which shows, and cannot leave an event out. Any number of workers may do this at once.
 */
export class Sealer {
  readonly #dataSource: DataSource;
  readonly #config: Config;
  readonly #logger: Logger;
  #key: AuditKey | undefined;
  /** Something may be sealed that this process has not signed: also what others sealed before it began. */
  #isDue = true;
  /** How far this process has signed, by organization. The database is not asked, where a stolen password could say that all is signed. */
  readonly #signed = new Map<string, number>();
  /** The newest head of each organization that the file does not have. */
  readonly #unwritten = new Map<string, string>();

  constructor(dataSource: DataSource, config: Config, logger: Logger) {
    this.#dataSource = dataSource;
    this.#config = config;
    this.#logger = logger;
  }

  /** Throws when the key cannot be read. Returns how to end it; what is committed by then is sealed. */
  async start(): Promise<() => Promise<void>> {
    const { AUDIT_KEY_FILE } = this.#config;
    if (AUDIT_KEY_FILE) this.#key = await loadAuditKey(AUDIT_KEY_FILE);
    else
      this.#logger.warn(
        {},
        'AUDIT_KEY_FILE is not set: nobody will see when the end of the audit log is cut off',
      );
    const stop = every(SEAL_MS, () => this.seal(), this.#logger);
    return async () => {
      await stop();
      await this.seal().catch((error: unknown) =>
        this.#logger.warn({ error: String(error) }, 'the last events wait for another worker'),
      );
    };
  }

  async seal(): Promise<void> {
    for (let batch = BATCH; batch === BATCH;) {
      [{ batch }] = await this.#dataSource.query('SELECT seal_audit_events($1) AS batch', [BATCH]);
      if (batch > 0) this.#isDue = true;
    }
    if (!this.#key) return;
    if (this.#isDue) await this.#publish(this.#key);
    this.#isDue = false;
    const { AUDIT_HEADS_FILE } = this.#config;
    if (AUDIT_HEADS_FILE) await this.#write(AUDIT_HEADS_FILE);
  }

  /** Signs the end of each log that this process has not signed, whoever sealed it. */
  async #publish(key: AuditKey): Promise<void> {
    const heads = await inTransaction(this.#dataSource, async (sql) => {
      await sql.query('SELECT pg_advisory_xact_lock($1)', [HEADS_LOCK]);
      const places: Place[] = await sql.query(
        `SELECT o.id AS "organizationId", s.sequence::float8 AS sequence, s.hash FROM organizations o
         CROSS JOIN LATERAL (SELECT sequence, hash FROM audit_seals WHERE organization_id = o.id ORDER BY sequence DESC LIMIT 1) s`,
      );
      const at = new Date().toISOString();
      const signed = places
        .filter((place) => place.sequence > (this.#signed.get(place.organizationId) ?? 0))
        .map((place) => key.sign({ ...place, at }));
      await sql.query(
        `INSERT INTO audit_heads (organization_id, sequence, head) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[])
         ON CONFLICT (organization_id, sequence) DO NOTHING`,
        [
          signed.map(({ organizationId }) => organizationId),
          signed.map(({ sequence }) => sequence),
          signed.map(textOf),
        ],
      );
      return signed;
    });
    for (const head of heads) {
      this.#signed.set(head.organizationId, head.sequence);
      this.#unwritten.set(head.organizationId, textOf(head));
    }
  }

  /** What does not get into the file waits for the next turn; a line of which the disk took a part goes again, or the file could not be read. */
  async #write(file: string): Promise<void> {
    if (this.#unwritten.size === 0) return;
    const text = [...this.#unwritten.values()].map((line) => `${line}\n`).join('');
    const handle = await open(file, 'a', 0o644);
    try {
      const { size } = await handle.stat();
      await handle.appendFile(text).catch(async (error: unknown) => {
        await handle.truncate(size).catch(() => undefined);
        throw error;
      });
    } finally {
      await handle.close();
    }
    this.#unwritten.clear();
  }
}

function textOf(head: SignedHead): string {
  return canonicalJson(head as unknown as Json);
}
