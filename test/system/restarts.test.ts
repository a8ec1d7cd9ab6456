import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { type Data, eventually, ProtocolAgent, TestHub } from '../support/hub/index.ts';

jest.setTimeout(180_000);

const CLUSTERS = 600;
const KINDS = 60;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function start(...args: Parameters<typeof TestHub.start>): Promise<TestHub> {
  const hub = await TestHub.start(...args);
  undo.push(() => hub.stop());
  return hub;
}
async function member(hub: TestHub, name: string): Promise<{ id: string; agent: ProtocolAgent }> {
  const { id, joinToken } = await hub.register(name);
  const agent = await ProtocolAgent.create(hub);
  undo.push(() => agent.close());
  await agent.enrol(joinToken);
  await agent.sync();
  return { id, agent };
}
async function behind(hub: TestHub): Promise<(sql: string, values?: unknown[]) => Promise<Data[]>> {
  const client = new pg.Client({ connectionString: hub.databaseUrl });
  await client.connect();
  undo.push(() => client.end());
  return async (sql, values) => (await client.query(sql, values)).rows;
}

/** One blueprint, and an assignment with a parameter of its own for each kind of cluster. */
function fleet(port: number): string {
  const bindings = Array.from(
    { length: KINDS },
    (_, kind) => `---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: kind-${kind} }
spec: { blueprint: web, clusterSelector: { matchLabels: { kind: "${kind}" } }, parameters: { own: ${1_000 + kind} } }
`,
  );
  return `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: web }
spec:
  parameters: [{ name: own, type: number }]
  namespacePolicies:
    - name: web
      namespaceSelector: {}
      spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{ ports: [{ port: ${port} }, { port: '\${own}' }] }] }
${bindings.join('')}`;
}

describe('a hub that is killed in the middle of a publish to six hundred clusters', () => {
  it('moves each of them exactly once when it is back, renders nothing twice, and knows that it is done', async () => {
    const hub = await start({ SWEEP_MS: '500', LOG_LEVEL: 'info' });
    const query = await behind(hub);
    await member(hub, 'first'); // brings the capabilities that all others share
    await query(
      `INSERT INTO clusters (project_id, name, labels, state, capabilities_hash)
       SELECT p.id, 'c-' || n, jsonb_build_object('kind', (n % $2)::text), 'APPROVED', k.hash
       FROM projects p, capabilities k, generate_series(1, $1::int) AS n`,
      [CLUSTERS, KINDS],
    );
    const settled = (sequence: number): Promise<void> =>
      eventually(async () => {
        const [row] = await query(
          `SELECT count(*)::int AS clusters, bool_or(stale) AS stale, min(desired_sequence)::int AS min, max(desired_sequence)::int AS max,
             count(DISTINCT desired_digest)::int AS digests, count(DISTINCT labels->>'kind' || desired_digest)::int AS pairs
           FROM clusters WHERE labels ? 'kind'`,
        );
        expect(row).toEqual({
          clusters: CLUSTERS,
          stale: false,
          min: sequence,
          max: sequence,
          digests: KINDS,
          pairs: KINDS,
        });
      });
    await hub.apply(fleet(80));
    await settled(1);

    for (const [round, port] of [81, 82, 83, 84].entries()) {
      await hub.apply(fleet(port)); // committed; its jobs run now
      await sleep(round * 40); // another place each time
      await hub.down('SIGKILL');
      await hub.up();
      await settled(round + 2);
    }
    const [counted] = await query(
      `SELECT count(*)::int AS renders, count(DISTINCT digest)::int AS keys FROM renders WHERE key IN (SELECT render_key FROM clusters WHERE labels ? 'kind')`,
    );
    const compiled = (): number => hub.log.split('policy set compiled').length;
    const before = compiled();
    await hub.down('SIGKILL');
    await hub.up();
    await sleep(1_500); // three sweeps

    expect(counted).toEqual({ renders: KINDS, keys: KINDS });
    expect(compiled()).toBe(before);
    await settled(5);
  });
});

describe('reports that stream in while the hub ends', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'are in the database, each that was acknowledged: %s',
    async (signal) => {
      const hub = await start({ SWEEP_MS: '600000' });
      const query = await behind(hub);
      const members = await Promise.all(['a', 'b', 'c', 'd'].map((name) => member(hub, name)));
      const acknowledged = new Set<string>();
      const stream = async ({ agent }: { agent: ProtocolAgent }): Promise<void> => {
        for (;;) {
          const epoch = randomUUID(); // one for each report, so that the ledger names each
          await agent.client.reportStatus({
            protocol: '1.0',
            epoch,
            reportSequence: 1,
            sequence: 0,
            digest: '0'.repeat(64),
            running: null,
            phase: 'pending',
            counts: { applied: 0, pending: 0, failed: 0, drifted: 0 },
            outcomes: [],
            outcomesDropped: 0,
            repairs: 0,
            reportsDropped: 0,
            atMs: Date.now(),
            reason: null,
          });
          acknowledged.add(epoch);
        }
      };
      const streams = members
        .flatMap((each) => [each, each, each])
        .map((each) => stream(each).catch(() => undefined));
      await eventually(() => Promise.resolve(expect(acknowledged.size).toBeGreaterThan(200)));

      await hub.down(signal);
      await Promise.all(streams);

      const rows = await query(
        'SELECT epoch FROM status_inbox UNION SELECT epoch FROM report_ledger',
      );
      const kept = new Set(rows.map(({ epoch }) => epoch as string));
      expect([...acknowledged].filter((epoch) => !kept.has(epoch))).toEqual([]);
    },
  );
});

describe('API and worker in processes of their own', () => {
  it('serve one fleet: the API takes an edit, the worker carries it on', async () => {
    const api = await start({ SWEEP_MS: '1000' }, 'main.api');
    const { id, agent } = await member(api, 'apart');
    await api.apply(fleet(80));
    await api.ask(
      `mutation ($id: ID!) { labelCluster(input: { clusterId: $id, labels: { kind: "1" } }) { id } }`,
      { id },
    );
    const { cluster: before } = await api.ask(
      `query ($id: ID!) { cluster(id: $id) { policySet { digest } } }`,
      { id },
    );

    const worker = await api.replica({}, 'main.worker');
    undo.push(() => worker.stop());

    expect(before.policySet).toBeNull();
    await eventually(async () => {
      const answer = await agent.sync();
      if (answer.grant) await agent.follow(answer);
      const { cluster } = await api.ask(
        `query ($id: ID!) { cluster(id: $id) { status { phase } policySet { objects { totalCount } } } }`,
        { id },
      );
      expect(cluster).toEqual({
        status: { phase: 'APPLIED' },
        policySet: { objects: { totalCount: 1 } },
      });
    });
    expect((await fetch(`${worker.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${worker.url}/graphql`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${worker.url}/agent/v1/sync`, { method: 'POST' })).status).toBe(404);
  });
});

describe('a hub that is killed while it takes reports in', () => {
  it('takes in those that come after it is back, without waiting for its sweep', async () => {
    const hub = await start({ SWEEP_MS: '600000' });
    await hub.apply(fleet(443));
    const { id, agent } = await member(hub, 'reporter');
    const sql = await behind(hub);
    const status = async (): Promise<Data> =>
      (await hub.ask('query ($id: ID!) { cluster(id: $id) { status { phase repairs } } }', { id }))[
        'cluster'
      ].status;
    const answer = await eventually(async () => {
      const synced = await agent.sync();
      expect(synced.grant).not.toBeNull();
      return synced;
    });

    // Its job waits for this lock when the power goes.
    await sql('BEGIN');
    await sql('LOCK TABLE report_ledger IN EXCLUSIVE MODE');
    await agent.follow(answer, { repairs: 1 });
    await eventually(async () =>
      expect(
        (
          await sql(
            `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'report_ledger'::regclass`,
          )
        ).length,
      ).toBe(1),
    );
    await hub.down('SIGKILL');
    await sql('ROLLBACK');
    await hub.up();
    await agent.follow(answer, { repairs: 1 });

    await eventually(async () => expect(await status()).toEqual({ phase: 'APPLIED', repairs: 2 }));
  });
});
