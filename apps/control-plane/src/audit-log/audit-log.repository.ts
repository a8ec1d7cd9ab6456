import type { AuditEvent, Outcome } from '@picket/audit';
import type { DataSource } from 'typeorm';

import { type Ability, abilitySql } from '../access/ability.ts';

export interface AuditQuestion {
  /** Only what it may read is listed. */
  readonly ability: Ability;
  /** Id or name of whoever acted. */
  readonly actor?: string | undefined;
  readonly operation?: string | undefined;
  readonly thing?: string | undefined;
  readonly thingId?: string | undefined;
  readonly project?: string | undefined;
  readonly outcome?: Outcome | undefined;
  /** RFC 3339 in UTC, with milliseconds; inclusive, exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly text?: string | undefined;
}

/** An event as people see it; its place in the chain is null until it is sealed. */
export interface LoggedEvent extends Omit<AuditEvent, 'at' | 'since'> {
  readonly at: Date;
  readonly since: Date | null;
  readonly id: string;
  readonly project: string | null;
  readonly sequence: number | null;
  readonly hash: string | null;
}

/** The line of a sealed event `s`, `e`, as `sealedLine` of libs/audit writes it. An event that somebody took away leaves a hole that shows. */
export const SEALED_LINE = `'{"event":' || coalesce(e.body, 'null') || ',"hash":"' || s.hash || '","previous":"' || s.previous || '","sequence":' || s.sequence || '}'`;

const READABLE = { organizationId: 'e.organization_id', projectId: 'e.project_id' };

/** Reads the audit log. */
export class AuditLogRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** Newest first, those before the id `after`. */
  async list(
    question: AuditQuestion,
    after: string | undefined,
    limit: number,
  ): Promise<LoggedEvent[]> {
    const values: unknown[] = [];
    const where = conditions(question, values);
    if (after !== undefined) where.push(`e.id < $${values.push(after)}::bigint`);
    const rows: (Pick<LoggedEvent, 'id' | 'project' | 'sequence' | 'hash'> & { body: string })[] =
      await this.#dataSource.query(
        `SELECT e.id, e.body, p.name AS project, s.sequence::float8 AS sequence, s.hash FROM audit_events e
         LEFT JOIN projects p ON p.id = e.project_id LEFT JOIN audit_seals s ON s.event_id = e.id
         WHERE ${where.join(' AND ')} ORDER BY e.id DESC LIMIT $${values.push(limit)}`,
        values,
      );
    return rows.map(({ body, ...place }) => {
      const { at, since, ...event } = JSON.parse(body) as AuditEvent;
      return {
        ...event,
        ...place,
        at: new Date(at),
        since: since === null ? null : new Date(since),
      };
    });
  }

  async count(question: AuditQuestion): Promise<number> {
    const values: unknown[] = [];
    const [row] = await this.#dataSource.query(
      `SELECT count(*)::int AS count FROM audit_events e LEFT JOIN projects p ON p.id = e.project_id
       WHERE ${conditions(question, values).join(' AND ')}`,
      values,
    );
    return row.count;
  }

  /** Lines of sealed events, from the one after `after` on, a page at a time. */
  async *lines(organizationId: string, after: number, page: number): AsyncGenerator<string> {
    for (let last = after; ;) {
      const rows: { line: string; sequence: number }[] = await this.#dataSource.query(
        `SELECT ${SEALED_LINE} AS line, s.sequence::float8 AS sequence FROM audit_seals s LEFT JOIN audit_events e ON e.id = s.event_id
         WHERE s.organization_id = $1 AND s.sequence > $2 ORDER BY s.sequence LIMIT $3`,
        [organizationId, last, page],
      );
      for (const { line } of rows) yield `${line}\n`;
      if (rows.length < page) return;
      last = rows.at(-1)?.sequence ?? last;
    }
  }

  async countUnsealed(): Promise<number> {
    const [row] = await this.#dataSource.query('SELECT count(*)::int AS count FROM audit_unsealed');
    return row.count;
  }
}

function conditions(question: AuditQuestion, values: unknown[]): string[] {
  const { ability, actor, operation, thing, thingId, project, outcome, from, to, text } = question;
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = [abilitySql(ability, 'read', 'AuditEvent', READABLE, values)];
  if (actor !== undefined) {
    const asked = bind(actor);
    where.push(`(e.actor_id = ${asked} OR e.body::jsonb #>> '{actor,name}' = ${asked})`);
  }
  if (operation !== undefined) where.push(`e.operation = ${bind(operation)}`);
  if (thing !== undefined) where.push(`e.thing = ${bind(thing)}`);
  if (thingId !== undefined) where.push(`e.thing_id = ${bind(thingId)}`);
  if (project !== undefined) where.push(`p.name = ${bind(project)}`);
  if (outcome !== undefined) where.push(`e.outcome = ${bind(outcome)}`);
  if (from !== undefined) where.push(`e.at >= ${bind(from)}`);
  if (to !== undefined) where.push(`e.at < ${bind(to)}`);
  if (text !== undefined) where.push(`strpos(lower(e.body), lower(${bind(text)})) > 0`);
  return where;
}
