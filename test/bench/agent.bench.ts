// What an agent costs in its cluster, and how fast it is there. See README.md of this folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { AGENT_CLUSTER_RULES } from '@picket/agent-protocol';

import { endWithUs } from '../../apps/cli/src/embedded/end-with-us.ts';
import {
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { BenchHub } from './bench-hub.ts';
import { figuresOf, percentile, say } from './figure.ts';
import { cpuSecondsOf, residentBytesOf } from './processes.ts';

const { values } = parseArgs({
  options: {
    namespaces: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '60' },
    starts: { type: 'string', default: '5' },
  },
});
const NAMESPACES = Number(values.namespaces);
const ROUNDS = Number(values.rounds);
const STARTS = Number(values.starts);
const CALM_MS = 5_000;
/** As the image starts it: deploy/images/agent.Dockerfile. */
const AS_SHIPPED = { flags: ['--max-semi-space-size=1'], env: { MALLOC_ARENA_MAX: '2' } };

const BLUEPRINT = `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: bench }
spec:
  clusterPolicies:
    - name: no-metadata
      spec:
        { tier: Admin, priority: 10, subject: { namespaces: {} }, egress: [{ action: Deny, to: [{ networks: [169.254.169.254/32] }] }] }
  namespacePolicies:
    - name: default-deny
      namespaceSelector: { matchLabels: { bench: "yes" } }
      spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
    - name: allow-dns
      namespaceSelector: { matchLabels: { bench: "yes" } }
      spec: { podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ port: 53, protocol: UDP }] }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: bench }
spec: { blueprint: bench, clusterSelector: {} }
`;
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const POLICIES = '/apis/networking.k8s.io/v1';

const figure = figuresOf('agent');
const dir = mkdtempSync(path.join(tmpdir(), 'picket-bench-agent-'));

interface Program {
  readonly child: ChildProcess;
  /** From the start of the process to the first line that it said. */
  readonly readyMs: number;
  readonly said: string;
}

async function run(args: readonly string[]): Promise<Program> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [...AS_SHIPPED.flags, ...args], {
    env: { ...process.env, ...AS_SHIPPED.env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  endWithUs(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, readyMs: performance.now() - startMs, said: line.toString() };
}

async function end({ child }: Program): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function inCluster(): Promise<TestCluster> {
  try {
    return await startRealCluster();
  } catch (error) {
    say(`no kube-apiserver (${String(error)}): the simulator instead`);
    return startSimulatedCluster();
  }
}

async function makeNamespace({ client }: TestCluster, name: string): Promise<void> {
  const metadata = { name, labels: { bench: 'yes' } };
  await client.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
}

async function bindRole({ client, agentUser }: TestCluster): Promise<void> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: 'picket-agent' };
  const role = { apiVersion, kind: 'ClusterRole', metadata, rules: AGENT_CLUSTER_RULES };
  await client.create(`${RBAC}/clusterroles`, role);
  await client.create(`${RBAC}/clusterrolebindings`, {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'picket-agent' },
    subjects: [{ apiGroup, kind: 'User', name: agentUser }],
  });
}

/** Starts the agent as it is shipped and waits until it has answered from the hub; how long that took, from nothing. */
async function startAgent(
  hub: BenchHub,
  { state, token }: { state: string; token: string },
): Promise<Program & { syncedMs: number; healthUrl: string }> {
  const startMs = performance.now();
  const program = await run(
    ['agent/dist/main.js', '--hub', hub.url, '--token-file', token, '--state-dir', state].concat([
      '--kubeconfig',
      path.join(dir, 'kubeconfig'),
      '--log-level',
      'error',
    ]),
  );
  const { healthPort } = JSON.parse(program.said) as { healthPort: number };
  const healthUrl = `http://127.0.0.1:${healthPort}/readyz`;
  for (;;) {
    const read = (await (await fetch(healthUrl)).json()) as { state: string };
    if (read.state === 'synced')
      return { ...program, syncedMs: performance.now() - startMs, healthUrl };
    await sleep(5);
  }
}

/** Milliseconds from just before `act` until the watch has told of as many additions of ours as are wanted. */
async function untilAdded(
  cluster: TestCluster,
  act: () => Promise<unknown>,
  { namespace = '', count = 1 } = {},
): Promise<number> {
  const at = namespace === '' ? POLICIES : `${POLICIES}/namespaces/${namespace}`;
  const { body } = await cluster.client.get(`${at}/networkpolicies?limit=1`);
  const version = body['metadata'].resourceVersion;
  const watch = await cluster.client.watch(
    `${at}/networkpolicies?watch=true&resourceVersion=${version}`,
  );
  const startMs = performance.now();
  await act();
  for (let seen = 0; seen < count;) {
    const { type, object } = await watch.next();
    if (type === 'ADDED' && object['metadata'].name !== 'picket-bracket') seen += 1;
  }
  watch.close();
  return performance.now() - startMs;
}

const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

async function times(count: number, work: (index: number) => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index++) all.push(await work(index));
  return sorted(all);
}

const cluster = await inCluster();
const hub = await BenchHub.start();
try {
  writeFileSync(path.join(dir, 'kubeconfig'), cluster.kubeconfig(cluster.agentToken));
  await bindRole(cluster);
  for (let index = 0; index < NAMESPACES; index++) await makeNamespace(cluster, `bench-${index}`);
  const { registerCluster } = await hub.ask(
    `mutation { registerCluster(input: { project: "default", name: "bench", labels: {} }) { joinToken } }`,
  );
  const token = path.join(dir, 'token');
  writeFileSync(token, registerCluster.joinToken);
  await hub.apply(BLUEPRINT);
  const state = path.join(dir, 'state');
  say(`${cluster.kind} cluster, ${NAMESPACES} namespaces, two policies in each`);

  // The first start enrols and writes everything; it warms up API server and hub, and is not measured.
  const first = await startAgent(hub, { state, token });
  const isDone = async (): Promise<boolean> => {
    const { body } = await cluster.client.get(
      `${POLICIES}/networkpolicies?labelSelector=app.kubernetes.io/managed-by=picket`,
    );
    return body['items'].length === 2 * NAMESPACES;
  };
  while (!(await isDone())) await sleep(100);
  await end(first);

  const bare = ['-e', 'console.log("ready"); setInterval(() => {}, 1e6)'];
  const bareStarts = await times(STARTS, async () => {
    const program = await run(bare);
    await end(program);
    return program.readyMs;
  });
  const starts = await times(STARTS, async () => {
    const program = await startAgent(hub, { state, token });
    await end(program);
    return program.syncedMs;
  });
  figure({
    metric: 'start_to_first_sync_p50',
    value: percentile(starts, 0.5) / 1_000,
    unit: 's',
    aim: '<= 2',
    comparator: {
      what: 'node -e, to its first line, s',
      node: percentile(bareStarts, 0.5) / 1_000,
    },
  });

  const agent = await startAgent(hub, { state, token });
  await sleep(CALM_MS);
  const pid = agent.child.pid ?? 0;
  const plain = await run(bare);
  await sleep(500);
  figure({
    metric: 'rss_after_start',
    value: residentBytesOf(pid) / 1_048_576,
    unit: 'MiB',
    aim: '<= 120',
    cpuSeconds: { agent: cpuSecondsOf(pid) },
    comparator: { what: 'node -e, MiB', node: residentBytesOf(plain.child.pid ?? 0) / 1_048_576 },
  });
  await end(plain);

  const anywhere = (index: number): string => `bench-${index % NAMESPACES}`;
  const at = (namespace: string, name: string): string =>
    `${POLICIES}/namespaces/${namespace}/networkpolicies/${name}`;
  const roundTrips = await times(ROUNDS, (index) => {
    const namespace = 'default';
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: `plain-${index}` },
      spec: { podSelector: {} },
    };
    const create = (): Promise<unknown> =>
      cluster.client.create(`${POLICIES}/namespaces/${namespace}/networkpolicies`, policy);
    return untilAdded(cluster, create, { namespace });
  });
  const trip = {
    what: 'create a policy until its own watch tells of it, ms',
    p50: percentile(roundTrips, 0.5),
    p99: percentile(roundTrips, 0.99),
  };
  const report = (metric: string, all: readonly number[], cpu: number): void => {
    for (const [name, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const)
      figure({
        metric: `${metric}_${name}`,
        value: percentile(all, share),
        unit: 'ms',
        aim: '<= 1000',
        cpuSeconds: { agentPerRound: cpu / ROUNDS },
        comparator: trip,
      });
  };

  let before = cpuSecondsOf(pid);
  const repairs = await times(ROUNDS, (index) => {
    const namespace = anywhere(index);
    const remove = (): Promise<unknown> => cluster.client.delete(at(namespace, 'default-deny'));
    return untilAdded(cluster, remove, { namespace });
  });
  report('drift_repair', repairs, cpuSecondsOf(pid) - before);

  before = cpuSecondsOf(pid);
  const stamps = await times(ROUNDS, (index) => {
    const name = `bench-new-${index}`;
    return untilAdded(cluster, () => makeNamespace(cluster, name), { namespace: name, count: 2 });
  });
  report('namespace_stamp', stamps, cpuSecondsOf(pid) - before);

  figure({
    metric: 'rss_after_work',
    value: residentBytesOf(pid) / 1_048_576,
    unit: 'MiB',
    cpuSeconds: { agent: cpuSecondsOf(pid) },
  });
  await end(agent);
} finally {
  await hub.stop();
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0); // guards of programs that have ended may still be there
