import type { StatusReport, SyncRequest } from '@picket/agent-protocol';
import type { DataSource } from 'typeorm';

export interface Heartbeat {
  readonly clusterId: string;
  readonly sync: SyncRequest;
}

/** Where everything that agents say is written down first: heartbeats, and reports that wait for their worker. */
export class InboxRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** One statement for all heartbeats of the last second. */
  async saveHeartbeats(beats: readonly Heartbeat[], at: Date): Promise<void> {
    await this.#dataSource.query(
      `INSERT INTO heartbeats (cluster_id, seen_at, agent_version, digest, sequence, keys_counter, keys_fault)
       SELECT w.id, $2, w.version, w.digest, w.sequence, w.counter, w.fault
       FROM unnest($1::uuid[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::text[]) AS w (id, version, digest, sequence, counter, fault)
       JOIN clusters c ON c.id = w.id
       ON CONFLICT (cluster_id) DO UPDATE SET seen_at = excluded.seen_at, agent_version = excluded.agent_version, digest = excluded.digest,
         sequence = excluded.sequence, keys_counter = excluded.keys_counter, keys_fault = excluded.keys_fault`,
      [
        beats.map(({ clusterId }) => clusterId),
        at,
        beats.map(({ sync }) => sync.agentVersion),
        beats.map(({ sync }) => sync.digest),
        beats.map(({ sync }) => sync.sequence),
        beats.map(({ sync }) => sync.keys?.counter ?? null),
        beats.map(({ sync }) => sync.keys?.fault ?? null),
      ],
    );
  }

  /** Commits reports before they are acknowledged; one that came before counts once. */
  async accept(reports: readonly { clusterId: string; report: StatusReport }[]): Promise<void> {
    await this.#dataSource.query(
      `INSERT INTO status_inbox (cluster_id, epoch, report_sequence, report)
       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::jsonb[]) ON CONFLICT DO NOTHING`,
      [
        reports.map(({ clusterId }) => clusterId),
        reports.map(({ report }) => report.epoch),
        reports.map(({ report }) => report.reportSequence),
        reports.map(({ report }) => JSON.stringify(report)),
      ],
    );
  }
}
