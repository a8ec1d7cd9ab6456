import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { compile, type NamespaceTemplate, type PolicySet } from '@picket/compiler';
import type { NetworkPolicySpec } from '@picket/policy';

import {
  inNamespace,
  networkPolicy,
  policySet,
  template,
} from '../../agent/src/policy/a-set.fake.ts';
import { eventually, LoneAgent, policies } from '../support/hub/index.ts';
import {
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(60_000);

/** One that no API server takes: what gets past the hub's checks one day, or what an admission policy of the cluster does not want. */
const BAD: NetworkPolicySpec = { egress: [{ ports: [{ protocol: 'TCP', port: 70_000 }] }] };
const FINE: NetworkPolicySpec = { podSelector: {} };

/** An API server refuses what an application team wrote. */
function suite(start: () => Promise<TestCluster>): void {
  let cluster: TestCluster;
  let agent: LoneAgent;

  beforeAll(async () => {
    cluster = await start();
    agent = await LoneAgent.in(cluster);
  }, 240_000);
  afterEach(() => agent?.stop());
  afterAll(() => cluster?.stop());

  const team = (
    namespace: string,
    name: string,
    spec: NetworkPolicySpec,
    claim = 'shop',
  ): readonly NamespaceTemplate[] => {
    const namespaceSelector = { matchLabels: { suite: namespace } };
    const policy = { project: 'payments', claim, name, version: 1, namespaceSelector, spec };
    const { policySet: set } = compile({
      bindings: [],
      namespacePolicies: [policy],
      capabilities: { 'networking.k8s.io/v1/NetworkPolicy': { enforced: null, fields: null } },
    });
    return set.templates;
  };
  const withPlatform = (namespace: string, ...teams: (readonly NamespaceTemplate[])[]): PolicySet =>
    policySet([], [template(networkPolicy('platform'), { suite: namespace }), ...teams.flat()]);

  it('keeps that one out and nothing else, and says which and why', async () => {
    const name = await agent.scene();

    await agent.run(withPlatform(name, team(name, 'bad', BAD), team(name, 'web', FINE, 'other')));

    expect(await agent.names(name)).toEqual(['platform', 'web.other.payments']);
    const { phase, digest, running, counts, outcomes } = agent.reports.at(-1) ?? {};
    expect({ phase, counts }).toMatchObject({ phase: 'failed', counts: { applied: 2, failed: 1 } });
    expect(running).toBe(digest);
    expect(outcomes).toEqual([
      expect.objectContaining({
        namespace: name,
        name: 'bad.shop.payments',
        message: expect.stringContaining('70000'),
      }),
    ]);
  });

  it('keeps what stood under its name before', async () => {
    const name = await agent.scene();
    await agent.run(withPlatform(name, team(name, 'web', FINE)));

    await agent.run(withPlatform(name, team(name, 'web', BAD)));

    expect(await agent.names(name)).toEqual(['platform', 'web.shop.payments']);
    const { body } = await cluster.client.get(`${policies(name)}/web.shop.payments`);
    expect(body['spec']).toMatchObject({ podSelector: {}, policyTypes: ['Ingress'] });
  });

  it('holds back what its own claim gives up there, for it may stand in for that, and nothing of others', async () => {
    const name = await agent.scene();
    await agent.run(
      withPlatform(name, team(name, 'old', FINE), team(name, 'theirs', FINE, 'other')),
    );

    await agent.run(policySet([], team(name, 'bad', BAD)));
    await eventually(async () => expect(await agent.names(name)).toEqual(['old.shop.payments']));

    await agent.run(policySet([], team(name, 'bad', FINE)));
    await eventually(async () => expect(await agent.names(name)).toEqual(['bad.shop.payments']));
  });

  it('stops the whole set where it is the platform that is refused', async () => {
    const name = await agent.scene();
    await agent.run(withPlatform(name));
    const bad = inNamespace(
      networkPolicy('odd', { spec: { ...BAD, podSelector: {} } as never }),
      name,
    );

    await agent.run({ ...withPlatform(name, team(name, 'web', FINE)), objects: [bad] });

    expect(await agent.names(name)).toEqual(['platform']);
    expect(agent.reports.map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining('nothing of it was written'),
    );
  });
}

describe('what a team wrote and a simulated API server refuses', () =>
  suite(() => startSimulatedCluster()));
describeWith(kubeApiserver, 'what a team wrote and a real API server refuses', () =>
  suite(() => startRealCluster()),
);
