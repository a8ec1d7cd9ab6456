import { verify, createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type IsSigned, LogCheck, type SealedEvent, type Verified } from '@picket/audit';
import pg from 'pg';

import { hashToken } from '../../apps/control-plane/src/access/tokens.ts';
import { type Data, eventually, TestHub } from '../support/hub/index.ts';
import { Webhook } from '../support/hub/webhook.ts';

jest.setTimeout(90_000);

const SECRET = 'a secret of the webhook';
const isSigned: IsSigned = (text, signature, x) => {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
};

let dir: string;
let hub: TestHub;
let webhook: Webhook;
let owner: pg.Client;
let count = 0;
const fresh = (): string => `n${(count += 1)}`;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'picket-audit-'));
  await writeFile(path.join(dir, 'secret'), `${SECRET}\n`);
  webhook = new Webhook(SECRET);
  await webhook.start();
  hub = await TestHub.start({
    AUDIT_KEY_FILE: path.join(dir, 'audit-key.pem'),
    AUDIT_HEADS_FILE: path.join(dir, 'heads'),
    AUDIT_WEBHOOK_URL: webhook.url,
    AUDIT_WEBHOOK_SECRET_FILE: path.join(dir, 'secret'),
  });
  owner = new pg.Client({ connectionString: hub.databaseUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner?.end();
  await hub?.stop();
  await webhook?.stop();
  await rm(dir, { recursive: true });
});

const makeProject = (name = fresh()): Promise<Data> =>
  hub.ask(`mutation { createProject(input: { name: "${name}" }) { name } }`);

async function exported(query = '', token = hub.adminToken): Promise<Response> {
  return fetch(`${hub.url}/audit/export${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
}
async function lines(): Promise<string[]> {
  return (await (await exported()).text()).split('\n').slice(0, -1);
}
const heads = async (): Promise<string[]> =>
  (await readFile(path.join(dir, 'heads'), 'utf8')).split('\n').slice(0, -1);

/** What a log turns out to be, with all that the hub has published of it. */
async function check(log: readonly string[]): Promise<Verified> {
  const checking = new LogCheck(await heads(), isSigned);
  for (const line of log) checking.add(line);
  return checking.end();
}

/** All events are sealed, and the last head speaks of the last. */
async function settled(): Promise<string[]> {
  return eventually(async () => {
    const { rows } = await owner.query('SELECT count(*)::int AS count FROM audit_unsealed');
    expect(rows).toEqual([{ count: 0 }]);
    const all = await lines();
    const { hash } = JSON.parse(all.at(-1)!) as SealedEvent;
    expect((await heads()).map((head) => (JSON.parse(head) as Data)['hash'])).toContain(hash);
    return all;
  });
}

async function tokenWith(role: string, project?: string): Promise<string> {
  const { createApiToken } = await hub.ask(
    `mutation { createApiToken(input: { name: "${fresh()}" }) { secret apiToken { id } } }`,
  );
  await hub.ask(
    `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
    { input: { role, subjectKind: 'TOKEN', subject: createApiToken.apiToken.id, project } },
  );
  return createApiToken.secret;
}

describe('the sealed log', () => {
  it('is what libs/audit verifies: each event once, in order, up to the last signed head', async () => {
    for (let at = 0; at < 5; at += 1) await makeProject();

    const log = await settled();

    const { events, faults, heads: held } = await check(log);
    expect(faults).toEqual([]);
    expect(events).toBe(log.length);
    expect(held).toBeGreaterThan(0);
    const { rows } = await owner.query('SELECT count(*)::int AS count FROM audit_events');
    expect(rows[0].count).toBe(log.length);
  });

  it('loses no event of transactions that overlap, nor of one that stays open while others are sealed', async () => {
    const slow = new pg.Client({ connectionString: hub.appDatabaseUrl });
    await slow.connect();
    const { rows: organizations } = await owner.query('SELECT id FROM organizations LIMIT 1');
    const before = (await settled()).length;
    await slow.query('BEGIN');
    await slow.query('INSERT INTO audit_events (body) VALUES ($1)', [
      JSON.stringify({
        actor: { id: 'slow' },
        at: '2026-01-01T00:00:00.000Z',
        operation: 'slow',
        organizationId: organizations[0].id,
        outcome: 'DONE',
      }),
    ]);

    await Promise.all(Array.from({ length: 40 }, () => makeProject()));
    await eventually(async () => expect((await lines()).length).toBe(before + 40));
    await slow.query('COMMIT');
    await slow.end();

    const log = await eventually(async () => {
      const all = await lines();
      expect(all.length).toBe(before + 41);
      return all;
    });
    expect((JSON.parse(log.at(-1)!) as SealedEvent).event.operation).toBe('slow');
    await settled();
    expect((await check(log)).faults).toEqual([]);
  });

  it('is sealed by several workers as by one', async () => {
    const env = {
      MIGRATION_DATABASE_URL: '', // workers do not migrate
      AUDIT_HEADS_FILE: '',
      AUDIT_WEBHOOK_URL: '',
      AUDIT_WEBHOOK_SECRET_FILE: '',
    };
    const others = await Promise.all([
      hub.replica(env, 'main.worker'),
      hub.replica(env, 'main.worker'),
    ]);

    for (let round = 0; round < 5; round += 1)
      await Promise.all(Array.from({ length: 20 }, () => makeProject()));
    await eventually(async () => {
      const { rows } = await owner.query('SELECT count(*)::int AS count FROM audit_unsealed');
      expect(rows).toEqual([{ count: 0 }]);
    });

    for (const other of others) await other.down();
    await makeProject();
    const { faults } = await check(await settled());
    expect(faults).toEqual([]);
  });

  it('shows what somebody does to it in the database itself, as its superuser', async () => {
    const log = await settled();
    const sql = async (...statements: string[]): Promise<Verified> => {
      await owner.query('BEGIN');
      await owner.query('SET LOCAL session_replication_role = replica'); // no trigger, no foreign key
      for (const statement of statements) await owner.query(statement);
      // As the export would read it, which cannot see what is not committed.
      const { rows } = await owner.query(
        `SELECT '{"event":' || coalesce(e.body, 'null') || ',"hash":"' || s.hash || '","previous":"' || s.previous || '","sequence":' || s.sequence || '}' AS line
         FROM audit_seals s LEFT JOIN audit_events e ON e.id = s.event_id ORDER BY s.sequence`,
      );
      await owner.query('ROLLBACK');
      return check(rows.map(({ line }) => line));
    };
    const codes = ({ faults }: Verified): string[] => faults.map(({ code }) => code);
    const third = '(SELECT event_id FROM audit_seals WHERE sequence = 3)';

    expect(codes(await sql())).toEqual([]);
    expect(
      codes(
        await sql(
          `UPDATE audit_events SET body = replace(body, 'first admin', 'nobody') WHERE id = ${third}`,
        ),
      ),
    ).toEqual(['EDITED']);
    expect(codes(await sql(`DELETE FROM audit_events WHERE id = ${third}`))).toEqual([
      'UNREADABLE',
      'BROKEN',
    ]);
    expect(codes(await sql(`DELETE FROM audit_seals WHERE sequence = 3`))).toEqual(['BROKEN']);
    expect(
      codes(await sql(`DELETE FROM audit_seals WHERE sequence > ${log.length - 2}`)),
    ).toContain('CUT');
    expect(
      codes(
        await sql(
          `UPDATE audit_seals SET event_id = -event_id WHERE sequence IN (3, 4)`,
          `UPDATE audit_seals SET event_id = CASE sequence WHEN 3 THEN (SELECT -event_id FROM audit_seals WHERE sequence = 4) ELSE (SELECT -event_id FROM audit_seals WHERE sequence = 3) END WHERE sequence IN (3, 4)`,
        ),
      ),
    ).toEqual(['EDITED', 'EDITED']);
    // The whole chain anew, with right hashes, without the third event.
    expect(
      codes(
        await sql(
          `DELETE FROM audit_events WHERE id = ${third}`,
          `DELETE FROM audit_unsealed`,
          `DELETE FROM audit_seals`,
          `INSERT INTO audit_unsealed SELECT id FROM audit_events`,
          `SELECT seal_audit_events(100000)`,
        ),
      ),
    ).toEqual(expect.arrayContaining(['REWRITTEN', 'CUT']));
  });
});

describe('heads', () => {
  it('wait while the disk is full, and come into the file when there is room, without another event', async () => {
    const file = path.join(dir, 'full');
    await symlink('/dev/full', file);
    const other = await TestHub.start({
      AUDIT_KEY_FILE: path.join(dir, 'key-of-another'),
      AUDIT_HEADS_FILE: file,
    });
    const db = new pg.Client({ connectionString: other.databaseUrl });
    await db.connect();
    try {
      await eventually(() => expect(other.log).toContain('ENOSPC'));
      await other.down();
      expect(other.log).not.toContain('Not everything could be closed');
      await other.up();
      await eventually(async () => {
        const { rows } = await db.query('SELECT count(*)::int AS count FROM audit_unsealed');
        expect(rows).toEqual([{ count: 0 }]);
      });

      await rm(file);

      await eventually(async () => {
        const { rows } = await db.query(
          'SELECT hash FROM audit_seals ORDER BY sequence DESC LIMIT 1',
        );
        expect(await readFile(file, 'utf8')).toContain(rows[0].hash);
      });
    } finally {
      await db.end();
      await other.stop();
    }
  });

  it('are signed whatever the database says to have been signed', async () => {
    await settled();
    const app = new pg.Client({ connectionString: hub.appDatabaseUrl });
    await app.connect();
    await app.query(
      `INSERT INTO audit_heads (organization_id, sequence, head) SELECT id, 1000000000, '{}' FROM organizations`,
    );
    await app.end();

    await makeProject();

    const log = await settled();
    expect((await check(log)).faults).toEqual([]);
    await owner.query('DELETE FROM audit_heads WHERE sequence = 1000000000');
  });
});

describe('the export', () => {
  it('goes on after a sequence', async () => {
    const log = await settled();

    const rest = await (await exported(`?after=${log.length - 2}`)).text();

    expect(rest).toBe(`${log.slice(-2).join('\n')}\n`);
  });

  it.each([
    ['nobody', '', () => 'picket_nobody', 401, 'UNAUTHENTICATED'],
    ['who may not read it', '', () => tokenWith('PlatformAdmin'), 403, 'FORBIDDEN'],
    ['who may read it of one project', '', () => tokenWith('Auditor', 'default'), 403, 'FORBIDDEN'],
    ['who asks for nonsense', '?after=x', () => hub.adminToken, 400, 'INPUT_INVALID'],
  ])('refuses %s', async (_, query, token, status, code) => {
    const response = await exported(query, await token());

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
  });
});

describe('the list', () => {
  const list = async (args: string, token = hub.adminToken): Promise<Data[]> => {
    const { data, errors } = await hub.query(
      `{ auditEvents(${args}) { edges { cursor node { id at operation outcome code thing thingId thingName project reason sequence count
           actor { kind name } from { address requestId } changes { path before after } } } pageInfo { endCursor hasNextPage } } }`,
      {},
      token,
    );
    expect(errors).toEqual([]);
    return data['auditEvents'].edges.map(({ node }: Data) => node);
  };

  it('tells events, newest first, and picks them by each condition', async () => {
    const name = fresh();
    await makeProject(name);
    const { id } = await hub.register(name, {}, name);
    await hub.ask(
      `mutation { labelCluster(input: { clusterId: "${id}", labels: { tier: "prod" }, reason: "because of ${name}" }) { id } }`,
    );
    await hub.query(`mutation { createProject(input: { name: "${name}" }) { name } }`);

    const [refused, labelled, registered, made] = await list('first: 4');

    expect(refused).toMatchObject({ operation: 'createProject', code: 'PROJECT_EXISTS' });
    expect(labelled).toMatchObject({
      operation: 'labelCluster',
      outcome: 'DONE',
      thing: 'Cluster',
      thingId: id,
      thingName: name,
      project: name,
      reason: `because of ${name}`,
      actor: { kind: 'TOKEN', name: 'first admin' },
      changes: [{ path: 'labels.tier', before: null, after: 'prod' }],
    });
    expect(registered?.['operation']).toBe('registerCluster');
    expect(made?.['operation']).toBe('createProject');
    const ids = async (filter: string): Promise<string[]> =>
      (await list(`first: 4, filter: ${filter}`)).map((event) => event['id']);
    expect(await ids(`{ thingId: "${id}" }`)).toEqual([labelled?.['id'], registered?.['id']]);
    expect(await ids(`{ project: "${name}", operation: "labelCluster" }`)).toEqual([
      labelled?.['id'],
    ]);
    expect(await ids(`{ project: "${name}", thing: "Project" }`)).toEqual([made?.['id']]);
    expect(await ids(`{ text: "BECAUSE of ${name}" }`)).toEqual([labelled?.['id']]);
    expect(await ids(`{ outcome: REFUSED, text: "\\"${name}\\"" }`)).toEqual([refused?.['id']]);
    expect(await ids(`{ actor: "first admin", thingId: "${id}" }`)).toHaveLength(2);
    expect(await ids(`{ actor: "nobody" }`)).toEqual([]);
    expect(await ids(`{ thingId: "${id}", from: "${labelled?.['at']}" }`)).toEqual([
      labelled?.['id'],
    ]);
    expect(await ids(`{ thingId: "${id}", to: "${labelled?.['at']}" }`)).toEqual([
      registered?.['id'],
    ]);
  });

  it('gives every event once, page by page, while others come', async () => {
    const { rows } = await owner.query(
      `SELECT id FROM audit_events WHERE operation = 'createProject' AND outcome = 'DONE' ORDER BY id DESC`,
    );
    const seen: string[] = [];
    let after = '';
    for (let page = 0; page < 1_000; page += 1) {
      const { auditEvents } = await hub.ask(
        `query ($after: String) { auditEvents(first: 20, after: $after, filter: { operation: "createProject", outcome: DONE }) { edges { node { id changesDropped } } pageInfo { hasNextPage endCursor } } }`,
        { after: after === '' ? undefined : after },
      );
      seen.push(...auditEvents.edges.map(({ node }: Data) => node.id));
      if (!auditEvents.pageInfo.hasNextPage) break;
      if (page === 1) await makeProject();
      after = auditEvents.pageInfo.endCursor;
    }

    expect(rows.length).toBeGreaterThan(100);
    expect(seen).toEqual(rows.map(({ id }: Data) => id));
  });

  it('is of the own organization, and for whom it is of one project, of that', async () => {
    const name = fresh();
    await makeProject(name);
    const auditor = await tokenWith('Auditor');
    const ofProject = await tokenWith('Auditor', name);
    const viewer = await tokenWith('NamespaceViewer');
    await owner.query(
      `WITH o AS (INSERT INTO organizations (name) VALUES ('other') RETURNING id),
            t AS (INSERT INTO api_tokens (organization_id, name, token_hash) SELECT id, 'other', $1 FROM o RETURNING id, organization_id)
       INSERT INTO role_bindings (organization_id, subject_kind, subject, role) SELECT organization_id, 'TOKEN', id::text, 'OrgAdmin' FROM t`,
      [hashToken('picket_of_another_organization_x')],
    );
    const total = async (token: string, filter = '{}'): Promise<number> => {
      const { data } = await hub.query(
        `{ auditEvents(filter: ${filter}) { totalCount } }`,
        {},
        token,
      );
      return data['auditEvents'].totalCount;
    };

    expect(await total(auditor)).toBeGreaterThan(100);
    expect(await list('first: 10', ofProject)).toEqual([
      expect.objectContaining({ operation: 'createRoleBinding', project: name }),
      expect.objectContaining({ operation: 'createProject', project: name }),
    ]);
    expect(await total(ofProject)).toBe(2);
    expect(await total(ofProject, '{ project: "default" }')).toBe(0);
    expect(await total('picket_of_another_organization_x', '{ operation: "createProject" }')).toBe(
      0,
    );
    const { errors } = await hub.query('{ auditEvents { totalCount } }', {}, viewer);
    expect(errors[0]?.extensions['code']).toBe('FORBIDDEN');
  });

  it.each(['after: "x"', 'after: "azphYg"', 'first: 201'])('refuses %s', async (args) => {
    const { errors } = await hub.query(`{ auditEvents(${args}) { edges { cursor } } }`);

    expect(errors[0]?.extensions['code']).toBe('PAGE_INVALID');
  });
});

describe('the webhook', () => {
  afterEach(() => {
    webhook.mood = undefined;
  });

  /** Everything that is sealed has been taken, in order; what came twice is there twice. */
  async function caughtUp(): Promise<void> {
    const log = await settled();
    await eventually(() => {
      const events = webhook.lines.filter((line) => line.startsWith('{"event"'));
      const ownLines = events.filter((line) => log.includes(line));
      expect([...new Set(ownLines)]).toEqual(log);
    });
  }

  it('gets every event in order, signed, and the heads', async () => {
    await makeProject();

    await caughtUp();

    expect(webhook.taken.every(({ isSigned: right }) => right)).toBe(true);
    const sent = webhook.lines.filter((line) => line.startsWith('{"head"'));
    expect(sent.map((line) => JSON.stringify(JSON.parse(line).head))).toEqual(
      expect.arrayContaining(await heads()),
    );
  });

  it.each([500, 404, 400, 302, 'hang'] as const)(
    'that answers %s gets it again, and nothing is lost',
    async (mood) => {
      webhook.redirectTo = webhook.url;
      webhook.mood = mood;
      const before = webhook.requests;
      await makeProject();
      await eventually(() => expect(webhook.requests).toBeGreaterThan(before));
      await makeProject();
      webhook.mood = undefined;

      await caughtUp();
    },
  );

  it('that is away, while the hub restarts, gets all of it when it is back', async () => {
    await webhook.stop();
    await makeProject();
    await eventually(async () => {
      const metrics = await (await fetch(`${hub.url}/metrics`)).text();
      expect(metrics).toMatch(/^picket_audit_stream_waiting_events [1-9]/m);
      expect(metrics).toMatch(/^picket_audit_stream_failures_total [1-9]/m);
    });
    await hub.down('SIGKILL');
    await hub.up();
    await makeProject();
    await webhook.start();

    await caughtUp();
  });

  it.each(['http://example.com/x', 'ftp://127.0.0.1/x', 'http://169.254.169.254/latest'])(
    'is not at %s',
    async (url) => {
      await expect(
        hub.replica({ AUDIT_WEBHOOK_URL: url, AUDIT_WEBHOOK_SECRET_FILE: '-' }),
      ).rejects.toThrow('AUDIT_WEBHOOK_URL');
    },
  );
});

describe('a log whose beginning was archived', () => {
  it('is verified from the head on that vouches for the rest, and goes on as before', async () => {
    const log = await settled();
    const page = await readFile('deploy/hub/audit.md', 'utf8');
    const sql = /```sql\n([^]*?)```/.exec(page)?.[1] ?? '';
    const { organizationId, sequence } = JSON.parse((await heads()).at(1)!) as Data;
    const archive = new pg.Client({ connectionString: hub.databaseUrl });
    await archive.connect();

    await archive.query(sql.replace('…', organizationId).replace('1200', String(sequence)));
    await archive.end();
    await makeProject();
    const rest = await eventually(async () => {
      const all = await lines();
      expect(JSON.parse(all.at(-1)!)).toMatchObject({ sequence: log.length + 1 });
      return all;
    });

    expect(JSON.parse(rest[0]!)).toMatchObject({ sequence: sequence + 1 });
    expect((await check(rest)).faults).toEqual([]);
    const unvouched = new LogCheck([], isSigned);
    for (const line of rest) unvouched.add(line);
    expect(unvouched.end().faults).toMatchObject([{ code: 'BEGINS_LATE' }]);
  });
});

describe('a large log', () => {
  it('is exported as fast as the client takes it, and no faster', async () => {
    const large = await TestHub.start();
    const api = await large.replica({}, 'main.api'); // which has no other work
    const db = new pg.Client({ connectionString: large.databaseUrl });
    await db.connect();
    await db.query(
      `INSERT INTO audit_events (body) SELECT replace(body, '"reason":null', '"reason":"' || repeat('x', 60000) || '"') FROM audit_events, generate_series(1, 2000) WHERE operation = 'bootstrap'`,
    );
    await eventually(async () => {
      const { rows } = await db.query('SELECT count(*)::int AS count FROM audit_unsealed');
      expect(rows).toEqual([{ count: 0 }]);
    });
    await db.end();
    const asked = async (): Promise<number> => {
      const text = await (await fetch(`${api.url}/metrics`)).text();
      return Number(/^picket_database_statements_total (\d+)/m.exec(text)?.[1]);
    };
    const start = (): Promise<Response> =>
      fetch(`${api.url}/audit/export`, {
        headers: { authorization: `Bearer ${large.adminToken}` },
      });

    const before = await asked();
    const reader = (await start()).body!.getReader();
    await reader.read();
    const unread = await eventually(async () => {
      const first = await asked();
      await sleep(1_000);
      const second = await asked();
      // It has stopped: what is left are the questions of /metrics itself.
      expect(second - first).toBeLessThan(12);
      return second - before;
    });
    await reader.cancel();
    const text = await (await start()).text();
    await api.down();
    await large.stop();

    // 120 MB are twenty-one pages; whoever does not read gets what fits into buffers.
    expect(unread).toBeLessThan(60);
    expect(text.split('\n').length).toBeGreaterThan(2_000);
  });
});
