import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import type { SignedGrant } from '@picket/agent-protocol';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import { pino } from 'pino';

import { MemoryStore } from '../../agent/src/link/memory-store.fake.ts';
import type { Report } from '../../agent/src/link/spool.ts';
import {
  inNamespace,
  networkPolicy,
  policySet,
  template,
} from '../../agent/src/policy/a-set.fake.ts';
import { Enforcer } from '../../agent/src/policy/enforcer.ts';
import { KubeApi, KubeRefused } from '../../agent/src/policy/kube-api.ts';
import { bindAgentRole, eventually } from '../support/hub/index.ts';
import { startSimulatedCluster, type TestCluster } from '../support/kube/index.ts';

jest.setTimeout(60_000);

const NAMESPACES = '/api/v1/namespaces';
const POLICIES = '/apis/networking.k8s.io/v1';

/** An API server that fails or dawdles at some calls. */
class OddKubeApi extends KubeApi {
  before: (method: string, path: string) => Promise<void> = () => Promise.resolve();

  override async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    await this.before('GET', path);
    return super.get<T>(path, signal);
  }
  override async apply(...args: Parameters<KubeApi['apply']>): ReturnType<KubeApi['apply']> {
    await this.before(args[2].dryRun ? 'DRY' : 'APPLY', args[0]);
    return super.apply(...args);
  }
}

/** What enforcing does when the API server is slow, strict or half there. */
describe('the enforcer', () => {
  let cluster: TestCluster;
  let api: OddKubeApi;
  let enforcer: Enforcer;
  let store: MemoryStore;
  let reports: Report[];
  let sequence = 0;

  beforeAll(async () => {
    cluster = await startSimulatedCluster();
    await bindAgentRole(cluster);
  });
  afterEach(async () => {
    await enforcer.stop();
    await api.close();
  });
  afterAll(() => cluster.stop());

  async function start(before?: OddKubeApi['before']): Promise<void> {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig(cluster.agentToken));
    api = new OddKubeApi(config);
    if (before) api.before = before;
    enforcer = new Enforcer({
      api,
      store,
      logger: pino({ level: 'silent' }),
      nowMs: () => Date.now(),
      report: (report) => Promise.resolve(void reports.push(report)),
      onCapabilities: () => undefined,
    });
    await enforcer.start();
  }
  function run(set: ReturnType<typeof policySet>): Promise<void> {
    const text = canonicalJson(set as unknown as Json);
    const grant: SignedGrant = {
      clusterId: '11111111-1111-4111-8111-111111111111',
      sequence: (sequence += 1),
      digest: sha256Hex(text),
      notAfter: 1, // ended long ago: what runs goes on
      keyId: 'k',
      signature: `c2ln${String(sequence).padStart(4, '0')}`,
    };
    return enforcer.run(grant, { text, approvedAtMs: 0 });
  }
  async function scene(): Promise<string> {
    store = new MemoryStore();
    reports = [];
    const name = `e${(sequence += 1)}`;
    const metadata = { name, labels: { suite: name } };
    await cluster.client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata });
    return name;
  }
  const names = async (namespace: string): Promise<string[]> => {
    const { body } = await cluster.client.get(
      `${POLICIES}/namespaces/${namespace}/networkpolicies`,
    );
    return body['items'].map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  };

  it('prunes and writes nothing at a restart, also while it does not know the namespaces yet', async () => {
    const name = await scene();
    await start();
    await run(policySet([], [template(networkPolicy('deny'), { suite: name })]));
    await enforcer.stop();
    await api.close();
    const { body: before } = await cluster.client.get(
      `${POLICIES}/namespaces/${name}/networkpolicies/deny`,
    );

    const writes: string[] = [];
    await start(async (method, path) => {
      if (method === 'APPLY') writes.push(path);
      if (path.startsWith(`${NAMESPACES}?`)) await sleep(300);
    });
    await eventually(() => Promise.resolve(expect(reports.length).toBeGreaterThan(1)));

    const { body: after } = await cluster.client.get(
      `${POLICIES}/namespaces/${name}/networkpolicies/deny`,
    );
    expect(after['metadata'].uid).toBe(before['metadata'].uid);
    expect(reports.map(({ counts }) => counts.applied)).toEqual([1, 1]);
    expect(writes).toEqual([]); // it is all as it was left
  });

  it('enforces the other kinds when one cannot be listed', async () => {
    const name = await scene();

    await start((_method, path) =>
      path.startsWith('/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies?')
        ? Promise.reject(new KubeRefused(500, 'InternalError', 'conversion webhook failed'))
        : Promise.resolve(),
    );
    await run(policySet([inNamespace(networkPolicy('deny'), name)]));

    expect(await names(name)).toEqual(['deny']);
  });

  it('writes without a bracket where the cluster forbids one', async () => {
    const name = await scene();
    await start((method, path) =>
      method === 'APPLY' && path.includes('picket-bracket')
        ? Promise.reject(new KubeRefused(403, 'Forbidden', 'admission webhook: no allow-all'))
        : Promise.resolve(),
    );

    await run(
      policySet([inNamespace(networkPolicy('one'), name), inNamespace(networkPolicy('two'), name)]),
    );

    expect(await names(name)).toEqual(['one', 'two']);
    expect(reports.at(-1)).toMatchObject({ phase: 'applied', counts: { applied: 2, failed: 0 } });
  });

  it('removes its bracket when a write under it fails, and the rest comes with the next turn', async () => {
    const name = await scene();
    let isFailing = true;
    await start((method, path) =>
      method === 'APPLY' && path.includes('/two') && isFailing
        ? Promise.reject(new Error('socket hang up'))
        : Promise.resolve(),
    );

    await run(
      policySet([inNamespace(networkPolicy('one'), name), inNamespace(networkPolicy('two'), name)]),
    );

    expect(await names(name)).toEqual(['one']);
    expect(reports.at(-1)).toMatchObject({
      phase: 'failed',
      outcomes: [{ name: 'two', state: 'failed', message: 'socket hang up' }],
    });
    isFailing = false;
    await eventually(async () => expect(await names(name)).toEqual(['one', 'two']));
  });

  it('leaves alone what somebody makes between looking and writing', async () => {
    const name = await scene();
    const theirs = { podSelector: { matchLabels: { made: 'by-hand' } }, policyTypes: ['Ingress'] };
    const at = `${POLICIES}/namespaces/${name}/networkpolicies`;
    await start(async (method, path) => {
      if (method === 'APPLY' && path.includes('/raced'))
        await cluster.client.create(at, {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name: 'raced' },
          spec: theirs,
        });
    });

    await run(policySet([inNamespace(networkPolicy('raced'), name)]));

    expect((await cluster.client.get(`${at}/raced`)).body['spec']).toEqual(theirs);
    // The next turn sees whose it is.
    await eventually(() =>
      Promise.resolve(
        expect(reports.at(-1)?.outcomes).toMatchObject([{ name: 'raced', state: 'foreign' }]),
      ),
    );
  });

  it('says the same state once', async () => {
    const name = await scene();
    await start();
    await run(policySet([inNamespace(networkPolicy('deny'), name)]));
    const said = reports.length;

    await disturb(name);
    await sleep(300);

    expect(reports).toHaveLength(said);
  });
  /** Makes events that change nothing. */
  async function disturb(name: string): Promise<void> {
    for (const value of ['a', 'b', 'c'])
      await cluster.client.patch(`${NAMESPACES}/${name}`, { metadata: { labels: { value } } });
  }

  it('stamps a namespace that is made anew under its old name', async () => {
    const name = await scene();
    await start();
    await run(policySet([], [template(networkPolicy('deny'), { suite: name })]));
    await cluster.client.delete(`${NAMESPACES}/${name}`);
    await eventually(async () =>
      expect((await cluster.client.get(`${NAMESPACES}/${name}`)).status).toBe(404),
    );

    const metadata = { name, labels: { suite: name } };
    await cluster.client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata });

    await eventually(async () => expect(await names(name)).toEqual(['deny']));
    expect(reports.every(({ phase }) => phase === 'applied')).toBe(true);
  });
});
