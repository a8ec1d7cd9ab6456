// What authorisation costs: listing 50 clusters of 10,000 for whoever may see all, a project, picked clusters, or a thousand claims. See README.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { Ability } from '@casl/ability';
import pg from 'pg';

import {
  type Ability as AccessAbility,
  abilityFor,
} from '../../apps/control-plane/src/access/ability.ts';
import { ROLES } from '../../apps/control-plane/src/access/permissions.ts';
import { newToken, TOKEN_PREFIX } from '../../apps/control-plane/src/access/tokens.ts';
import { ClusterRepository } from '../../apps/control-plane/src/clusters/cluster.repository.ts';
import type { Config } from '../../apps/control-plane/src/config/config.ts';
import { createDataSource } from '../../apps/control-plane/src/platform/database.ts';
import { createLogger } from '../../apps/control-plane/src/platform/logger.ts';
import { BenchHub } from './bench-hub.ts';
import { figuresOf, percentile, round, say } from './figure.ts';
import type { LoadResult, ToLoad } from './graphql-load.ts';

const { values } = parseArgs({
  options: {
    clusters: { type: 'string', default: '10000' },
    claims: { type: 'string', default: '1000' },
    requests: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
  },
});
const CLUSTERS = Number(values.clusters);
const CLAIMS = Number(values.claims);
const REQUESTS = Number(values.requests);
const ROUNDS = Number(values.rounds);
const PAGE = 50;
const QUERY = `query List($after: String) {
  clusters(first: ${PAGE}, after: $after) { edges { node { id name project { name } labels state registeredAt } } pageInfo { hasNextPage endCursor } }
}`;
const figure = figuresOf('access');

/** Each claim picks the clusters of one tenant; all claims together pick all clusters. */
const FLEET = `
INSERT INTO clusters (project_id, name, labels, state, approved_at)
  SELECT p.id, 'cluster-' || lpad(n::text, 6, '0'), jsonb_build_object('tier', 'prod', 'tenant', 't' || n % ${CLAIMS}), 'APPROVED', now()
  FROM projects p, generate_series(1, ${CLUSTERS}) n;
INSERT INTO cluster_selectors (organization_id, project_id, selector)
  SELECT organization_id, NULL, jsonb_build_object('matchLabels', jsonb_build_object('tenant', 't' || n)) FROM projects, generate_series(0, ${CLAIMS - 1}) n;
INSERT INTO selected_clusters (selector_id, cluster_id)
  SELECT s.id, c.id FROM cluster_selectors s JOIN clusters c ON c.labels @> (s.selector->'matchLabels');
INSERT INTO projects (organization_id, name) SELECT id, 'tenants' FROM organizations;
INSERT INTO namespace_claims (organization_id, project_id, name, selector_id, namespaces)
  SELECT p.organization_id, p.id, s.selector->'matchLabels'->>'tenant', s.id, ARRAY['n' || (s.selector->'matchLabels'->>'tenant')]
  FROM cluster_selectors s JOIN projects p ON p.name = 'tenants';
ANALYZE;`;
/** Whom is asked for, and what they hold. */
const HOLDERS = {
  admin: `SELECT $1::uuid, 'TOKEN', $2, 'OrgAdmin', NULL::uuid, NULL::jsonb, NULL::uuid`,
  project: `SELECT $1::uuid, 'TOKEN', $2, 'PlatformAdmin', id, NULL::jsonb, NULL::uuid FROM projects WHERE name = 'default'`,
  selector: `SELECT $1::uuid, 'TOKEN', $2, 'PlatformAdmin', NULL::uuid, '{"matchLabels":{"tier":"prod"}}'::jsonb, NULL::uuid`,
  claims: `SELECT $1::uuid, 'TOKEN', $2, 'NamespaceViewer', project_id, NULL::jsonb, id FROM namespace_claims`,
  claims_of_project: `SELECT $1::uuid, 'TOKEN', $2, 'ProjectAdmin', id, NULL::jsonb, NULL::uuid FROM projects WHERE name = 'tenants'`,
};
type Holder = keyof typeof HOLDERS;

const load = fork(new URL('graphql-load.ts', import.meta.url), { stdio: 'inherit' });
load.setMaxListeners(0); // each run listens for its end
async function run(work: ToLoad): Promise<LoadResult> {
  load.send(work);
  const [result] = (await Promise.race([
    once(load, 'message'),
    once(load, 'exit').then(() => Promise.reject(new Error('The load generator ended'))),
  ])) as [LoadResult];
  return result;
}

async function tokenOf(database: pg.Client, organization: string, sql: string): Promise<string> {
  const { token, hash } = newToken(TOKEN_PREFIX);
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO api_tokens (organization_id, name, token_hash) VALUES ($1, 'bench', $2) RETURNING id`,
    [organization, hash],
  );
  await database.query(
    `INSERT INTO role_bindings (organization_id, subject_kind, subject, role, project_id, cluster_selector, claim_id) ${sql}`,
    [organization, rows[0]?.id],
  );
  return token;
}

/** p50 of the statement of a list with what authorisation adds, and without it, asked in turns (ms). */
async function statementTimes(
  url: string,
  organization: string,
  pages: readonly string[],
): Promise<{ withIt: number; without: number }> {
  const config = { DATABASE_URL: url, DATABASE_POOL_MAX: 2, DATABASE_PREPARE: true } as Config;
  const dataSource = await createDataSource(config, createLogger('silent')).initialize();
  const clusters = new ClusterRepository(dataSource);
  const nobodyAsks = new Ability<[string, string]>([
    { action: 'read', subject: 'Cluster' },
  ]) as unknown as AccessAbility;
  const times = { withIt: [] as number[], without: [] as number[] };
  for (let n = 0; n < REQUESTS * 2; n++) {
    const after = `default/${pages[Math.floor(Math.random() * pages.length)]}`;
    const isChecked = n % 2 === 0;
    const startMs = performance.now();
    // What a request does for it: the ability is cached with the token, its condition is made anew.
    const ability = isChecked ? admin(organization) : nobodyAsks;
    await clusters.list({ ability }, after, PAGE + 1);
    if (n > REQUESTS / 4) times[isChecked ? 'withIt' : 'without'].push(performance.now() - startMs);
  }
  await dataSource.destroy();
  const median = (list: number[]): number =>
    percentile(
      list.toSorted((a, b) => a - b),
      0.5,
    );
  return { withIt: median(times.withIt), without: median(times.without) };
}

let cached: AccessAbility | undefined;
function admin(organization: string): AccessAbility {
  return (cached ??= abilityFor(organization, [
    { permissions: ROLES.OrgAdmin, scope: { kind: 'organization' } },
  ]));
}

const hub = await BenchHub.start();
const database = new pg.Client({ connectionString: hub.postgres.url });
await database.connect();
try {
  await database.query(FLEET);
  const { rows } = await database.query<{ id: string }>('SELECT id FROM organizations');
  const organization = rows[0]?.id ?? '';
  const { rows: names } = await database.query<{ name: string }>(
    'SELECT name FROM clusters ORDER BY name LIMIT $1',
    [Math.max(1, CLUSTERS - PAGE)],
  );
  const pages = names.map(({ name }) => name);
  say(`${CLUSTERS} clusters, ${CLAIMS} claims; lists of ${PAGE}, one at a time, ${ROUNDS} rounds`);

  const tokens = {} as Record<Holder, string>;
  for (const [holder, sql] of Object.entries(HOLDERS) as [Holder, string][])
    tokens[holder] = await tokenOf(database, organization, sql);
  const p50s = Object.fromEntries(
    Object.keys(HOLDERS).map((holder) => [holder, [] as number[]]),
  ) as Record<Holder, number[]>;
  // In turns, so that a slow minute of the machine is everybody's; the first round only warms up.
  for (let round = 0; round <= ROUNDS; round++)
    for (const holder of Object.keys(HOLDERS) as Holder[]) {
      const { timesMs, answer } = await run({
        requests: Math.ceil(REQUESTS / ROUNDS),
        connections: 1,
        pages,
        hub: { url: hub.url, token: tokens[holder], query: QUERY },
      });
      const { data } = JSON.parse(answer) as { data: { clusters: { edges: unknown[] } } };
      if (data.clusters.edges.length !== PAGE) throw new Error(`${holder} was answered ${answer}`);
      if (round > 0) p50s[holder].push(percentile(timesMs, 0.5));
    }
  const best = (holder: Holder): number => Math.min(...p50s[holder]);

  const { withIt, without } = await statementTimes(hub.postgres.url, organization, pages);
  figure({
    metric: 'admin_list_p50',
    value: best('admin'),
    unit: 'ms',
    comparator: {
      what: 'its statement, with authorisation and without, ms',
      withIt: round(withIt),
      without: round(without),
    },
  });
  figure({
    metric: 'authorisation_of_p50',
    value: ((withIt - without) / best('admin')) * 100,
    unit: '%',
    aim: '< 5',
  });
  for (const holder of ['project', 'selector', 'claims', 'claims_of_project'] as const)
    figure({
      metric: `${holder}_list_ratio`,
      value: best(holder) / best('admin'),
      unit: 'times the admin’s',
      ...(holder.startsWith('claims') && { aim: '< 3' }),
      comparator: {
        what: 'p50 of the admin and of this one, ms',
        admin: round(best('admin')),
        own: round(best(holder)),
      },
    });
} finally {
  load.disconnect();
  await database.end();
  await hub.stop();
}
process.exit(0);
