import type { StatusReport } from '@picket/agent-protocol';
import type { DataSource } from 'typeorm';

import { inTransaction } from '../platform/database.ts';

/** The last report of a cluster and its heartbeat, as they are stored. */
export interface StoredStatus {
  readonly clusterId: string;
  /** What the cluster must have, read at the same moment. */
  readonly desiredDigest: string | null;
  readonly seenAt: Date | null;
  readonly agentVersion: string | null;
  readonly keysCounter: number | null;
  readonly keysFault: string | null;
  readonly runningDigest: string | null;
  readonly sequence: number | null;
  readonly digest: string | null;
  readonly phase: string | null;
  readonly reason: string | null;
  readonly counts: StatusReport['counts'] | null;
  readonly outcomes: StatusReport['outcomes'] | null;
  readonly outcomesDropped: number | null;
  readonly repairs: number | null;
  readonly blocked: boolean | null;
  readonly stale: boolean;
}

/** Reports per transaction. */
export const TAKE_MAX = 1_000;

/** Stores what became of reports. */
export class StatusRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /**
   * Moves waiting reports into the statuses: inbox and ledger change in one transaction, so a report counts once however often a worker dies.
   * Of several reports of a cluster the newest wins; one from before what is known changes nothing. Returns how many were
   * taken, and of which clusters something was new.
   */
  async takeIn(): Promise<{ taken: number; clusterIds: string[] }> {
    return inTransaction(this.#dataSource, async (sql) => {
      const [row] = await sql.query(
        `WITH taken AS (
           DELETE FROM status_inbox WHERE id IN (SELECT id FROM status_inbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING *
         ), fresh AS (
           SELECT t.* FROM taken t JOIN clusters c ON c.id = t.cluster_id
             LEFT JOIN report_ledger l ON l.cluster_id = t.cluster_id AND l.epoch = t.epoch
           WHERE l.report_sequence IS NULL OR l.report_sequence < t.report_sequence
         ), ledger AS (
           INSERT INTO report_ledger AS l (cluster_id, epoch, report_sequence)
           SELECT cluster_id, epoch, max(report_sequence) FROM fresh GROUP BY cluster_id, epoch
           ON CONFLICT (cluster_id, epoch) DO UPDATE SET report_sequence = greatest(l.report_sequence, excluded.report_sequence), taken_at = now()
         ), newest AS (
           SELECT DISTINCT ON (cluster_id) *, sum((report->>'repairs')::bigint) OVER (PARTITION BY cluster_id) AS repairs
           FROM fresh ORDER BY cluster_id, id DESC
         ), saved AS (
           INSERT INTO cluster_statuses AS s (cluster_id, epoch, report_sequence, sequence, digest, running_digest, phase, reason, counts, outcomes, outcomes_dropped, repairs, reported_at)
           SELECT cluster_id, epoch, report_sequence, (report->>'sequence')::bigint, report->>'digest', report->>'running', report->>'phase', report->>'reason',
             report->'counts', report->'outcomes', (report->>'outcomesDropped')::int, repairs, received_at
           FROM newest
           ON CONFLICT (cluster_id) DO UPDATE SET epoch = excluded.epoch, report_sequence = excluded.report_sequence, sequence = excluded.sequence,
             digest = excluded.digest, running_digest = excluded.running_digest, phase = excluded.phase, reason = excluded.reason, counts = excluded.counts,
             outcomes = excluded.outcomes, outcomes_dropped = excluded.outcomes_dropped, repairs = s.repairs + excluded.repairs, reported_at = excluded.reported_at
           WHERE s.epoch <> excluded.epoch OR s.report_sequence < excluded.report_sequence
         )
         SELECT (SELECT count(*)::int FROM taken) AS taken, coalesce((SELECT array_agg(cluster_id) FROM newest), '{}') AS "clusterIds"`,
        [TAKE_MAX],
      );
      return row;
    });
  }

  /** Forgets epochs that have been silent for a month: no retry comes that late. */
  async trimLedger(): Promise<void> {
    await this.#dataSource.query(
      `DELETE FROM report_ledger WHERE taken_at < now() - interval '30 days'`,
    );
  }

  async countWaiting(): Promise<number> {
    const [row] = await this.#dataSource.query('SELECT count(*)::int AS count FROM status_inbox');
    return row.count;
  }

  /** Of each cluster its rows are looked up one by one: a join would rather read whole tables, as long as they fit into memory. */
  async load(ids: readonly string[]): Promise<Map<string, StoredStatus>> {
    const rows: StoredStatus[] = await this.#dataSource.query(
      `SELECT c.id AS "clusterId", c.desired_digest AS "desiredDigest", h.seen_at AS "seenAt", h.agent_version AS "agentVersion",
         h.keys_counter AS "keysCounter", h.keys_fault AS "keysFault",
         s.sequence::float8 AS sequence, s.digest, s.running_digest AS "runningDigest", s.phase, s.reason, s.counts, s.outcomes, s.outcomes_dropped AS "outcomesDropped", s.repairs::float8 AS repairs, r.blocked, c.stale
       FROM clusters c LEFT JOIN LATERAL (SELECT * FROM heartbeats WHERE cluster_id = c.id OFFSET 0) h ON true
       LEFT JOIN LATERAL (SELECT * FROM cluster_statuses WHERE cluster_id = c.id OFFSET 0) s ON true
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
