import { readFile } from 'node:fs/promises';

import type { DataSource } from 'typeorm';

import type { Config } from '../config/config.ts';
import { inTransaction, type Sql } from '../platform/database.ts';
import { every } from '../platform/every.ts';
import type { Logger } from '../platform/logger.ts';
import { SEALED_LINE } from './audit-log.repository.ts';
import { webhookSignature } from './webhook-signature.ts';

const POLL_MS = 1_000;
/** Of one request: events, and letters of them unless the first alone is larger. */
const BATCH = 100;
const BATCH_LETTERS = 1_048_576;
/** Within which the receiver must answer (ms). */
const ANSWER_MS = 10_000;
const BACKOFF_MAX_MS = 300_000;
const SECRET_MIN = 16;

interface Batch {
  readonly lines: readonly string[];
  readonly position: number;
  readonly headId: number;
}

/**
 * Sends sealed events and signed heads to a webhook: at least once, in order. How far it has come stands in the database, so a restart or
 * another worker goes on from there; whoever sends holds that row, so there is one at a time. What the receiver does not take, whatever its
 * answer, is sent again until it does.
 */
export class AuditStream {
  readonly #dataSource: DataSource;
  readonly #config: Config;
  readonly #logger: Logger;
  #secret = '';
  #notBeforeMs = 0;
  #failuresInRow = 0;
  /** Requests that the receiver did not take. */
  failures = 0;

  constructor(dataSource: DataSource, config: Config, logger: Logger) {
    this.#dataSource = dataSource;
    this.#config = config;
    this.#logger = logger;
  }

  /** Throws when the secret cannot be read. Returns how to end it. */
  async start(): Promise<() => Promise<void>> {
    const { AUDIT_WEBHOOK_URL, AUDIT_WEBHOOK_SECRET_FILE = '' } = this.#config;
    if (!AUDIT_WEBHOOK_URL) return () => Promise.resolve();
    this.#secret = (await readFile(AUDIT_WEBHOOK_SECRET_FILE, 'utf8')).trim();
    if (this.#secret.length < SECRET_MIN)
      throw new Error(`AUDIT_WEBHOOK_SECRET_FILE holds less than ${SECRET_MIN} characters`);
    return every(POLL_MS, () => this.#sendAll(AUDIT_WEBHOOK_URL), this.#logger);
  }

  /** Sealed events that the webhook has not taken; 0 without one. */
  async countWaiting(): Promise<number> {
    if (!this.#config.AUDIT_WEBHOOK_URL) return 0;
    const [{ count }] = await this.#dataSource.query(
      'SELECT count(*)::int AS count FROM audit_seals WHERE position > (SELECT position FROM audit_stream)',
    );
    return count;
  }

  async #sendAll(url: string): Promise<void> {
    if (performance.now() < this.#notBeforeMs) return;
    while (await inTransaction(this.#dataSource, (sql) => this.#sendOne(url, sql)));
  }

  /** Whether there may be more. */
  async #sendOne(url: string, sql: Sql): Promise<boolean> {
    const [from] = await sql.query(
      'SELECT position, head_id AS "headId" FROM audit_stream FOR UPDATE SKIP LOCKED',
    );
    if (!from) return false; // another worker sends
    const { lines, position, headId } = await nextBatch(from, sql);
    if (lines.length === 0) return false;
    const fault = await this.#post(url, lines.join(''), `${from.position}-${from.headId}`);
    if (fault !== undefined) {
      this.#failed(fault);
      return false;
    }
    this.#failuresInRow = 0;
    await sql.query('UPDATE audit_stream SET position = $1, head_id = $2', [position, headId]);
    return true;
  }

  /** Why it was not taken; undefined when it was. */
  async #post(url: string, body: string, delivery: string): Promise<string | undefined> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        // A redirect could lead anywhere, also to where only the hub can reach.
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWER_MS),
        headers: {
          'content-type': 'application/x-ndjson',
          'user-agent': 'picket-hub',
          'picket-delivery': delivery,
          'picket-signature': webhookSignature(this.#secret, body, Date.now()),
        },
        body,
      });
      await response.body?.cancel();
      return response.ok ? undefined : `status ${response.status}`;
    } catch (error) {
      const { message, cause } = error as Error & { cause?: { code?: string } };
      return cause?.code ?? message;
    }
  }

  #failed(fault: string): void {
    this.failures += 1;
    this.#failuresInRow += 1;
    const mostMs = Math.min(BACKOFF_MAX_MS, 1_000 * 2 ** (this.#failuresInRow - 1));
    this.#notBeforeMs = performance.now() + mostMs * (0.5 + Math.random() / 2);
    this.#logger.warn(
      { fault, failures: this.#failuresInRow },
      'the audit webhook did not take events; they wait',
    );
  }
}

async function nextBatch(
  from: { readonly position: string; readonly headId: string },
  sql: Sql,
): Promise<Batch> {
  const sealed: { line: string; position: number }[] = await sql.query(
    `SELECT ${SEALED_LINE} AS line, s.position::float8 AS position FROM audit_seals s LEFT JOIN audit_events e ON e.id = s.event_id
     WHERE s.position > $1 ORDER BY s.position LIMIT $2`,
    [from.position, BATCH],
  );
  let letters = 0;
  const events = sealed.filter(
    ({ line }, index) => (letters += line.length) <= BATCH_LETTERS || index === 0,
  );
  const heads: { line: string; id: number }[] = await sql.query(
    'SELECT head AS line, id::float8 AS id FROM audit_heads WHERE id > $1 ORDER BY id LIMIT $2',
    [from.headId, BATCH],
  );
  return {
    lines: [
      ...events.map(({ line }) => `${line}\n`),
      ...heads.map(({ line }) => `{"head":${line}}\n`),
    ],
    position: events.at(-1)?.position ?? Number(from.position),
    headId: heads.at(-1)?.id ?? Number(from.headId),
  };
}
