import { setTimeout as sleep } from 'node:timers/promises';

import { type LabelSelector, matchesLabels } from '@picket/selector';

import type { AppliedDocument } from '../documents/apply-documents.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { listAll } from '../hub/list-all.ts';
import { type Labels, readPolicySet } from '../hub/operations.ts';
import { readFleet } from '../hub/status.ts';
import { formatLabels, renderTable } from '../output/render.ts';
import type { DemoCluster } from './demo-clusters.ts';
import type { KubeApi, KubeObject } from './kube-api.ts';

/** A cluster of the demo that runs, member of a project. */
export interface RunningCluster extends DemoCluster {
  readonly project: string;
  readonly api: KubeApi;
}

const OURS = 'labelSelector=app.kubernetes.io%2Fmanaged-by%3Dpicket';
const NETWORK_POLICIES = '/apis/networking.k8s.io/v1';
const CLUSTER_POLICIES = '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies';
const NO_OBJECTS = { edges: [], pageInfo: { hasNextPage: false, endCursor: null } };
const REPAIR_MS_MAX = 30_000;

/** What came of the apply: what is where, and two things that only a real agent does. All of it is read back. */
export async function tellStory(
  hub: HubClient,
  applied: readonly AppliedDocument[],
  clusters: readonly RunningCluster[],
): Promise<string> {
  const [first, ...others] = clusters;
  const last = others.at(-1);
  if (!first || !last) throw new RangeError('A fleet has clusters');
  const table = await describeFleet(hub, first.project, clusters);
  const repair = await showRepair(first);
  const namespace = `team-${Date.now().toString(36)}`;
  const stampMs = await showStamp(last, namespace);
  return `
What happened
${applied.map(({ kind, name, action }) => `  ${kind} ${name}: ${action.toLowerCase()}`).join('\n')}

What is where
${table.replaceAll(/^/gm, '  ')}

What an agent does by itself
  Somebody deleted ${repair.what} on ${first.name}: it was back after ${repair.ms} ms.
  Somebody made namespace ${namespace} on ${last.name}: it had its policies after ${stampMs} ms.`;
}

/** Waits until a cluster itself has its whole policy set: a simulated one starts empty, whatever the hub remembers of the last time. */
export async function untilEnforced(
  hub: HubClient,
  { api, namespaces, name, project }: RunningCluster,
): Promise<void> {
  const objects = await listAll(
    async (after) =>
      (await hub.ask(readPolicySet, { name, project, after })).cluster.policySet?.objects ??
      NO_OBJECTS,
  );
  const wanted = objects.flatMap((object) =>
    object.template
      ? Object.entries(namespaces)
          .filter(([namespace, { labels }]) => picks(object.namespaceSelector, namespace, labels))
          .map(([namespace]) => `${namespace}/${object.name}`)
      : [`/${object.name}`],
  );
  await timeUntil(async () => {
    const live = [
      ...(await api.list(`${CLUSTER_POLICIES}?${OURS}`)),
      ...(await api.list(`${NETWORK_POLICIES}/networkpolicies?${OURS}`)),
    ].map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
    return wanted.every((key) => live.includes(key));
  });
}

function picks(selector: unknown, namespace: string, labels: Labels): boolean {
  return matchesLabels(selector as LabelSelector, {
    'kubernetes.io/metadata.name': namespace,
    ...labels,
  });
}

/** What is where, asked of the hub and of the clusters themselves. */
async function describeFleet(
  hub: HubClient,
  project: string,
  clusters: readonly RunningCluster[],
): Promise<string> {
  const fleet = await readFleet(hub, { project });
  const rows = await Promise.all(
    clusters.map(async (cluster) => ({
      cluster,
      status: fleet.find(({ name }) => name === cluster.name)?.status,
      wide: await cluster.api.list(`${CLUSTER_POLICIES}?${OURS}`),
      stamped: await cluster.api.list(`${NETWORK_POLICIES}/networkpolicies?${OURS}`),
    })),
  );
  return renderTable(rows, [
    ['CLUSTER', ({ cluster }) => cluster.name],
    ['LABELS', ({ cluster }) => formatLabels(cluster.labels)],
    ['STATUS', ({ status }) => status?.phase.toLowerCase() ?? 'unknown'],
    ['POLICY SET', ({ status }) => status?.appliedDigest?.slice(0, 12) ?? '-'],
    ['CLUSTER-WIDE', ({ wide }) => countOf(wide.length, 'policy', 'policies')],
    ['IN NAMESPACES', ({ stamped }) => describeStamped(stamped)],
  ]);
}

/** A person deletes a policy that the agent keeps. Answers which one and after how many milliseconds it was back. */
async function showRepair({ api }: RunningCluster): Promise<{ what: string; ms: number }> {
  const [victim] = await api.list(`${NETWORK_POLICIES}/namespaces/shop/networkpolicies?${OURS}`);
  if (!victim) throw new Error('The blueprint stamped nothing into namespace shop');
  const { name } = victim.metadata;
  const path = `${NETWORK_POLICIES}/namespaces/shop/networkpolicies`;
  await api.delete(`${path}/${name}`);
  const ms = await timeUntil(async () =>
    (await api.list(`${path}?${OURS}`)).some(({ metadata }) => metadata.name === name),
  );
  return { what: `networkpolicy shop/${name}`, ms };
}

/** A person makes a namespace. Answers after how many milliseconds it had its policies. */
async function showStamp({ api }: RunningCluster, namespace: string): Promise<number> {
  await api.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { tenant: namespace } },
  });
  const path = `${NETWORK_POLICIES}/namespaces/${namespace}/networkpolicies?${OURS}`;
  return timeUntil(async () => (await api.list(path)).length > 0);
}

async function timeUntil(isTrue: () => Promise<boolean>): Promise<number> {
  const startMs = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - startMs > REPAIR_MS_MAX)
      throw new Error(`The agent did nothing about it for ${REPAIR_MS_MAX / 1000} s`);
    await sleep(5);
  }
  return Math.round(performance.now() - startMs);
}

function describeStamped(policies: readonly KubeObject[]): string {
  const namespaces = Map.groupBy(policies, ({ metadata }) => metadata.namespace ?? '');
  return `${countOf(policies.length, 'policy', 'policies')} in ${[...namespaces.keys()].toSorted().join(', ')}`;
}

function countOf(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
