import pg from 'pg';

/** So often a statement is asked before it is prepared: what a filter makes up once is not worth a place on every connection. */
const OFTEN = 20;
/** A server keeps what is prepared as long as the connection lives, so there is an end to it. */
const PREPARED_MAX = 100;
const WATCHED_MAX = 1_000;

/**
 * A connection on which a statement that is asked often is parsed and planned once. A pooler between must keep prepared statements apart:
 * PgBouncer does since 1.21.
 */
export class PreparingClient extends pg.Client {
  // oxlint-disable-next-line typescript/no-explicit-any, typescript/explicit-module-boundary-types -- one of many overloads, handed on as it came
  override query(text: any, values?: any, callback?: any): any {
    const name = typeof text === 'string' && Array.isArray(values) ? nameOf(text) : undefined;
    return name === undefined
      ? super.query(text, values, callback)
      : super.query({ name, text, values }, callback);
  }
}

const asked = new Map<string, number>();
const names = new Map<string, string>();

/** The name under which it is prepared, on every connection of this process. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= PREPARED_MAX) return known;
  const times = (asked.get(text) ?? 0) + 1;
  if (times < OFTEN) {
    if (asked.size >= WATCHED_MAX) asked.clear();
    asked.set(text, times);
    return undefined;
  }
  asked.delete(text);
  const name = `picket_${names.size}`;
  names.set(text, name);
  return name;
}
