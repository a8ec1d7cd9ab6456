import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { eventually, TestHub } from '../support/hub/index.ts';
import { type Outcome, runPicket } from './run-picket.ts';

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'picket-audit-cli-'));
const file = (name: string): string => join(folder, name);
const lines = (name: string): string[] => readFileSync(file(name), 'utf8').split('\n').slice(0, -1);

let hub: TestHub;
let db: pg.Client;

beforeAll(async () => {
  hub = await TestHub.start({ AUDIT_KEY_FILE: file('key.pem'), AUDIT_HEADS_FILE: file('heads') });
  db = new pg.Client({ connectionString: hub.databaseUrl });
  await db.connect();
});
afterAll(async () => {
  await db?.end();
  await hub?.stop();
});

const picket = (...args: string[]): Promise<Outcome> =>
  runPicket(args, { env: { PICKET_URL: hub.url, PICKET_TOKEN: hub.adminToken }, cwd: folder });

/** Everything is sealed, and a head speaks of it. */
async function settled(): Promise<void> {
  await eventually(async () => {
    const { rows } = await db.query(
      'SELECT (SELECT count(*) FROM audit_unsealed)::int AS unsealed, (SELECT max(sequence) FROM audit_seals)::int AS last',
    );
    expect(rows[0].unsealed).toBe(0);
    expect(JSON.parse(lines('heads').at(-1) ?? '{}')).toMatchObject({ sequence: rows[0].last });
  });
}

describe('picket audit', () => {
  it('tells who did what and why, and picks events', async () => {
    await picket('cluster', 'register', 'shop-1', '--label', 'tier=prod', '--reason', 'a new shop');
    await picket('cluster', 'register', 'shop-1');

    const all = await picket('audit', 'list');
    const refused = await picket('audit', 'list', '--outcome', 'REFUSED', '-o', 'json');
    const none = await picket('audit', 'list', '--to', '2026-01-01', '-o', 'json');

    expect(all.stdout).toMatch(/^AT +WHO +OPERATION +OUTCOME +THING +PROJECT +REASON$/m);
    expect(all.stdout).toMatch(
      /token:first admin +registerCluster +DONE +Cluster shop-1 +default +a new shop$/m,
    );
    expect(JSON.parse(refused.stdout)).toEqual([
      expect.objectContaining({ operation: 'registerCluster', code: 'CLUSTER_EXISTS' }),
    ]);
    expect(JSON.parse(none.stdout)).toEqual([]);
  });

  it('exports the log, whole or from where one left off', async () => {
    await settled();

    const { stdout } = await picket('audit', 'export');
    const rest = await picket('audit', 'export', '--after', '2');

    const exported = stdout.split('\n').slice(0, -1);
    writeFileSync(file('log'), stdout);
    expect(exported.length).toBeGreaterThan(3);
    expect(rest.stdout).toBe(
      exported
        .slice(2)
        .map((line) => `${line}\n`)
        .join(''),
    );
  });

  it('finds that nobody touched the log of the hub, nor the export', async () => {
    await promisify(execFile)('openssl', [
      'pkey',
      '-in',
      file('key.pem'),
      '-pubout',
      '-out',
      file('key.pub'),
    ]);

    const asked = await picket('audit', 'verify', '--heads', 'heads', '--key', 'key.pub');
    const read = await picket('audit', 'verify', 'log', '--heads', 'heads', '--key', 'key.pem');
    const alone = await picket('audit', 'verify', 'log', '-o', 'json');

    expect(asked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nobody touched/) });
    expect(read).toMatchObject({ code: 0, stdout: expect.stringMatching(/signed heads agree/) });
    expect(JSON.parse(alone.stdout)).toEqual([
      expect.objectContaining({ events: lines('log').length, faults: [], heads: 0 }),
    ]);
  });

  it.each<[string, (log: string[]) => string[], string]>([
    ['an edit', ([first = '', ...rest]) => [first.replace('DONE', 'FAILED'), ...rest], 'EDITED'],
    ['a removal', (log) => log.toSpliced(1, 1), 'BROKEN'],
    ['a cut end', (log) => log.slice(0, -1), 'CUT'],
    ['a line that is none', (log) => [...log, '{}'], 'UNREADABLE'],
  ])('finds %s', async (_, touch, code) => {
    writeFileSync(file('touched'), `${touch(lines('log')).join('\n')}\n`);

    const { code: exit, stdout } = await picket('audit', 'verify', 'touched', '--heads', 'heads');

    expect(exit).toBe(1);
    expect(stdout).toContain(code);
  });

  it('finds a forged head, and one of another key', async () => {
    await promisify(execFile)('openssl', [
      'genpkey',
      '-algorithm',
      'ed25519',
      '-out',
      file('other.pem'),
    ]);
    writeFileSync(
      file('forged'),
      lines('heads')
        .map((line) => `${line.replace(/"sequence":\d+/, '"sequence":1')}\n`)
        .join(''),
    );

    const forged = await picket('audit', 'verify', 'log', '--heads', 'forged');
    const other = await picket('audit', 'verify', 'log', '--heads', 'heads', '--key', 'other.pem');

    expect(forged.stdout).toContain('FORGED_HEAD');
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining('FORGED_HEAD')]);
  });

  it('finds what the superuser of the database did to the log itself', async () => {
    await db.query(
      `UPDATE audit_events SET body = replace(body, 'a new shop', 'an old shop') WHERE body LIKE '%a new shop%'`,
    );

    const { code, stdout } = await picket('audit', 'verify', '--heads', 'heads');

    expect([code, stdout]).toEqual([1, expect.stringContaining('EDITED')]);
  });

  it.each([
    [['audit', 'list', '--from', 'yesterday'], 'A time is written'],
    [['audit', 'list', '--limit', '0'], 'from 1 to 10000'],
    [['audit', 'export', '--after', '-1'], 'whole number'],
    [['audit', 'verify', 'nowhere'], 'Cannot read nowhere'],
    [['audit', 'verify', 'log', '--heads', 'heads', '--key', 'log'], 'no Ed25519 key'],
    [['audit', 'verify', 'log', '--key', 'key.pem'], 'give both'],
  ])('refuses %j', async (args, words) => {
    const { code, stderr } = await picket(...args);

    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});
