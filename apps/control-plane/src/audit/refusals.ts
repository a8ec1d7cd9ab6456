import type { AuditEvent } from '@picket/audit';
import type { DataSource } from 'typeorm';

import type { Logger } from '../platform/logger.ts';
import { networkOf } from '../platform/rate-limits.ts';
import { Attempt, type Origin, type Subject } from './attempt.ts';
import { addEvent, newEvent } from './event.ts';

/** Equal refusals are summed that long (ms). */
const WINDOW_MS = 60_000;
/** So many kinds of refusals are told apart in one window. */
const KINDS_MAX = 1_000;

interface Sum {
  readonly first: AuditEvent;
  last: AuditEvent;
  more: number;
}

/**
 * Attempts that came to nothing. The first of its kind (who, operation, code) is an event at once; equal ones of the same minute are one
 * more event with their number, so that nobody fills the disk by being refused. A process that is killed loses the number of one minute.
 */
export class Refusals {
  readonly #dataSource: DataSource;
  readonly #logger: Logger;
  #sums = new Map<string, Sum>();
  #timer: NodeJS.Timeout | undefined;
  #firstOrganization: string | undefined;
  /** Refusals that could not be written. */
  lost = 0;

  constructor(dataSource: DataSource, logger: Logger) {
    this.#dataSource = dataSource;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), WINDOW_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  /** Resolves when it is written, or counted. Never throws: what was refused stays refused. */
  async note(event: AuditEvent): Promise<void> {
    const { organizationId, actor, operation, code } = event;
    let key = [organizationId, actor.kind, actor.id, operation, code].join(' ');
    let said = event;
    if (!this.#sums.has(key) && this.#sums.size >= KINDS_MAX) {
      key = [organizationId, operation, code].join(' ');
      said = { ...event, actor: { kind: 'NOBODY', id: 'others', name: 'others' } };
    }
    const sum = this.#sums.get(key);
    if (sum) {
      sum.more += 1;
      sum.last = said;
      return;
    }
    this.#sums.set(key, { first: said, last: said, more: 0 });
    await this.#write(said);
  }

  /**
   * Of somebody who could not say who they are: known by their address. What touches no organization stands in the log of the first one,
   * whose people run the hub.
   */
  async noteNobody(
    operation: string,
    code: string,
    origin: Origin,
    subject: Subject & { readonly organizationId?: string | undefined } = {},
  ): Promise<void> {
    const organizationId = subject.organizationId ?? (await this.#first());
    if (organizationId === undefined) return;
    const id = origin.address === null ? 'unknown' : networkOf(origin.address);
    const caller = { kind: 'NOBODY', id, name: id } as const;
    const attempt = new Attempt(operation, origin, null);
    const event = newEvent({ caller, organizationId, attempt }, subject);
    await this.note({ ...event, outcome: 'REFUSED', code });
  }

  async #first(): Promise<string | undefined> {
    try {
      this.#firstOrganization ??= (
        await this.#dataSource.query('SELECT id FROM organizations ORDER BY created_at, id LIMIT 1')
      )[0]?.id;
    } catch (error) {
      this.#lose(1, error);
    }
    return this.#firstOrganization;
  }

  /** Writes what was summed, and begins a new window. */
  async flush(): Promise<void> {
    const sums = this.#sums;
    this.#sums = new Map();
    for (const { first, last, more } of sums.values())
      if (more > 0) await this.#write({ ...last, count: more, since: first.at });
  }

  async #write(event: AuditEvent): Promise<void> {
    try {
      await addEvent(this.#dataSource, event);
    } catch (error) {
      this.#lose(event.count, error);
    }
  }

  #lose(count: number, error: unknown): void {
    this.lost += count;
    this.#logger.warn({ error: String(error) }, 'a refusal could not be written to the audit log');
  }
}
