import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import type { SignedGrant } from '@picket/agent-protocol';
import type { NamespaceTemplate } from '@picket/compiler';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import { pino } from 'pino';

import { MemoryStore } from '../../agent/src/link/memory-store.fake.ts';
import type { Report } from '../../agent/src/link/spool.ts';
import { networkPolicy, policySet, template } from '../../agent/src/policy/a-set.fake.ts';
import { Enforcer } from '../../agent/src/policy/enforcer.ts';
import { KubeApi, KubeRefused } from '../../agent/src/policy/kube-api.ts';
import { bindAgentRole, eventually, policies } from '../support/hub/index.ts';
import {
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(60_000);

/** An API server that takes some objects and not others. */
class PickyKubeApi extends KubeApi {
  refuses: (path: string) => boolean = () => false;

  override async apply(...args: Parameters<KubeApi['apply']>): ReturnType<KubeApi['apply']> {
    if (!args[2].dryRun && this.refuses(args[0]))
      throw new KubeRefused(403, 'Forbidden', 'admission webhook: not now');
    return super.apply(...args);
  }
}

/** Exceptions end in the cluster by themselves: there is no hub in this suite at all. */
function suite(start: () => Promise<TestCluster>): void {
  let cluster: TestCluster;
  let api: PickyKubeApi;
  let enforcer: Enforcer | undefined;
  let store: MemoryStore;
  let reports: Report[];
  let skewMs: number;
  let sequence = 0;

  beforeAll(async () => {
    cluster = await start();
    await bindAgentRole(cluster);
  }, 240_000);
  afterEach(() => stopAgent());
  afterAll(() => cluster?.stop());

  async function startAgent(): Promise<void> {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig(cluster.agentToken));
    api = new PickyKubeApi(config);
    enforcer = new Enforcer({
      api,
      store,
      logger: pino({ level: 'silent' }),
      nowMs: () => Date.now() + skewMs,
      report: (report) => Promise.resolve(void reports.push(report)),
      onCapabilities: () => undefined,
    });
    await enforcer.start();
  }
  async function stopAgent(): Promise<void> {
    await enforcer?.stop();
    if (enforcer) await api.close();
    enforcer = undefined;
  }
  async function run(...templates: NamespaceTemplate[]): Promise<void> {
    const text = canonicalJson(policySet([], templates) as unknown as Json);
    const grant: SignedGrant = {
      clusterId: '11111111-1111-4111-8111-111111111111',
      sequence: (sequence += 1),
      digest: sha256Hex(text),
      notAfter: 1, // ended long ago: what runs goes on
      keyId: 'k',
      signature: `c2ln${String(sequence).padStart(4, '0')}`,
    };
    await enforcer?.run(grant, { text, approvedAtMs: 0 });
  }
  async function scene(): Promise<string> {
    store = new MemoryStore();
    reports = [];
    skewMs = 0;
    const name = `x${(sequence += 1)}`;
    const metadata = { name, labels: { suite: name } };
    await cluster.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata,
    });
    await startAgent();
    return name;
  }
  const names = async (namespace: string): Promise<string[]> => {
    const { body } = await cluster.client.get(policies(namespace));
    return body['items'].map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  };
  const lasting = (name: string): NamespaceTemplate =>
    template(networkPolicy('lasting'), { suite: name });
  const exception = (name: string, seconds: number): NamespaceTemplate => ({
    ...template(networkPolicy('exception', { spec: { podSelector: {}, ingress: [{}] } }), {
      suite: name,
    }),
    expiresAt: Math.floor(Date.now() / 1_000) + seconds,
  });
  const counted = (): unknown => reports.at(-1)?.counts.applied;

  it('is there until its time comes, then goes, and the report counts it no more', async () => {
    const name = await scene();
    await run(lasting(name), exception(name, 3));
    expect(await names(name)).toEqual(['exception', 'lasting']);
    expect(counted()).toBe(2);

    await eventually(async () => expect(await names(name)).toEqual(['lasting']));

    await eventually(() => Promise.resolve(expect(counted()).toBe(1)));
    expect(reports.map(({ phase }) => phase)).toEqual(['applied', 'applied']);
    expect(reports.map(({ digest, running }) => digest === running)).toEqual([true, true]);
  });

  it('is not put back by the repair of drift, and is until then', async () => {
    const name = await scene();
    await run(lasting(name), exception(name, 4));
    await cluster.client.delete(`${policies(name)}/exception`);
    await eventually(async () => expect(await names(name)).toEqual(['exception', 'lasting']));
    await eventually(async () => expect(await names(name)).toEqual(['lasting']));

    await cluster.client.delete(`${policies(name)}/lasting`);

    await eventually(async () => expect(await names(name)).toEqual(['lasting']));
  });

  it('does not come back with a restart, nor with one whose clock is behind', async () => {
    const name = await scene();
    skewMs = 600_000; // the hub’s clock, as the agent knew it
    await run(lasting(name), exception(name, 602));
    await eventually(async () => expect(await names(name)).toEqual(['lasting']));
    await stopAgent();

    skewMs = 0; // what this machine believes, while no hub tells
    await startAgent();
    await eventually(() => Promise.resolve(expect(reports.length).toBeGreaterThan(2)));
    await cluster.client.create(policies(name), {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'of-a-person' },
      spec: { podSelector: {} },
    });
    await cluster.client.delete(`${policies(name)}/lasting`);

    await eventually(async () => expect(await names(name)).toEqual(['lasting', 'of-a-person']));
  });

  it('goes while the agent was away, when the agent is back', async () => {
    const name = await scene();
    await run(lasting(name), exception(name, 60));
    await stopAgent();
    expect(await names(name)).toEqual(['exception', 'lasting']);

    skewMs = 61_000;
    await startAgent();

    await eventually(async () => expect(await names(name)).toEqual(['lasting']));
  });

  it('goes also when something else cannot be written', async () => {
    const name = await scene();
    await run(lasting(name), exception(name, 3));
    api.refuses = (path) => path.endsWith('/lasting');
    await cluster.client.delete(`${policies(name)}/lasting`);

    await eventually(async () => expect(await names(name)).toEqual([]));
  });

  it('lasts longer when it is renewed, without being written again', async () => {
    const name = await scene();
    await run(exception(name, 4));
    const { body: before } = await cluster.client.get(`${policies(name)}/exception`);

    await run(exception(name, 60));

    skewMs = 10_000;
    await run(exception(name, 70));
    const { body: after } = await cluster.client.get(`${policies(name)}/exception`);
    expect(after['metadata'].resourceVersion).toBe(before['metadata'].resourceVersion);
  });

  it('is not written at all when it comes too late', async () => {
    const name = await scene();

    await run(lasting(name), exception(name, 0));

    expect(await names(name)).toEqual(['lasting']);
    expect(counted()).toBe(1);
  });
}

describe('an exception in a simulated cluster', () => suite(() => startSimulatedCluster()));
describeWith(kubeApiserver, 'an exception in a real cluster', () =>
  suite(() => startRealCluster()),
);
