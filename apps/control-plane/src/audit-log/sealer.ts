import { appendFile } from 'node:fs/promises';

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
  #isFirst = true;

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
      await this.seal();
    };
  }

  async seal(): Promise<void> {
    let sealed = 0;
    for (let batch = BATCH; batch === BATCH; sealed += batch)
      [{ batch }] = await this.#dataSource.query('SELECT seal_audit_events($1) AS batch', [BATCH]);
    if (this.#key && (sealed > 0 || this.#isFirst)) await this.#publish(this.#key);
    this.#isFirst = false;
  }

  /** Sealed events that no head speaks of, whoever sealed them. */
  async #publish(key: AuditKey): Promise<void> {
    const lines = await inTransaction(this.#dataSource, async (sql) => {
      await sql.query('SELECT pg_advisory_xact_lock($1)', [HEADS_LOCK]);
      const places: Place[] = await sql.query(
        `SELECT o.id AS "organizationId", s.sequence::float8 AS sequence, s.hash FROM organizations o
         CROSS JOIN LATERAL (SELECT sequence, hash FROM audit_seals WHERE organization_id = o.id ORDER BY sequence DESC LIMIT 1) s
         WHERE s.sequence > coalesce((SELECT max(h.sequence) FROM audit_heads h WHERE h.organization_id = o.id), 0)`,
      );
      const at = new Date().toISOString();
      const heads = places.map((place) => key.sign({ ...place, at }));
      const texts = heads.map((head) => canonicalJson(head as unknown as Json));
      await sql.query(
        'INSERT INTO audit_heads (organization_id, sequence, head) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[])',
        [
          heads.map(({ organizationId }) => organizationId),
          heads.map(({ sequence }) => sequence),
          texts,
        ],
      );
      return texts;
    });
    const { AUDIT_HEADS_FILE } = this.#config;
    if (AUDIT_HEADS_FILE && lines.length > 0)
      await appendFile(AUDIT_HEADS_FILE, lines.map((line) => `${line}\n`).join(''), {
        mode: 0o644,
      });
  }
}
