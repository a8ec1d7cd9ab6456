// The load of graphql.bench.ts, in a process of its own: asks the hub, or PostgreSQL itself, for page after page.
import pg from 'pg';

import { RawHttp } from './raw-http.ts';

export interface ToLoad {
  readonly requests: number;
  /** How many are on their way at any time. */
  readonly connections: number;
  /** The variables of each request, drawn at random. */
  readonly pages: readonly string[];
  readonly hub?: { readonly url: string; readonly token: string; readonly query: string };
  readonly database?: { readonly url: string; readonly sql: string; readonly organization: string };
}

export interface LoadResult {
  readonly seconds: number;
  readonly timesMs: readonly number[];
  /** The last answer, to be looked at. */
  readonly answer: string;
}

type Ask = (page: string) => Promise<string>;

function hubAsker(
  { url, token, query }: NonNullable<ToLoad['hub']>,
  connections: number,
): { ask: Ask; end: () => Promise<void> } {
  const http = new RawHttp(url, connections);
  const headers = `authorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
  const text = JSON.stringify(query);
  return {
    ask: async (page) => {
      const after = Buffer.from(`k:default/${page}`).toString('base64url');
      const body = `{"query":${text},"variables":{"after":"${after}"}}`;
      const response = await http.request('POST', '/graphql', headers, body);
      const answer = response.body.toString();
      if (response.status !== 200 || answer.includes('"errors":[{')) throw new Error(answer);
      return answer;
    },
    end: () => Promise.resolve(http.close()),
  };
}

function databaseAsker(
  { url, sql, organization }: NonNullable<ToLoad['database']>,
  connections: number,
): { ask: Ask; end: () => Promise<void> } {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  return {
    ask: async (page) => JSON.stringify((await pool.query(sql, [organization, page])).rows),
    end: () => pool.end(),
  };
}

async function load({ requests, connections, pages, hub, database }: ToLoad): Promise<LoadResult> {
  const asker = hub ? hubAsker(hub, connections) : database && databaseAsker(database, connections);
  if (!asker) throw new RangeError('Ask whom?');
  const timesMs: number[] = [];
  let [left, answer] = [requests, ''];
  const startMs = performance.now();
  const lanes = Array.from({ length: connections }, async () => {
    while (left-- > 0) {
      const page = pages[Math.floor(Math.random() * pages.length)] ?? '';
      const sentMs = performance.now();
      answer = await asker.ask(page);
      timesMs.push(performance.now() - sentMs);
    }
  });
  await Promise.all(lanes);
  const seconds = (performance.now() - startMs) / 1_000;
  await asker.end();
  return { seconds, timesMs: timesMs.toSorted((a, b) => a - b), answer };
}

process.on('message', (work: ToLoad) => {
  void load(work).then((result) => process.send?.(result));
});
