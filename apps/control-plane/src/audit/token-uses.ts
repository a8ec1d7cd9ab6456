import type { AuditEvent } from '@picket/audit';
import type { DataSource } from 'typeorm';

import { inTransaction } from '../platform/database.ts';
import { Attempt } from './attempt.ts';
import { addEvent, newEvent } from './event.ts';

/** Sums that become events in one transaction. */
const BATCH = 500;

interface Sum {
  readonly organizationId: string;
  readonly kind: AuditEvent['actor']['kind'];
  readonly id: string;
  readonly name: string;
  readonly hour: Date;
  readonly count: number;
  readonly addresses: readonly string[];
}

/** The sums of hours that are over become events, one for each caller and hour. Processes flush every minute, so an hour ends late. */
export async function tellUses(dataSource: DataSource): Promise<void> {
  for (;;) {
    const told = await inTransaction(dataSource, async (sql) => {
      const sums: Sum[] = (
        await sql.query(
          `DELETE FROM token_uses WHERE ctid = ANY (ARRAY (
             SELECT ctid FROM token_uses WHERE hour < date_trunc('hour', now() - interval '5 minutes', 'UTC') ORDER BY hour LIMIT $1 FOR UPDATE SKIP LOCKED
           )) RETURNING organization_id AS "organizationId", actor_kind AS kind, actor_id AS id, actor_name AS name, hour, count::float8 AS count, addresses`,
          [BATCH],
        )
      )[0];
      for (const { organizationId, kind, id, name, hour, count, addresses } of sums) {
        const attempt = new Attempt('useToken', { address: null, requestId: null }, null);
        const event = newEvent({ caller: { kind, id, name }, organizationId, attempt }, {});
        await addEvent(sql, { ...event, count, since: hour.toISOString(), addresses });
      }
      return sums.length;
    });
    if (told < BATCH) return;
  }
}
