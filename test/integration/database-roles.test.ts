import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runMigrations } from 'bullmq';
import pg from 'pg';
import { pino } from 'pino';

import { loadConfig } from '../../apps/control-plane/src/config/config.ts';
import { migrateAsOwner } from '../../apps/control-plane/src/platform/migrate-as-owner.ts';
import { TestHub } from '../support/hub/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

jest.setTimeout(60_000);

const opened: pg.Client[] = [];
async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  opened.push(client);
  await client.connect();
  return client;
}
afterEach(() => Promise.all(opened.splice(0).map((client) => client.end())));

describe('the role that the hub connects as', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await TestHub.start({}, 'main.api');
  });
  afterAll(() => hub?.stop());

  const EVENT = `'{"organizationId":"00000000-0000-4000-8000-000000000000","at":"2026-01-01T00:00:00.000Z","actor":{"id":"x"},"operation":"x","outcome":"DONE"}'`;
  it.each([
    `UPDATE audit_events SET body = body`,
    `UPDATE audit_events SET id = DEFAULT`,
    `DELETE FROM audit_events`,
    `TRUNCATE audit_events`,
    `TRUNCATE audit_events CASCADE`,
    `MERGE INTO audit_events e USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE`,
    `INSERT INTO audit_events (id, body) OVERRIDING SYSTEM VALUE VALUES (1, ${EVENT}) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
    `SELECT * FROM audit_events FOR UPDATE`,
    `WITH gone AS (DELETE FROM audit_events RETURNING 1) SELECT count(*) FROM gone`,
    `DELETE FROM audit_unsealed`,
    `INSERT INTO audit_unsealed (event_id) VALUES (1)`,
    `INSERT INTO audit_seals (organization_id, sequence, event_id, previous, hash) SELECT organization_id, 99, id, '', '' FROM audit_events LIMIT 1`,
    `UPDATE audit_seals SET hash = ''`,
    `DELETE FROM audit_seals`,
    `UPDATE audit_heads SET head = ''`,
    `DELETE FROM audit_heads`,
    `CREATE OR REPLACE FUNCTION mark_audit_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    `DROP TRIGGER mark_audit_event ON audit_events`,
    `ALTER TABLE audit_events DISABLE TRIGGER mark_audit_event`,
    `ALTER FUNCTION seal_audit_events(integer) SECURITY INVOKER`,
    `DROP TABLE audit_events`,
    `DROP TABLE audit_events CASCADE`,
    `ALTER TABLE audit_events ADD COLUMN x int`,
    `ALTER TABLE audit_events DISABLE TRIGGER ALL`,
    `ALTER TABLE audit_events DISABLE RULE x`,
    `ALTER TABLE audit_events OWNER TO CURRENT_USER`,
    `ALTER TABLE audit_events RENAME TO other`,
    `ALTER TABLE audit_events ALTER COLUMN body TYPE varchar`,
    `ALTER TABLE audit_events DROP CONSTRAINT audit_events_pkey`,
    `CREATE TRIGGER hide BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    `CREATE RULE hide AS ON INSERT TO audit_events DO INSTEAD NOTHING`,
    `CREATE POLICY hide ON audit_events USING (false)`,
    `CREATE TABLE heir () INHERITS (audit_events)`,
    `CREATE INDEX slow ON audit_events (body)`,
    `SELECT setval(pg_get_serial_sequence('audit_events', 'id'), 1)`,
    `SELECT nextval(pg_get_serial_sequence('audit_events', 'id'))`,
    `ALTER SEQUENCE audit_events_id_seq RESTART`,
    `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    `CREATE OR REPLACE FUNCTION versions_are_immutable() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
    `DROP FUNCTION versions_are_immutable() CASCADE`,
    `ALTER TABLE blueprint_versions DISABLE TRIGGER versions_are_immutable`,
    `CREATE TABLE mine (id int)`,
    `CREATE SCHEMA mine`,
    `ALTER TABLE clusters ADD COLUMN x int`,
    `DROP TABLE clusters CASCADE`,
    `TRUNCATE clusters CASCADE`,
    `INSERT INTO migrations (name) VALUES ('9999-mine')`,
    `DELETE FROM migrations`,
    `SET ROLE picket`,
    `SET SESSION AUTHORIZATION picket`,
    `SET session_replication_role = replica`,
    `CREATE ROLE helper SUPERUSER`,
    `ALTER ROLE CURRENT_USER SUPERUSER`,
    `GRANT picket TO CURRENT_USER`,
    `DO $$ BEGIN GRANT UPDATE ON audit_events TO CURRENT_USER; UPDATE audit_events SET body = body; END $$`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE picket GRANT ALL ON TABLES TO PUBLIC`,
    `COPY audit_events TO '/tmp/x'`,
    `COPY audit_events FROM PROGRAM 'true'`,
    `SELECT lo_import('/etc/passwd')`,
    `SELECT pg_read_file('postgresql.conf')`,
    `CREATE EXTENSION dblink`,
    `ALTER SYSTEM SET wal_level = minimal`,
    `REASSIGN OWNED BY picket TO CURRENT_USER`,
    `VACUUM FULL audit_events`,
    `LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE`,
    `DO $$ BEGIN EXECUTE 'DELETE FROM audit_events'; END $$`,
  ])('may not %s', async (statement) => {
    const owner = await connect(hub.databaseUrl);
    const app = await connect(hub.appDatabaseUrl);
    const before = await owner.query('SELECT * FROM audit_events ORDER BY id');
    expect(before.rows.length).toBeGreaterThan(0);
    await app.query('BEGIN');

    const outcome = await app.query(statement).then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );

    await app.query('COMMIT').catch(() => undefined);
    // insufficient_privilege, and for VACUUM that it is refused inside a transaction at the latest
    expect(['42501', '25001']).toContain(outcome);
    expect((await owner.query('SELECT * FROM audit_events ORDER BY id')).rows).toEqual(before.rows);
  });

  it('may add an event, read them, and change what is its own', async () => {
    const app = await connect(hub.appDatabaseUrl);

    await app.query(`INSERT INTO audit_events (body) VALUES (${EVENT})`);
    const { rows } = await app.query(`SELECT operation FROM audit_events ORDER BY id DESC LIMIT 1`);
    await app.query(`UPDATE organizations SET name = name`);

    expect(rows).toEqual([{ operation: 'x' }]);
  });

  it('cannot keep an event from being sealed by names of its own', async () => {
    const app = await connect(hub.appDatabaseUrl);
    const owner = await connect(hub.databaseUrl);
    for (const table of ['audit_unsealed', 'audit_seals', 'audit_events'])
      await app.query(`CREATE TEMP TABLE ${table} (LIKE public.${table})`);
    await app.query(`SET search_path = pg_temp, public`);

    await app.query(`INSERT INTO public.audit_events (body) VALUES (${EVENT})`);
    await app.query('SELECT public.seal_audit_events(1000)');

    const { rows } = await owner.query(
      `SELECT (SELECT count(*)::int FROM public.audit_unsealed) AS unsealed, (SELECT count(*)::int FROM public.audit_seals) AS sealed, (SELECT count(*)::int FROM public.audit_events) AS events`,
    );
    expect(rows[0]).toEqual({ unsealed: 0, sealed: rows[0].events, events: rows[0].events });
  });

  it('cannot hide behind a table of its own with the same name', async () => {
    const app = await connect(hub.appDatabaseUrl);
    const owner = await connect(hub.databaseUrl);
    await app.query('CREATE TEMP TABLE audit_events (body text)');
    await app.query('CREATE TABLE jobs.audit_events (body text)').catch(() => undefined);

    await hub.ask('mutation { createProject(input: { name: "seen" }) { name } }');

    const { rows } = await owner.query(
      `SELECT operation FROM public.audit_events ORDER BY id DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ operation: 'createProject' }]);
  });
});

describe('a hub', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  const start = (env: Record<string, string>): Promise<TestHub> => TestHub.start(env, 'main.api');

  it('refuses to start as the role that owns its tables, and says what to do', async () => {
    const owner = { DATABASE_URL: database.url, MIGRATION_DATABASE_URL: database.url };

    await expect(start(owner)).rejects.toThrow(/same role, picket.*deploy\/hub\/database\.md/);
  });

  it('goes on with a database of a release that had one role', async () => {
    // As that release left it: everything belongs to one role, the queue included, and the other is not there.
    const owner = await connect(database.url);
    await owner.query(
      'CREATE TABLE migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    for (const file of await oldMigrations()) {
      await owner.query(await readFile(`apps/control-plane/migrations/${file}`, 'utf8'));
      await owner.query('INSERT INTO migrations (name) VALUES ($1)', [file.replace('.sql', '')]);
    }
    await runMigrations(owner, 'jobs');
    await owner.query(`CREATE SEQUENCE jobs.left_behind`);

    await expect(start({ DATABASE_URL: database.url })).rejects.toThrow(
      /role picket of DATABASE_URL can edit the audit log: it is a superuser, .*owns the tables/,
    );
    const hub = await start(database.env);
    await hub.ask('mutation { createProject(input: { name: "after" }) { name } }');
    const again = await hub.replica({ MIGRATION_DATABASE_URL: '' });

    await again.down();
    await hub.stop();
  });

  it('refuses a role that may make roles, or belongs to the owner', async () => {
    const owner = await connect(database.url);
    const role = new URL(database.env.DATABASE_URL).username;
    const alone = { DATABASE_URL: database.env.DATABASE_URL };

    await owner.query(`ALTER ROLE ${role} CREATEROLE`);
    await expect(start(alone)).rejects.toThrow('may make roles');
    await owner.query(`ALTER ROLE ${role} NOCREATEROLE`);
    await owner.query(`GRANT picket TO ${role}`);
    await expect(start(alone)).rejects.toThrow('owns the tables');
    await owner.query(`REVOKE picket FROM ${role}`);
    await owner.query(`GRANT UPDATE ON audit_events TO ${role}`);
    await expect(start(alone)).rejects.toThrow('may change audit events');

    // Who migrates puts it right.
    const settings = { ...database.env, SIGNING_KEY_FILE: '-', TOKEN_SECRET_FILE: '-' };
    await migrateAsOwner({ ...loadConfig(settings), ...database.env }, pino({ level: 'silent' }));
    const app = await connect(database.env.DATABASE_URL);
    await expect(app.query('UPDATE audit_events SET body = body')).rejects.toThrow(
      'permission denied',
    );
  });

  it('says what to do when the owner may not make the role', async () => {
    const owner = await connect(database.url);
    const name = `o_${randomUUID().replaceAll('-', '')}`;
    await owner.query(`CREATE ROLE ${name} LOGIN PASSWORD 'x'`);
    const asOwner = new URL(database.url);
    asOwner.username = name;
    asOwner.password = 'x';
    const nobody = new URL(database.url);
    nobody.username = 'picket_nobody';

    await expect(
      start({ DATABASE_URL: nobody.href, MIGRATION_DATABASE_URL: asOwner.href }),
    ).rejects.toThrow(`${name} may not make the role picket_nobody`);
    await owner.query(`DROP ROLE ${name}`);
  });

  it('does not run, as the owner, what the other role has put into the schema of the queue', async () => {
    const owner = await connect(database.url);
    const app = await connect(database.env.DATABASE_URL);
    await app.query(`CREATE FUNCTION jobs.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    await owner.query('DELETE FROM jobs.migration WHERE version > 1');

    await expect(start(database.env)).rejects.toThrow('function jobs.planted()');
  });
});

async function oldMigrations(): Promise<string[]> {
  const files = await readdir('apps/control-plane/migrations');
  return files.filter((file) => file < '0004').toSorted();
}
