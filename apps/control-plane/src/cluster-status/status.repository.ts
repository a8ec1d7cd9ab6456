import type { StatusReport } from '@picket/agent-protocol';
import type { DataSource } from 'typeorm';

import { inTransaction } from '../platform/database.ts';

/** The last report of a cluster and its heartbeat, as they are stored. */
export interface StoredStatus {
  readonly clusterId: string;
  readonly seenAt: Date | null;
  readonly agentVersion: string | null;
  readonly runningDigest: string | null;
  readonly sequence: number | null;
  readonly digest: string | null;
  readonly phase: string | null;
  readonly reason: string | null;
  readonly counts: StatusReport['counts'] | null;
  readonly outcomes: StatusReport['outcomes'] | null;
  readonly outcomesDropped: number | null;
  readonly blocked: boolean | null;
}

const TAKE = 1_000;

/** Stores what became of reports. */
export class StatusRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /**
   * Moves waiting reports into the statuses: inbox and ledger change in one transaction, so a report counts once however often a worker dies.
   * Of several reports of a cluster the newest wins; one from before what is known changes nothing. Returns how many were taken.
   */
  async takeIn(): Promise<number> {
    return inTransaction(this.#dataSource, async (sql) => {
      const [row] = await sql.query(
        `WITH taken AS (
           DELETE FROM status_inbox WHERE id IN (SELECT id FROM status_inbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING *
         ), newest AS (
           SELECT DISTINCT ON (t.cluster_id) t.* FROM taken t JOIN clusters c ON c.id = t.cluster_id ORDER BY t.cluster_id, t.id DESC
         ), repairs AS (
           SELECT cluster_id, sum((report->>'repairs')::bigint) AS repairs FROM taken GROUP BY cluster_id
         ), saved AS (
           INSERT INTO cluster_statuses AS s (cluster_id, epoch, report_sequence, sequence, digest, running_digest, phase, reason, counts, outcomes, outcomes_dropped, repairs, reported_at)
           SELECT n.cluster_id, n.epoch, n.report_sequence, (n.report->>'sequence')::bigint, n.report->>'digest', n.report->>'running', n.report->>'phase', n.report->>'reason',
             n.report->'counts', n.report->'outcomes', (n.report->>'outcomesDropped')::int, r.repairs, n.received_at
           FROM newest n JOIN repairs r ON r.cluster_id = n.cluster_id
           ON CONFLICT (cluster_id) DO UPDATE SET epoch = excluded.epoch, report_sequence = excluded.report_sequence, sequence = excluded.sequence,
             digest = excluded.digest, running_digest = excluded.running_digest, phase = excluded.phase, reason = excluded.reason, counts = excluded.counts, outcomes = excluded.outcomes,
             outcomes_dropped = excluded.outcomes_dropped, repairs = s.repairs + excluded.repairs, reported_at = excluded.reported_at
           WHERE s.epoch <> excluded.epoch OR s.report_sequence < excluded.report_sequence
         )
         SELECT count(*)::int AS count FROM taken`,
        [TAKE],
      );
      return row.count;
    });
  }

  async countWaiting(): Promise<number> {
    const [row] = await this.#dataSource.query('SELECT count(*)::int AS count FROM status_inbox');
    return row.count;
  }

  async load(ids: readonly string[]): Promise<Map<string, StoredStatus>> {
    const rows: StoredStatus[] = await this.#dataSource.query(
      `SELECT c.id AS "clusterId", h.seen_at AS "seenAt", h.agent_version AS "agentVersion",  
         s.sequence::float8 AS sequence, s.digest, s.running_digest AS "runningDigest", s.phase, s.reason, s.counts, s.outcomes, s.outcomes_dropped AS "outcomesDropped", r.blocked
       FROM clusters c LEFT JOIN heartbeats h ON h.cluster_id = c.id LEFT JOIN cluster_statuses s ON s.cluster_id = c.id
       LEFT JOIN renders r ON r.key = c.render_key WHERE c.id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map((row) => [row.clusterId, row]));
  }

  async capabilities(hashes: readonly string[]): Promise<Map<string, object>> {
    const rows: { hash: string; body: object }[] = await this.#dataSource.query(
      'SELECT hash, body FROM capabilities WHERE hash = ANY($1)',
      [hashes],
    );
    return new Map(rows.map(({ hash, body }) => [hash, body]));
  }
}
