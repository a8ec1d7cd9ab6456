import { type AuditEvent, diff } from '@picket/audit';
import type { DataSource } from 'typeorm';

import { inTransaction, type Sql } from '../platform/database.ts';
import type { Acting } from './acting.ts';
import type { Subject } from './attempt.ts';
import { addEvent, newEvent } from './event.ts';

/** What was done to one thing. Absent `before`: it was made; absent `after`: it ended. */
export interface Change extends Subject {
  readonly before?: unknown;
  readonly after?: unknown;
  /** Why nothing was changed after all: `DRY_RUN`, `PROBLEMS`. */
  readonly unchanged?: string | undefined;
}

/** The one way to change something: the change and its audit event are committed together, or neither is. */
export class Changes {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /**
   * Runs `work` in one transaction, which must call `record` once with what it did; that becomes the one event of the actor's mutation.
   * `before` and `after` are shown to auditors: give what people may see. Throws, and keeps nothing, when nothing or more is recorded.
   */
  async make<T>(
    actor: Acting,
    work: (sql: Sql, record: (change: Change) => void) => Promise<T>,
  ): Promise<T> {
    const { attempt } = actor;
    if (!attempt) throw new Error('Only an operation of the API may change something');
    const result = await inTransaction(this.#dataSource, async (sql) => {
      const changes: Change[] = [];
      const done = await work(sql, (change) => changes.push(change));
      const [change] = changes;
      if (!change || changes.length > 1)
        throw new Error(`${attempt.operation} recorded ${changes.length} changes, not one`);
      await addEvent(sql, eventOf(actor, change));
      return done;
    });
    attempt.events += 1;
    return result;
  }
}

function eventOf(actor: Acting, { before, after, unchanged, ...subject }: Change): AuditEvent {
  const { differences, dropped } = diff(before, after);
  return {
    ...newEvent(actor, subject),
    outcome: unchanged === undefined ? 'DONE' : 'UNCHANGED',
    code: unchanged ?? null,
    changes: differences,
    changesDropped: dropped,
  };
}
