// How fast verdicts are. Aims are those of the verdict engine's issue. Times are CPU seconds, so that a busy machine does not count.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

import {
  compile,
  diffConnectivity,
  referenceEvaluator,
  type Engine,
  type Flow,
  type Inventory,
  type Policy,
} from '@picket/verdict';

import { generateCluster } from '../support/verdict/generate-cluster.ts';
import { generateFlows } from '../support/verdict/generate-flows.ts';
import { generatePolicies } from '../support/verdict/generate-policies.ts';
import { figuresOf, percentile, say, type Figure } from './figure.ts';

const { values } = parseArgs({ options: { part: { type: 'string' } } });
const figure = figuresOf('verdict');

const SEED = 20_260;
const FLOWS = 200_000;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];

/** Each part runs in a process of its own, so that one's heap is not another's. */
const PARTS: Readonly<Record<string, () => void>> = {
  reference: agreeWithReference,
  judge: judgeFlows,
  compile: compileAndEdit,
  pairs: () => allPairs(10_000, 250, 1_000, '<= 0.15'),
  'pairs-large': () => allPairs(100_000, 5_000, 5_000, '<= 2'),
  'compile-large': compileLarge,
  list: listConnectivity,
};

if (values.part) PARTS[values.part]?.();
else
  for (const part of Object.keys(PARTS)) {
    say(`verdict: ${part}`);
    const file = new URL(import.meta.url).pathname;
    execFileSync(process.execPath, [...process.execArgv, file, '--part', part], {
      stdio: 'inherit',
    });
  }

interface Cluster {
  readonly inventory: Inventory;
  readonly policies: readonly Policy[];
}

function clusterOf(pods: number, workloads: number, policyCount: number): Cluster {
  const namespaces = Math.ceil(workloads / 10);
  const nodes = Math.ceil(pods / 100);
  const inventory = generateCluster({ seed: SEED, pods, workloads, namespaces, nodes });
  return { inventory, policies: generatePolicies(inventory, policyCount, SEED + 1) };
}

/** CPU seconds of this process, all of its threads. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function measure<T>(work: () => T): { seconds: number; result: T } {
  const start = cpuSeconds();
  const result = work();
  return { seconds: cpuSeconds() - start, result };
}

/** The median of several runs. */
function median(runs: number, work: () => void): number {
  const seconds = Array.from({ length: runs }, () => measure(work).seconds);
  return percentile(
    seconds.toSorted((a, b) => a - b),
    0.5,
  );
}

function report(metric: string, value: number, unit: string, more: Partial<Figure>): void {
  figure({ metric, value, unit, ...more });
}

function agreeWithReference(): void {
  let differences = 0;
  let engineSeconds = 0;
  let referenceSeconds = 0;
  const sizes = [
    [500, 50, 100],
    [2_000, 250, 1_000],
  ] as const;
  const perCluster = 500;
  for (const [pods, workloads, policyCount] of sizes) {
    const input = clusterOf(pods, workloads, policyCount);
    const reference = referenceEvaluator(input);
    const engine = compile(input);
    const flows = generateFlows(input.inventory, perCluster, SEED + 2);
    const expected = measure(() => flows.map((flow) => JSON.stringify(reference.judge(flow))));
    const answers = measure(() => flows.map((flow) => JSON.stringify(engine.judge(flow))));
    referenceSeconds += expected.seconds;
    engineSeconds += answers.seconds;
    differences += answers.result.filter(
      (answer, index) => answer !== expected.result[index],
    ).length;
  }
  const sample = perCluster * sizes.length;
  report('differences-from-reference', differences, 'flows', {
    aim: '<= 0',
    cpuSeconds: { engine: engineSeconds },
    comparator: { referenceCpuSeconds: referenceSeconds, flows: sample },
  });
  if (differences > 0) process.exitCode = 1;
}

function judgeFlows(): void {
  const { plain, withRule, single } = ratesOf(clusterOf(10_000, 250, 1_000));
  report('judge-plain', plain, 'flows/s', { aim: '>= 3000000' });
  report('judge-with-rule', withRule, 'flows/s', { aim: '>= 1000000' });
  report('judge-one-by-one', single, 'flows/s', {});
  compareSizes();
}

/** The same cluster and flows; only the number of policies differs. Turn by turn, so that what else happens meets both. */
function compareSizes(): void {
  const { inventory } = clusterOf(10_000, 250, 1);
  const flows = generateFlows(inventory, FLOWS, SEED + 3);
  const verdicts = new Uint8Array(FLOWS);
  const turns = [100, 10_000].map((count) => {
    const engine = compile({ inventory, policies: generatePolicies(inventory, count, SEED) });
    const columns = columnsOf(engine, flows);
    return () => engine.judgeBatch(columns, { verdicts });
  });
  const seconds = turns.map((): number[] => []);
  for (let run = 0; run < 42; run++)
    for (const [place, turn] of turns.entries()) seconds[place]?.push(measure(turn).seconds);
  // The first turns make rows, and warm up.
  const [few = Number.NaN, many = Number.NaN] = seconds.map((all) =>
    percentile(
      all.slice(12).toSorted((a, b) => a - b),
      0.5,
    ),
  );
  report('time-per-verdict-10000-policies-to-100', many / few, 'ratio', {
    aim: '<= 1.2',
    comparator: { nanosecondsAt100: (few / FLOWS) * 1e9, nanosecondsAt10000: (many / FLOWS) * 1e9 },
  });
}

/** Flows per CPU second, with all rows made. */
function ratesOf(cluster: Cluster): { plain: number; withRule: number; single: number } {
  const engine = compile(cluster);
  const flows = generateFlows(cluster.inventory, FLOWS, SEED + 3);
  const columns = columnsOf(engine, flows);
  const verdicts = new Uint8Array(FLOWS);
  const decisions = { egress: new Uint32Array(FLOWS), ingress: new Uint32Array(FLOWS) };
  const plain = (): void => engine.judgeBatch(columns, { verdicts });
  const withRule = (): void => {
    engine.judgeBatch(columns, { verdicts, decisions });
    let rules = 0;
    for (const id of decisions.ingress) if (engine.decision(id).rule) rules++;
    for (const id of decisions.egress) if (engine.decision(id).policy) rules++;
    if (rules === 0) throw new Error('no flow was decided by a rule');
  };
  const single = (): void => flows.forEach((flow) => engine.judge(flow));
  return { plain: rate(plain), withRule: rate(withRule), single: rate(single) };
}

function rate(work: () => void): number {
  work();
  return FLOWS / median(9, work);
}

function columnsOf(engine: Engine, flows: readonly Flow[]): Parameters<Engine['judgeBatch']>[0] {
  return {
    src: Uint32Array.from(flows, ({ src }) => engine.idOf(src)),
    dst: Uint32Array.from(flows, ({ dst }) => engine.idOf(dst)),
    protocol: Uint8Array.from(flows, ({ protocol }) => PROTOCOLS.indexOf(protocol)),
    port: Uint16Array.from(flows, ({ port }) => port ?? 0),
  };
}

function compileAndEdit(): void {
  const cluster = clusterOf(10_000, 250, 10_000);
  const cold = measure(() => compile(cluster));
  report('compile-10000-pods-10000-policies', cold.seconds, 's', {
    aim: '<= 0.4',
    comparator: { warmSeconds: median(5, () => void compile(cluster)) },
  });

  const engine = cold.result;
  const flows = generateFlows(cluster.inventory, 100, SEED + 4);
  for (const flow of flows) engine.judge(flow);
  const seconds = flows.map((flow, index) => {
    const policy = cluster.policies[index * 97]!;
    const fresh = { ...policy, id: { ...policy.id, name: `edited-${index}` } };
    return measure(() => engine.recompile({ policies: [fresh], remove: [policy.id] }).judge(flow))
      .seconds;
  });
  const sorted = seconds.toSorted((a, b) => a - b);
  report('edit-one-policy-p99', percentile(sorted, 0.99) * 1_000, 'ms', {
    aim: '<= 10',
    comparator: { p50: percentile(sorted, 0.5) * 1_000, compileMs: cold.seconds * 1_000 },
  });
}

function compileLarge(): void {
  const cluster = clusterOf(100_000, 5_000, 75_000);
  const { seconds, result } = measure(() => compile(cluster));
  const [flow] = generateFlows(cluster.inventory, 1, SEED);
  if (flow) result.judge(flow);
  report('compile-100000-pods-75000-policies', seconds, 's', { aim: '<= 3' });
  report('memory-100000-pods-75000-policies', process.resourceUsage().maxRSS / 1_024, 'MB', {
    aim: '<= 1024',
  });
}

function allPairs(pods: number, workloads: number, policyCount: number, aim: string): void {
  const cluster = clusterOf(pods, workloads, policyCount);
  const engine = compile(cluster);
  const pairs = measure(() => countPairs(engine));
  const name = `${pods}-pods-${workloads}-workloads-${policyCount}-policies`;
  report(`all-pairs-${name}`, pairs.seconds, 's', {
    aim,
    comparator: {
      reachable: pairs.result,
      again: measure(() => countPairs(engine)).seconds,
      warmSeconds: warmPairs(cluster),
    },
  });
  const [policy] = cluster.policies.filter(({ id }) => id.kind === 'NetworkPolicy');
  if (!policy) return;
  const edited = engine.recompile({ remove: [policy.id] });
  const other = compile({
    ...cluster,
    policies: cluster.policies.filter((each) => each !== policy),
  });
  countPairs(other);
  const families = [4] as const;
  const ofEdit = measure(() => [...diffConnectivity(engine, edited, { families })].length);
  const ofBoth = measure(() => [...diffConnectivity(engine, other, { families })].length);
  if (ofEdit.result !== ofBoth.result) throw new Error('the two differences differ');
  report(`diff-${name}`, ofBoth.seconds, 's', {
    aim,
    comparator: { afterEdit: ofEdit.seconds, changes: ofBoth.result },
  });
}

/** Of an engine that nobody has asked yet, in a process that has done this before. */
function warmPairs(cluster: Cluster): number {
  const seconds = [1, 2, 3].map(() => {
    const engine = compile(cluster);
    return measure(() => countPairs(engine)).seconds;
  });
  return percentile(
    seconds.toSorted((a, b) => a - b),
    0.5,
  );
}

function countPairs({ reaches }: Engine): number {
  const row = new Int32Array(reaches.owners.length);
  const { nothing } = reaches.reaches;
  let count = 0;
  for (const source of reaches.owners.keys()) {
    reaches.rowOf(source, row);
    for (let place = 0; place < row.length; place++) if (row[place] !== nothing) count++;
  }
  return count;
}

/** 1,000 deployments without addresses, as manifests have them. */
function listConnectivity(): void {
  const { inventory, policies } = clusterOf(1_000, 1_000, 300);
  const workloads = inventory.workloads.map((each) => ({ ...each, addresses: [] }));
  const computed = measure(() => {
    const engine = compile({ inventory: { ...inventory, workloads }, policies });
    let rows = 0;
    for (const _ of engine.connectivityRows({ families: [4] })) rows++;
    return { engine, rows };
  });
  report('list-1000-deployments-300-policies', computed.seconds, 's', {
    aim: '<= 1',
    comparator: { rows: computed.result.rows },
  });
  const written = measure(() => {
    let length = 0;
    for (const row of computed.result.engine.connectivityRows({ families: [4] }))
      length += JSON.stringify(row).length + 1;
    return length;
  });
  report('list-as-json', computed.seconds + written.seconds, 's', {
    aim: '<= 3',
    comparator: { megabytes: written.result / 1e6 },
  });
}
