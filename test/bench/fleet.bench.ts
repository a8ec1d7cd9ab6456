// What a fleet costs its hub. See README.md of this folder for what is measured and how.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import pg from 'pg';

import { BenchHub } from './bench-hub.ts';
import { figuresOf, percentile, round, say } from './figure.ts';
import { Fleet } from './fleet.ts';
import { baseline, single, SINGLES } from './fleet-documents.ts';
import { measureBareServer } from './bare-server.ts';

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '10000' },
    changes: { type: 'string', default: '200' },
    idle: { type: 'string', default: '30' },
    // Without it plain HTTP, as behind a TLS terminator.
    tls: { type: 'boolean', default: false },
  },
});
const AGENTS = Number(values.agents);
const CHANGES = Number(values.changes);
const IDLE_S = Number(values.idle);
const SMALL_FLEET = Math.min(100, AGENTS);

const figure = figuresOf(values.tls ? 'fleet-tls' : 'fleet');

const now = (): number => performance.timeOrigin + performance.now();
const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
const since = (startMs: number, times: readonly number[]): number[] =>
  sorted(times.map((time) => (time - startMs) / 1_000));

/** Waits until every agent has acknowledged something after `startMs`. */
async function untilAll(
  fleet: Fleet,
  startMs: number,
  what: 'acknowledged' | 'healthy',
  limitS: number,
): Promise<number[]> {
  for (;;) {
    const times = (await fleet.times())[what];
    const open = times.filter((time) => time <= startMs).length;
    if (open === 0) return since(startMs, times);
    if (now() - startMs > limitS * 1_000)
      throw new Error(`${open} of ${times.length} agents are not ${what} after ${limitS} s`);
    await sleep(250);
  }
}

/** One publish to all; every agent must acknowledge a new digest. */
async function measurePublish(hub: BenchHub, fleet: Fleet): Promise<void> {
  const rows = await counts(hub);
  const before = hub.cost();
  const startMs = now();
  await hub.apply(baseline(20_000));
  const times = await untilAll(fleet, startMs, 'acknowledged', 120);
  const after = hub.cost();
  const cpuSeconds = {
    hub: round(after.hub - before.hub),
    postgres: round(after.postgres - before.postgres),
  };
  const made = await counts(hub);
  // Three requests per agent: sync, policy set, report.
  const bare = await measureBareServer(3 * fleet.size);
  const comparator = {
    what: `node:http answering ${3 * fleet.size} such requests`,
    seconds: round(bare.seconds),
    cpuSeconds: round(bare.cpuSeconds),
  };
  figure({
    metric: 'converge_p50',
    value: percentile(times, 0.5),
    unit: 's',
    aim: '<= 2',
    cpuSeconds,
    comparator,
  });
  figure({
    metric: 'converge_p99',
    value: percentile(times, 0.99),
    unit: 's',
    aim: '<= 5',
    cpuSeconds,
    comparator,
  });
  figure({
    metric: 'converge_last',
    value: percentile(times, 1),
    unit: 's',
    aim: '<= 6',
    cpuSeconds,
    comparator,
  });
  figure({
    metric: 'converge_hub_cpu',
    value: cpuSeconds.hub,
    unit: 's',
    aim: '<= 4',
    cpuSeconds,
    comparator,
  });
  figure({
    metric: 'converge_updates_per_second',
    value: fleet.size / percentile(times, 1),
    unit: '1/s',
    aim: '> 74',
    comparator: { what: 'published: KubeFleet on 13 cores', value: 74 },
  });
  // The singles have sets of their own, so they are rendered apart.
  figure({
    metric: 'renders_per_publish',
    value: made.renders - rows.renders - SINGLES,
    unit: 'renders',
    aim: '== 1',
  });
  figure({
    metric: 'blobs_per_publish',
    value: made.blobs - rows.blobs - SINGLES,
    unit: 'blobs',
    aim: '== 1',
  });
}

/** Changes that touch one cluster each; how long until that agent has its grant, and what it costs beside the idle fleet. */
async function measureSingles(hub: BenchHub, fleet: Fleet, round_: number): Promise<number> {
  const { assignments } = await hub.ask(
    `{ assignments(first: 100) { edges { node { id name } } } }`,
  );
  const ids: string[] = assignments.edges
    .filter(({ node }: { node: { name: string } }) => node.name.startsWith('single-'))
    .map(({ node }: { node: { id: string } }) => node.id);
  const idle = await idleRates(hub, 10);
  fleet.tell(true);
  const times: number[] = [];
  const before = hub.cost();
  const startMs = now();
  for (let change = 0; change < CHANGES; change += 1) {
    const granted = fleet.nextGrant();
    const changedMs = now();
    await hub.ask(
      `mutation ($input: ConfigureAssignmentInput!) { configureAssignment(input: $input) { assignment { revision } } }`,
      {
        input: {
          assignmentId: ids[change % ids.length],
          parameters: { port: 2 + change + round_ * CHANGES },
        },
      },
    );
    times.push((await granted) - changedMs);
    await sleep(20);
  }
  const seconds = (now() - startMs) / 1_000;
  const after = hub.cost();
  fleet.tell(false);
  const cpu = {
    hub: (after.hub - before.hub - idle.hub * seconds) / CHANGES,
    postgres: (after.postgres - before.postgres - idle.postgres * seconds) / CHANGES,
  };
  const cpuSeconds = { hub: round(cpu.hub), postgres: round(cpu.postgres) };
  const spread = sorted(times);
  const of = `of_${fleet.size}`;
  figure({
    metric: `one_cluster_change_p50_${of}`,
    value: percentile(spread, 0.5),
    unit: 'ms',
    aim: '<= 15',
    cpuSeconds,
  });
  figure({
    metric: `one_cluster_change_p99_${of}`,
    value: percentile(spread, 0.99),
    unit: 'ms',
    aim: '<= 50',
    cpuSeconds,
  });
  return cpu.hub + cpu.postgres;
}

/** CPU seconds per second, of hub and PostgreSQL, when nobody changes anything. */
async function idleRates(
  hub: BenchHub,
  seconds: number,
): Promise<{ hub: number; postgres: number }> {
  const before = hub.cost();
  const startMs = now();
  await sleep(seconds * 1_000);
  const after = hub.cost();
  const elapsed = (now() - startMs) / 1_000;
  return {
    hub: (after.hub - before.hub) / elapsed,
    postgres: (after.postgres - before.postgres) / elapsed,
  };
}

async function measureIdle(hub: BenchHub, fleet: Fleet, emptyBytes: number): Promise<void> {
  const startMs = now();
  const { hub: rate, postgres } = await idleRates(hub, IDLE_S);
  const seconds = (now() - startMs) / 1_000;
  const { bytes } = hub.cost();
  figure({
    metric: 'idle_hub_cpu_per_cluster',
    value: (rate / fleet.size) * 1e6,
    unit: 'microcores',
    aim: '<= 15',
    cpuSeconds: { hub: round(rate * seconds), postgres: round(postgres * seconds) },
  });
  figure({
    metric: 'hub_rss',
    value: bytes / 1e6,
    unit: 'MB',
    aim: `<= ${round((30_000 * fleet.size) / 1e6)}`,
    comparator: { what: 'the hub without a cluster, MB', value: round(emptyBytes / 1e6) },
  });
  figure({
    metric: 'hub_bytes_per_cluster',
    value: bytes / fleet.size,
    unit: 'bytes',
    aim: '<= 30000',
    comparator: { what: 'above the empty hub', value: round((bytes - emptyBytes) / fleet.size) },
  });
  figure({
    metric: 'heartbeat_writes',
    value: (await heartbeatWrites(hub, startMs)) / seconds,
    unit: 'statements/s',
    aim: '<= 1.1',
  });
}

async function measureRestart(hub: BenchHub, fleet: Fleet): Promise<void> {
  const rows = await counts(hub);
  await hub.down();
  await hub.up();
  const startMs = now();
  const times = await untilAll(fleet, startMs, 'healthy', 120);
  const made = await counts(hub);
  figure({
    metric: 'restart_all_healthy',
    value: percentile(times, 1),
    unit: 's',
    aim: '<= 10',
    cpuSeconds: { hub: round(hub.cost().hub) },
  });
  figure({
    metric: 'restart_renders',
    value: made.renders - rows.renders,
    unit: 'renders',
    aim: '== 0',
  });
}

async function counts(hub: BenchHub): Promise<{ renders: number; blobs: number }> {
  const [row] = await select(
    hub,
    `SELECT (SELECT count(*)::int FROM renders) AS renders, (SELECT count(*)::int FROM policy_sets) AS blobs`,
  );
  return row;
}

/** Each batch of heartbeats has one time; in a window of one interval nearly none is written over. */
async function heartbeatWrites(hub: BenchHub, sinceMs: number): Promise<number> {
  const [row] = await select(
    hub,
    `SELECT count(DISTINCT seen_at)::int AS writes FROM heartbeats WHERE seen_at > '${new Date(sinceMs).toISOString()}'`,
  );
  return row.writes;
}

// oxlint-disable-next-line typescript/no-explicit-any -- rows of ad hoc questions
async function select(hub: BenchHub, sql: string): Promise<any[]> {
  const client = new pg.Client({ connectionString: hub.postgres.url });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

const hub = await BenchHub.start({ tls: values.tls });
const fleet = new Fleet();
try {
  const emptyBytes = hub.cost().bytes;
  await hub.apply(baseline(10_000));
  await hub.apply(single);
  say(`${SMALL_FLEET} agents join`);
  await fleet.grow(hub, SMALL_FLEET);
  await sleep(3_000);
  const small = await measureSingles(hub, fleet, 0);
  say(`${AGENTS} agents join`);
  await fleet.grow(hub, AGENTS);
  await sleep(5_000);
  await measureIdle(hub, fleet, emptyBytes);
  const large = await measureSingles(hub, fleet, 1);
  figure({
    metric: 'one_cluster_change_cpu_ratio',
    value: large / small,
    unit: `cost at ${AGENTS} / cost at ${SMALL_FLEET}`,
    aim: '<= 1.1',
  });
  say('publish to all');
  await measurePublish(hub, fleet);
  say('restart');
  await measureRestart(hub, fleet);
  figure({ metric: 'agent_faults', value: (await fleet.times()).faults, unit: 'failed rounds' });
} finally {
  fleet.stop();
  await hub.stop();
}
process.exit(0);
