// What a list of clusters costs, from the database and with its authorisation. See README.md of this folder.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import pg from 'pg';

import { measureBareServer } from './bare-server.ts';
import { BenchHub } from './bench-hub.ts';
import { figuresOf, percentile, round, say } from './figure.ts';
import type { LoadResult, ToLoad } from './graphql-load.ts';

const { values } = parseArgs({
  options: {
    clusters: { type: 'string', default: '10000' },
    requests: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '16' },
  },
});
const CLUSTERS = Number(values.clusters);
const REQUESTS = Number(values.requests);
const CONNECTIONS = Number(values.connections);
const PAGE = 50;
/** Before anything is measured, hub and PostgreSQL compile and plan what they will run. */
const WARM_UP = 2_000;

const figure = figuresOf('graphql');

function list(fields: string): string {
  return `query List($after: String) {
  clusters(first: ${PAGE}, after: $after) { edges { node { ${fields} } } pageInfo { hasNextPage endCursor } }
}`;
}
const QUERIES = {
  /** What the clusters are. */
  list: list('id name project { name } labels state registeredAt'),
  /** What `picket get clusters` shows: one more statement for what agents reported. */
  list_with_status: list(
    'id name project { name } labels state registeredAt lastSeenAt agentVersion status { phase }',
  ),
};
/** The same rows as `list`, by a statement written for nothing else; its first condition is the authorisation. */
const SQL = `SELECT c.id, c.name, p.name AS project, c.labels, c.state, c.registered_at
FROM clusters c JOIN projects p ON p.id = c.project_id
WHERE c.project_id = (SELECT id FROM projects WHERE organization_id = $1 AND name = 'default') AND c.name > $2 ORDER BY c.name LIMIT ${PAGE + 1}`;

const FLEET = `
INSERT INTO policy_sets (digest, body, size_bytes) VALUES ('d1', '', 0);
INSERT INTO clusters (project_id, name, labels, state, desired_digest, desired_sequence, approved_at)
  SELECT p.id, 'cluster-' || lpad(n::text, 6, '0'), jsonb_build_object('tier', (ARRAY['prod', 'staging', 'dev'])[n % 3 + 1], 'region', 'r' || n % 20, 'team', 't' || n % 100),
    'APPROVED', 'd1', 1, now() FROM projects p, generate_series(1, ${CLUSTERS}) n;
INSERT INTO heartbeats (cluster_id, seen_at, agent_version, digest, sequence) SELECT id, now(), '0.1.0', 'd1', 1 FROM clusters;
INSERT INTO cluster_statuses (cluster_id, epoch, report_sequence, sequence, digest, running_digest, phase, counts, outcomes, outcomes_dropped, repairs, reported_at)
  SELECT id, gen_random_uuid(), 1, 1, 'd1', 'd1', 'applied', '{"applied":12,"pending":0,"failed":0,"drifted":0}', '[]', 0, 0, now() FROM clusters;
ANALYZE;`;

async function fill(database: pg.Client): Promise<{ organization: string; pages: string[] }> {
  await database.query(FLEET);
  const { rows } = await database.query<{ id: string }>('SELECT id FROM organizations');
  const { rows: names } = await database.query<{ name: string }>(
    'SELECT name FROM clusters ORDER BY name LIMIT $1',
    [Math.max(1, CLUSTERS - PAGE)],
  );
  return { organization: rows[0]?.id ?? '', pages: names.map(({ name }) => name) };
}

const load = fork(new URL('graphql-load.ts', import.meta.url), { stdio: 'inherit' });
async function run(work: ToLoad): Promise<LoadResult> {
  load.send(work);
  const [result] = (await Promise.race([
    once(load, 'message'),
    once(load, 'exit').then(() => Promise.reject(new Error('The load generator ended'))),
  ])) as [LoadResult];
  return result;
}

interface Cost {
  readonly hub: number;
  readonly postgres: number;
}

function difference(after: Cost, before: Cost): Record<string, number> {
  return {
    hub: round(after.hub - before.hub),
    postgres: round(after.postgres - before.postgres),
  };
}

const hub = await BenchHub.start();
const database = new pg.Client({ connectionString: hub.postgres.url });
await database.connect();
try {
  say(`${CLUSTERS} clusters, ${REQUESTS} requests for ${PAGE} of them, ${CONNECTIONS} at a time`);
  const { organization, pages } = await fill(database);
  const common = { requests: REQUESTS, connections: CONNECTIONS, pages };
  const raw = { url: hub.postgres.url, sql: SQL, organization };

  await run({ ...common, requests: WARM_UP, database: raw });
  const beforeRaw = hub.cost();
  const plain = await run({ ...common, database: raw });
  const rawPostgres = round(hub.cost().postgres - beforeRaw.postgres);

  for (const [name, query] of Object.entries(QUERIES)) {
    const asked = { url: hub.url, token: hub.token, query };
    await run({ ...common, requests: WARM_UP, hub: asked });
    const before = hub.cost();
    const { seconds, timesMs, answer } = await run({ ...common, hub: asked });
    const cpuSeconds = difference(hub.cost(), before);
    const { data } = JSON.parse(answer) as { data: { clusters: { edges: unknown[] } } };
    if (data.clusters.edges.length !== PAGE) throw new Error(`It answered ${answer}`);
    const bare = await measureBareServer(REQUESTS, { answer });
    figure({
      metric: `${name}_per_second`,
      value: REQUESTS / seconds,
      unit: '1/s',
      aim: '>= 2000',
      cpuSeconds,
      comparator: {
        what: 'the same rows by SQL alone, 1/s; node:http answering as many bytes, 1/s',
        sql: round(REQUESTS / plain.seconds),
        sqlPostgresCpuSeconds: rawPostgres,
        nodeHttp: round(REQUESTS / bare.seconds),
        nodeHttpCpuSeconds: round(bare.cpuSeconds),
      },
    });
    figure({
      metric: `${name}_hub_cpu_per_request`,
      value: ((cpuSeconds['hub'] ?? 0) / REQUESTS) * 1e6,
      unit: 'microseconds',
    });
    figure({ metric: `${name}_p99`, value: percentile(timesMs, 0.99), unit: 'ms' });
  }
} finally {
  load.disconnect();
  await database.end();
  await hub.stop();
}
process.exit(0);
