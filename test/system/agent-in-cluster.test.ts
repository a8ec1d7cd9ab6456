import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { AGENT_NAMESPACE_RULES } from '@picket/agent-protocol';
import { pino } from 'pino';

import { LeaderLease } from '../../agent/src/in-cluster/lease.ts';
import { SecretStore } from '../../agent/src/in-cluster/secret-store.ts';
import { KubeApi } from '../../agent/src/policy/kube-api.ts';
import { eventually } from '../support/hub/index.ts';
import {
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(120_000);

const NAMESPACE = 'picket-system';
const rbac = 'rbac.authorization.k8s.io';

/** What the agent keeps in its own namespace, with the rights of the shipped manifest and no others. */
function suite(start: () => Promise<TestCluster>): void {
  let cluster: TestCluster;
  let api: KubeApi;

  beforeAll(async () => {
    cluster = await start();
    const { client } = cluster;
    await client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    });
    const at = `/apis/${rbac}/v1/namespaces/${NAMESPACE}`;
    const metadata = { name: 'picket-agent' };
    await client.create(`${at}/roles`, {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: AGENT_NAMESPACE_RULES,
    });
    await client.create(`${at}/rolebindings`, {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'picket-agent' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: cluster.agentUser }],
    });
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig(cluster.agentToken));
    api = new KubeApi(config);
  }, 240_000);
  afterAll(async () => {
    await api?.close();
    await cluster?.stop();
  });

  it('keeps its state in Secrets, and may read no other Secret', async () => {
    const store = new SecretStore(api, NAMESPACE);
    const secrets = `/api/v1/namespaces/${NAMESPACE}/secrets`;
    const before = await store.read('identity');
    await store.write('identity', 'first ✓');
    await store.write('identity', 'second ✓');

    expect(before).toBeUndefined();
    expect(await store.read('identity')).toBe('second ✓');
    await expect(api.get(secrets)).rejects.toMatchObject({ status: 403 });
    await expect(api.get(`${secrets}/picket-agent-join`)).rejects.toMatchObject({ status: 403 });
  });

  it('keeps in chunks what is larger than a Secret, and all of it or the one before', async () => {
    const store = new SecretStore(api, NAMESPACE);
    const text = (mark: string, bytes: number): string => mark.repeat(bytes);
    const [small, large, larger] = [text('s', 900_000), text('l', 2_500_000), text('L', 7_000_000)];

    for (const each of [small, large, larger, large, small]) {
      await store.write('set', each);
      expect((await store.read('set')) === each).toBe(true);
    }
    await store.write('set', large);
    // Killed in the middle of the next write: chunks of the other row are there, and nothing has switched over.
    const halfway = new SecretStore(failingAfter(api, 2), NAMESPACE);
    await expect(halfway.write('set', larger)).rejects.toThrow('killed');

    expect((await store.read('set')) === large).toBe(true);
    await expect(store.write('set', text('x', 8_000_001))).rejects.toThrow(
      'picket-agent-set: 8000001 bytes do not fit into 8 Secrets of 1000000',
    );
    await expect(store.write('identity', text('x', 1_000_001))).rejects.toThrow('do not fit');
    expect((await store.read('set')) === large).toBe(true);
  });

  it('leads alone; who leaves lets the next one in at once', async () => {
    const logger = pino({ level: 'silent' });
    const first = new LeaderLease(api, NAMESPACE, 'first', logger);
    const second = new LeaderLease(api, NAMESPACE, 'second', logger);
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/picket-agent`;
    const holder = async (): Promise<unknown> =>
      (await cluster.client.get(lease)).body['spec'].holderIdentity;
    let leads = '';

    await first.acquire(() => undefined);
    const waiting = second.acquire(() => undefined).then(() => (leads = 'second'));
    expect(await holder()).toBe('first');
    expect(leads).toBe('');
    await first.release();
    await waiting;

    expect(await holder()).toBe('second');
    await second.release();
  });

  it('takes over from one that died without a word when its time is over', async () => {
    const at = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/picket-agent`;
    const dead = { holderIdentity: 'dead', leaseDurationSeconds: 3, renewTime: null };
    await cluster.client.patch(at, { spec: dead });
    const heir = new LeaderLease(api, NAMESPACE, 'heir', pino({ level: 'silent' }));
    const sinceMs = performance.now();

    await heir.acquire(() => undefined);

    expect(performance.now() - sinceMs).toBeGreaterThan(2_900);
    const { body } = await cluster.client.get(at);
    expect(body['spec']).toMatchObject({ holderIdentity: 'heir', leaseDurationSeconds: 15 });
    await heir.release();
  });

  it('says when somebody else took the lease', async () => {
    const lease = new LeaderLease(api, NAMESPACE, 'robbed', pino({ level: 'silent' }));
    const at = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/picket-agent`;
    let isLost = false;
    await lease.acquire(() => (isLost = true));

    await cluster.client.patch(at, {
      spec: { holderIdentity: 'robber', leaseDurationSeconds: 3_600 },
    });

    await eventually(() => Promise.resolve(expect(isLost).toBe(true)));
    await lease.release();
  });
}

/** An API that dies after some writes of Secrets. */
function failingAfter(api: KubeApi, writes: number): KubeApi {
  let left = writes;
  return new Proxy(api, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (name === 'merge' && left-- === 0) throw new Error('killed');
        return Reflect.apply(member, target, args);
      };
    },
  });
}

describe('state and lease in a simulated cluster', () => suite(() => startSimulatedCluster()));

describeWith(kubeApiserver, 'state and lease in a real cluster', () =>
  suite(() => startRealCluster()),
);
