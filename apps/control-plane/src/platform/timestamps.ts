import pg from 'pg';

const TIMESTAMPTZ = 1184;
const parseAny = pg.types.getTypeParser(TIMESTAMPTZ) as (text: string) => unknown;

/** As PostgreSQL writes a timestamptz: `2026-11-25 06:40:15.123456+00`, the minutes of the offset only where it has some. */
const DATE_CHARS = 10;

/** What V8 reads four times as fast as a regular expression does; pg's own parser for years that ISO 8601 does not have, and infinity. */
export function timestampOf(text: string): unknown {
  if (text.charCodeAt(DATE_CHARS) !== SPACE) return parseAny(text);
  const isShort = text.charCodeAt(text.length - 3) !== COLON;
  const date = new Date(
    `${text.slice(0, DATE_CHARS)}T${text.slice(DATE_CHARS + 1)}${isShort ? ':00' : ''}`,
  );
  return Number.isNaN(date.getTime()) ? parseAny(text) : date;
}

/** Types of a connection: pg's, with {@link timestampOf}. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === TIMESTAMPTZ && format !== 'binary'
      ? timestampOf
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

const SPACE = 32;
const COLON = 58;
