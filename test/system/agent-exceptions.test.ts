import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NamespaceTemplate } from '@picket/compiler';

import { networkPolicy, policySet, template } from '../../agent/src/policy/a-set.fake.ts';
import { eventually, LoneAgent, policies } from '../support/hub/index.ts';
import {
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(60_000);

/** Exceptions end in the cluster by themselves: there is no hub in this suite at all. */
function suite(start: () => Promise<TestCluster>): void {
  let cluster: TestCluster;
  let agent: LoneAgent;

  beforeAll(async () => {
    cluster = await start();
    agent = await LoneAgent.in(cluster);
  }, 240_000);
  afterEach(() => agent?.stop());
  afterAll(() => cluster?.stop());

  const scene = (): Promise<string> => agent.scene();
  const names = (namespace: string): Promise<string[]> => agent.names(namespace);
  const run = (...templates: NamespaceTemplate[]): Promise<void> =>
    agent.run(policySet([], templates));
  const lasting = (name: string): NamespaceTemplate =>
    template(networkPolicy('lasting'), { suite: name });
  const exception = (name: string, seconds: number): NamespaceTemplate => ({
    ...template(networkPolicy('exception', { spec: { podSelector: {}, ingress: [{}] } }), {
      suite: name,
    }),
    expiresAt: Math.floor(Date.now() / 1_000) + seconds,
  });
  const counted = (): unknown => agent.reports.at(-1)?.counts.applied;

  it('is there until its time comes, then goes, and the report counts it no more', async () => {
    const name = await scene();
    await run(lasting(name), exception(name, 3));
    expect(await names(name)).toEqual(['exception', 'lasting']);
    expect(counted()).toBe(2);

    await eventually(async () => expect(await names(name)).toEqual(['lasting']));

    await eventually(() => Promise.resolve(expect(counted()).toBe(1)));
    expect(agent.reports.map(({ phase }) => phase)).toEqual(['applied', 'applied']);
    expect(agent.reports.map(({ digest, running }) => digest === running)).toEqual([true, true]);
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
    agent.skewMs = 600_000; // the hub’s clock, as the agent knew it
    await run(lasting(name), exception(name, 602));
    await eventually(async () => expect(await names(name)).toEqual(['lasting']));
    await agent.stop();

    agent.skewMs = 0; // what this machine believes, while no hub tells
    await agent.start();
    await eventually(() => Promise.resolve(expect(agent.reports.length).toBeGreaterThan(2)));
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
    await agent.stop();
    expect(await names(name)).toEqual(['exception', 'lasting']);

    agent.skewMs = 61_000;
    await agent.start();

    await eventually(async () => expect(await names(name)).toEqual(['lasting']));
  });

  it('goes also when something else cannot be written', async () => {
    const name = await scene();
    await run(lasting(name), exception(name, 3));
    agent.refuse((path) => path.endsWith('/lasting'));
    await cluster.client.delete(`${policies(name)}/lasting`);

    await eventually(async () => expect(await names(name)).toEqual([]));
  });

  it('lasts longer when it is renewed, without being written again', async () => {
    const name = await scene();
    await run(exception(name, 4));
    const { body: before } = await cluster.client.get(`${policies(name)}/exception`);

    await run(exception(name, 60));

    agent.skewMs = 10_000;
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
