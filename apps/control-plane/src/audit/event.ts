import { type AuditEvent, eventText, redactedText } from '@picket/audit';

import type { Sql } from '../platform/database.ts';
import type { Acting } from './acting.ts';
import type { Subject } from './attempt.ts';

/** A name or id that somebody sent may be of any length (letters). */
const WORD_MAX = 256;

/** An event of now, without changes. */
export function newEvent(
  { caller, organizationId, attempt }: Acting,
  subject: Subject,
): AuditEvent {
  const { thing = attempt?.thing, id, name, projectId } = subject;
  return {
    organizationId,
    projectId: projectId ?? null,
    at: new Date().toISOString(),
    actor: { kind: caller.kind, id: word(caller.id) ?? '', name: word(caller.name) ?? '' },
    from: attempt?.origin ?? { address: null, requestId: null },
    operation: attempt?.operation ?? 'unknown',
    outcome: 'DONE',
    code: null,
    thing: thing ?? null,
    thingId: word(id),
    thingName: word(name),
    reason: attempt?.reason ?? null,
    changes: [],
    changesDropped: 0,
    count: 1,
    since: null,
    addresses: [],
  };
}

export async function addEvent(sql: Sql, event: AuditEvent): Promise<void> {
  await sql.query('INSERT INTO audit_events (body) VALUES ($1)', [eventText(event)]);
}

function word(text: string | undefined): string | null {
  return text === undefined ? null : redactedText(text).slice(0, WORD_MAX).toWellFormed();
}
