import type { Sql } from '../platform/database.ts';
import { ExceptionOver } from './namespace-policy.ts';

const DAYS_MAX = 366;

/** Seconds since the epoch. Throws ExceptionOver for an end that is past, or further away than a year. */
export async function endOf(end: Date, sql: Sql): Promise<number> {
  const expiresAt = Math.floor(end.getTime() / 1_000);
  const [{ seconds }] = await sql.query(
    'SELECT $1::float8 - extract(epoch FROM now())::float8 AS seconds',
    [expiresAt],
  );
  if (!(seconds > 0 && seconds <= DAYS_MAX * 86_400))
    throw new ExceptionOver(`An exception ends in the future, at most ${DAYS_MAX} days from now`, {
      expiresAt: end.toISOString(),
      maxDays: DAYS_MAX,
    });
  return expiresAt;
}

/** Whether an end has come, by the database's clock; null never comes. */
export async function isOver(expiresAt: number | null, sql: Sql): Promise<boolean> {
  const [{ over }] = await sql.query('SELECT to_timestamp($1) <= now() AS over', [expiresAt]);
  return over === true;
}
