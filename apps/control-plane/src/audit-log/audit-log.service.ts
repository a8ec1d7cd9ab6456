import { z } from 'zod';

import { type Actor, authorize } from '../access/actor.ts';
import { type Connection, connectionOf, PageInvalid, pageRequest } from '../platform/connection.ts';
import { checked } from '../platform/input.ts';
import type { AuditEventFilter } from './audit-log.graphql.ts';
import type { AuditLogRepository, LoggedEvent } from './audit-log.repository.ts';

/** Events are up to a hundred kilobytes, and a page of them is held at once. */
const EXPORT_PAGE = 100;
const Word = z.string().max(256).optional();
const Filter = z.object({
  actor: Word,
  operation: Word,
  thing: Word,
  thingId: Word,
  project: Word,
  text: z.string().max(200).optional(),
});
const After = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The use cases of reading the audit log. */
export class AuditLogService {
  readonly #log: AuditLogRepository;

  constructor(log: AuditLogRepository) {
    this.#log = log;
  }

  async list(
    { ability }: Actor,
    { outcome, from, to, ...words }: AuditEventFilter,
    first: number,
    after?: string,
  ): Promise<Connection<LoggedEvent>> {
    const page = pageRequest(first, after);
    if (page.after !== undefined && !/^\d{1,18}$/.test(page.after))
      throw new PageInvalid('after is not a cursor of this list');
    const given = Object.fromEntries(Object.entries(words).filter(([, word]) => word !== null));
    const question = {
      ability,
      ...checked(Filter, given, 'filter'),
      outcome: outcome ?? undefined,
      from: from?.toISOString(),
      to: to?.toISOString(),
    };
    return connectionOf(
      await this.#log.list(question, page.after, page.first + 1),
      page,
      ({ id }) => id,
      () => this.#log.count(question),
    );
  }

  /** The sealed log of the whole organization, a line for each event. A part of it could not be verified, so there is none of a project. */
  export(actor: Actor, after: unknown): AsyncGenerator<string> {
    const { organizationId } = actor;
    authorize(actor, 'read', 'AuditEvent', { organizationId });
    return this.#log.lines(organizationId, checked(After, after ?? 0, 'after'), EXPORT_PAGE);
  }
}
