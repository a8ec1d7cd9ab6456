import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { startRealCluster, startSimulatedCluster } from '../support/kube/index.ts';
import type { KubeBody, TestCluster } from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

const POLICIES = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
const CNPS = '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies';

function policy(name: string, spec: object, labels?: object): KubeBody {
  const metadata = { name, ...(labels && { labels }) };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
}

function clusterPolicy(name: string, spec: object): KubeBody {
  const all = { tier: 'Admin', priority: 5, subject: { namespaces: {} }, ...spec };
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: all,
  };
}

const fields = (body: KubeBody): string[] =>
  body['details'].causes.map(({ field }: { field: string }) => field).toSorted();

jest.setTimeout(120_000); // a real namespace takes its time to go

/** What an agent relies on: the simulator is held to the real server by the same suite. */
function parity(start: () => Promise<TestCluster>): void {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await start();
  }, 180_000);
  afterAll(() => cluster?.stop());

  it('says which kinds it serves', async () => {
    const built = await cluster.client.get('/apis/networking.k8s.io/v1');
    const custom = await cluster.client.get('/apis/policy.networking.k8s.io/v1alpha2');
    const none = await cluster.client.get('/apis/cilium.io/v2');

    const names = built.body['resources'].map(({ name }: KubeBody) => name);
    expect(names).toContain('networkpolicies');
    expect(custom.body['resources'][0]).toMatchObject({
      kind: 'ClusterNetworkPolicy',
      namespaced: false,
    });
    expect(none.status).toBe(404);
  });

  it('creates by server-side apply, fills in defaults, and leaves an equal object alone', async () => {
    const wanted = policy('apply', { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] });

    const first = await cluster.client.apply(`${POLICIES}/apply`, wanted, 'one');
    const second = await cluster.client.apply(`${POLICIES}/apply`, wanted, 'one');

    expect([first.status, second.status]).toEqual([201, 200]);
    expect(first.body['spec'].ingress[0].ports).toEqual([{ port: 80, protocol: 'TCP' }]);
    expect(first.body['spec'].policyTypes).toEqual(['Ingress']);
    expect(first.body['metadata'].managedFields[0]).toMatchObject({
      manager: 'one',
      operation: 'Apply',
    });
    expect(second.body['metadata'].resourceVersion).toBe(first.body['metadata'].resourceVersion);
  });

  it('removes what its only owner applies no longer, and keeps what somebody else set', async () => {
    const at = `${POLICIES}/shrink`;
    const labels = { mine: 'a', gone: 'b' };
    await cluster.client.apply(at, policy('shrink', { podSelector: {} }, labels), 'one');
    await cluster.client.patch(at, { metadata: { labels: { theirs: 'c' } } });

    const { body } = await cluster.client.apply(
      at,
      policy('shrink', { podSelector: {} }, { mine: 'a' }),
      'one',
    );

    expect(body['metadata'].labels).toEqual({ mine: 'a', theirs: 'c' });
  });

  it('refuses to overwrite another manager, names each field, and obeys force', async () => {
    const at = `${POLICIES}/conflict`;
    await cluster.client.apply(
      at,
      policy('conflict', { podSelector: {}, policyTypes: ['Ingress'] }),
      'one',
    );
    const other = policy('conflict', {
      podSelector: { matchLabels: { app: 'a' } },
      policyTypes: ['Egress'],
    });

    const refused = await cluster.client.apply(at, other, 'two');
    const forced = await cluster.client.apply(at, other, 'two', '&force=true');

    expect(refused).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    expect(refused.body['message']).toBe(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.podSelector\n- .spec.policyTypes',
    );
    expect(fields(refused.body)).toEqual(['.spec.podSelector', '.spec.policyTypes']);
    expect(forced.body['spec'].policyTypes).toEqual(['Egress']);
  });

  it('writes nothing in a dry run', async () => {
    const dry = await cluster.client.apply(
      `${POLICIES}/dry`,
      policy('dry', { podSelector: {} }),
      'one',
      '&dryRun=All',
    );
    const after = await cluster.client.get(`${POLICIES}/dry`);

    expect(dry.status).toBe(201);
    expect(after.status).toBe(404);
  });

  it('refuses a bad NetworkPolicy with every field', async () => {
    const spec = {
      podSelector: {},
      policyTypes: ['X'],
      ingress: [
        {
          ports: [{ port: 70_000, protocol: 'ICMP' }],
          from: [{ ipBlock: { cidr: '10.0.0.1/33' } }, {}],
        },
      ],
    };

    const { status, body } = await cluster.client.apply(
      `${POLICIES}/bad`,
      policy('bad', spec),
      'one',
    );

    expect(status).toBe(422);
    expect(fields(body)).toEqual([
      'spec.ingress[0].from[0].ipBlock.cidr',
      'spec.ingress[0].from[1]',
      'spec.ingress[0].ports[0].port',
      'spec.ingress[0].ports[0].protocol',
      'spec.policyTypes[0]',
    ]);
    expect(body['message']).toContain(
      'Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
    );
  });

  it('refuses what the schema of a CRD forbids, prunes on create, and refuses unknown fields on apply', async () => {
    const bad = await cluster.client.create(
      CNPS,
      clusterPolicy('bad', { tier: 'A', priority: 5000 }),
    );
    const pruned = await cluster.client.create(CNPS, clusterPolicy('pruned', { zzz: 1 }));
    const unknown = await cluster.client.apply(
      `${CNPS}/unknown`,
      clusterPolicy('unknown', { zzz: 1 }),
      'one',
    );

    expect([bad.status, fields(bad.body)]).toEqual([422, ['spec.priority', 'spec.tier']]);
    expect(pruned.status).toBe(201);
    expect(pruned.body['spec']).not.toHaveProperty('zzz');
    expect(unknown.status).toBe(500);
    expect(unknown.body['message']).toContain('.spec.zzz: field not declared in schema');
  });

  it('resumes a watch where it stopped', async () => {
    const { body } = await cluster.client.get(POLICIES);
    const from = body['metadata'].resourceVersion;
    await cluster.client.create(POLICIES, policy('watched', { podSelector: {} }));
    await cluster.client.delete(`${POLICIES}/watched`);

    const watch = await cluster.client.watch(`${POLICIES}?watch=true&resourceVersion=${from}`);
    const events = [await watch.next(), await watch.next()];
    watch.close();

    expect(events.map(({ type, object }) => [type, object['metadata'].name])).toEqual([
      ['ADDED', 'watched'],
      ['DELETED', 'watched'],
    ]);
  });

  it('lists in pages', async () => {
    const first = await cluster.client.get('/api/v1/namespaces?limit=3');
    const token = encodeURIComponent(first.body['metadata'].continue);
    const second = await cluster.client.get(`/api/v1/namespaces?limit=3&continue=${token}`);

    const names: string[] = [...first.body['items'], ...second.body['items']].map(
      ({ metadata }: KubeBody) => metadata.name,
    );
    expect(first.body['items']).toHaveLength(3);
    expect(names).toEqual(names.toSorted());
    expect(new Set(names).size).toBe(names.length);
  });

  it('lets a user do what RBAC says and nothing else', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const agent = cluster.as(cluster.agentToken);
    const before = await agent.get(POLICIES);
    const rules = [
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list'] },
    ];
    await cluster.client.create(`${rbac}/clusterroles`, { metadata: { name: 'reader' }, rules });
    await cluster.client.create(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: cluster.agentUser }],
    });

    await until(async () => (await agent.get(POLICIES)).status === 200);
    const write = await agent.create(POLICIES, policy('denied', { podSelector: {} }));

    expect(before.body['message']).toBe(
      'networkpolicies.networking.k8s.io is forbidden: User "picket-agent" cannot list resource "networkpolicies" in API group "networking.k8s.io" in the namespace "default"',
    );
    expect(write).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
  });

  it('empties a namespace that is deleted, and takes nothing for one that is not there', async () => {
    await cluster.client.create('/api/v1/namespaces', { metadata: { name: 'doomed' } });
    const inside = POLICIES.replace('default', 'doomed');
    const wanted = policy('inside', { podSelector: {} });
    await cluster.client.apply(`${inside}/inside`, wanted, 'one');

    const deleted = await cluster.client.delete('/api/v1/namespaces/doomed');
    await until(async () => (await cluster.client.get('/api/v1/namespaces/doomed')).status === 404);
    const content = await cluster.client.get(inside);
    const late = await cluster.client.apply(`${inside}/inside`, wanted, 'one');

    expect(deleted.body['status'].phase).toBe('Terminating');
    expect(content.body['items']).toEqual([]);
    expect([late.status, late.body['message']]).toEqual([404, 'namespaces "doomed" not found']);
  });
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error('it did not come true within a minute');
    await sleep(50);
  }
}

describe('the simulated API server', () => parity(() => startSimulatedCluster()));
describeWith(kubeApiserver, 'the real API server', () => parity(startRealCluster));

describeWith(kubeApiserver, 'kubectl', () => {
  it.each([
    ['real', startRealCluster],
    ['simulated', startSimulatedCluster],
  ])('reads the kubeconfig of a %s cluster and lists its policies', async (_kind, start) => {
    const cluster = await start();
    await cluster.client.apply(`${POLICIES}/seen`, policy('seen', { podSelector: {} }), 'one');
    const dir = await mkdtemp(path.join(tmpdir(), 'picket-test-kubectl-'));
    const kubeconfig = path.join(dir, 'config');
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    const kubectl = path.join(process.env['PICKET_TEST_KUBE_ASSETS']!, 'kubectl');

    const args = ['--kubeconfig', kubeconfig, '--cache-dir', dir, 'get', 'networkpolicies', '-A'];
    const { stdout } = await promisify(execFile)(kubectl, args);
    await rm(dir, { recursive: true });
    await cluster.stop();

    expect(stdout).toMatch(/^NAMESPACE +NAME +POD-SELECTOR +AGE\n/);
    expect(stdout).toMatch(/default +seen +<none>/);
  });
});
