import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  bindAgentRole,
  eventually,
  JoinedCluster,
  TestHub,
  AgentScenes,
  CNPS,
  OURS,
  documents,
  policies,
} from '../support/hub/index.ts';
import {
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(180_000);

function suite(start: () => Promise<TestCluster>): void {
  let scenes: AgentScenes;
  let hub: TestHub;
  let cluster: TestCluster;

  beforeAll(async () => {
    scenes = await AgentScenes.start(start);
    ({ hub, cluster } = scenes);
  }, 240_000);
  afterEach(() => scenes?.end());
  afterAll(() => scenes?.stop());

  it('enrols, waits for approval, and then brings what was published', async () => {
    await hub.ask(
      `mutation ($input: CreateProjectInput!) { createProject(input: $input) { name } }`,
      {
        input: { name: 'careful', requiresApproval: true },
      },
    );
    const { name, member } = await scenes.scene('careful');
    await hub.apply(documents(name), 'careful');
    await eventually(async () => expect(await member.read()).toMatchObject({ state: 'PENDING' }));
    expect(await scenes.names(policies(name))).toEqual([]);

    await hub.ask(
      `mutation ($input: ApproveClusterInput!) { approveCluster(input: $input) { id } }`,
      {
        input: { clusterId: member.id },
      },
    );

    await eventually(async () =>
      expect(await scenes.names(policies(name))).toEqual([`${name}-allow`, `${name}-default-deny`]),
    );
    const { body: deny } = await cluster.client.get(`${policies(name)}/${name}-default-deny`);
    const { body: wide } = await cluster.client.get(`${CNPS}/${name}-no-metadata`);
    expect(deny['metadata'].labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'picket' });
    expect(deny['metadata'].managedFields[0]).toMatchObject({
      manager: 'picket-agent',
      operation: 'Apply',
    });
    expect(deny['spec']).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    expect(wide['spec'].egress[0]).toMatchObject({
      action: 'Deny',
      to: [{ networks: ['169.254.169.254/32'] }],
    });
    const { status, policySet } = await scenes.untilPhase(member, 'APPLIED');
    expect(status.appliedDigest).toBe(policySet.digest);
    expect(status.counts).toEqual({ applied: 3, pending: 0, failed: 0, drifted: 0 });
  });

  it('converges on a change, and prunes what is gone', async () => {
    const { name } = await scenes.settled(
      (suite) => `
    - name: extra
      namespaceSelector: { matchLabels: { suite: ${suite} } }
      spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }`,
    );
    expect(await scenes.names(policies(name))).toContain('extra');

    await hub.apply(documents(name, { allowFrom: 'api' }));

    await eventually(async () => {
      const { body } = await cluster.client.get(`${policies(name)}/${name}-allow`);
      expect(body['spec'].ingress[0].from[0].podSelector.matchLabels).toEqual({ app: 'api' });
      expect(await scenes.names(policies(name))).toEqual([`${name}-allow`, `${name}-default-deny`]);
    });
  });

  it('prunes everything when the assignment goes', async () => {
    const { name } = await scenes.settled();

    await scenes.unassign(name);

    await eventually(async () => {
      expect(await scenes.names(policies(name))).toEqual([]);
      expect(await scenes.names(CNPS)).not.toContain(`${name}-no-metadata`);
    });
  });

  it('enforces without its hub, also after a restart of the agent', async () => {
    const { name, member } = await scenes.settled();
    await hub.down('SIGKILL');
    try {
      await member.stopAgent();
      await cluster.client.delete(`${policies(name)}/${name}-allow`);
      await member.startAgent();

      await eventually(async () =>
        expect(await scenes.names(policies(name))).toContain(`${name}-allow`),
      );
      await scenes.createNamespace(`${name}-offline`, { suite: name });
      await eventually(async () =>
        expect(await scenes.names(policies(`${name}-offline`))).toHaveLength(2),
      );
    } finally {
      await hub.up();
    }
    await eventually(() => Promise.resolve(expect(member.agent?.link.state).toBe('synced')));
    await eventually(async () =>
      expect(await member.read()).toMatchObject({
        status: { phase: 'APPLIED', counts: { applied: 5 } },
      }),
    );
  });

  it('writes nothing of a set that the API server refuses, keeps the old one and says why', async () => {
    const { name, member } = await scenes.settled();
    const before = await member.read();

    // A kind whose schema is stricter than what Picket knows of it.
    const { status } = await cluster.client.create(
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      strictCrd,
    );
    expect([201, 409]).toContain(status);
    await eventually(async () =>
      expect((await cluster.client.get('/apis/cilium.io/v2/ciliumnetworkpolicies')).status).toBe(
        200,
      ),
    );
    await eventually(async () => {
      expect(
        JSON.stringify(
          await hub.ask(`query ($id: ID!) { cluster(id: $id) { capabilities } }`, {
            id: member.id,
          }),
        ),
      ).toContain('CiliumNetworkPolicy');
    });
    await hub.apply(
      documents(name, { allowFrom: 'changed' }).replace(
        '  namespacePolicies:',
        `  manifests:
    - manifest:
        apiVersion: cilium.io/v2
        kind: CiliumNetworkPolicy
        metadata: { name: odd, namespace: ${name} }
        spec: { odd: nothing }
  namespacePolicies:`,
      ),
    );

    const read = await scenes.untilPhase(member, 'FAILED');
    expect(read['status'].reason).toContain('nothing of it was written');
    expect(read['status'].problems).toEqual([
      expect.objectContaining({
        name: 'odd',
        state: 'failed',
        message: expect.stringContaining('spec.odd'),
      }),
    ]);
    expect(read['status'].appliedDigest).toBe(before['status'].appliedDigest);
    const { body } = await cluster.client.get(`${policies(name)}/${name}-allow`);
    expect(body['spec'].ingress[0].from[0].podSelector.matchLabels).toEqual({ app: 'web' });
  });

  it('cuts off a revoked agent at once; its cluster stays as it is', async () => {
    const { name, member } = await scenes.settled();

    await hub.ask(
      `mutation ($input: RevokeClusterInput!) { revokeCluster(input: $input) { state } }`,
      {
        input: { clusterId: member.id },
      },
    );

    await eventually(() => Promise.resolve(expect(member.agent?.link.state).toBe('revoked')));
    await hub.apply(documents(name, { allowFrom: 'never-seen' }));
    await sleep(500);
    const { body } = await cluster.client.get(`${policies(name)}/${name}-allow`);
    expect(body['spec'].ingress[0].from[0].podSelector.matchLabels).toEqual({ app: 'web' });
  });

  it('joins anew with a new join token after it was revoked, with a new key', async () => {
    const { name, member } = await scenes.settled();
    const input = { clusterId: member.id };
    await hub.ask(
      `mutation ($input: RevokeClusterInput!) { revokeCluster(input: $input) { state } }`,
      {
        input,
      },
    );
    await eventually(() => Promise.resolve(expect(member.agent?.link.state).toBe('revoked')));

    const { reissueJoinToken } = await hub.ask(
      `mutation ($input: ReissueJoinTokenInput!) { reissueJoinToken(input: $input) { joinToken } }`,
      { input },
    );
    member.joinToken = reissueJoinToken.joinToken;

    await eventually(() => Promise.resolve(expect(member.agent?.link.state).toBe('synced')));
    await hub.apply(documents(name, { allowFrom: 'again' }));
    await eventually(async () => {
      const { body } = await cluster.client.get(`${policies(name)}/${name}-allow`);
      expect(body['spec'].ingress[0].from[0].podSelector.matchLabels).toEqual({ app: 'again' });
    });
  });

  it('serves two clusters at once, each with its own', async () => {
    const other = await start();
    try {
      await bindAgentRole(other);
      const { name, member } = await scenes.settled();
      const second = await JoinedCluster.join(hub, other, {
        name: `${name}-b`,
        labels: { suite: name },
      });
      await other.client.create('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'elsewhere', labels: { suite: name } },
      });
      await scenes.untilPhase(second, 'APPLIED');
      await eventually(async () => {
        const { body } = await other.client.get(`${policies('elsewhere')}?${OURS}`);
        expect(body['items']).toHaveLength(2);
      });
      expect((await second.read())['policySet'].digest).toBe(
        (await member.read())['policySet'].digest,
      );
      await second.leave();
    } finally {
      await other.stop();
    }
  });
}

/** A policy kind whose schema takes one field and only one value of it. */
const strictCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ciliumnetworkpolicies.cilium.io' },
  spec: {
    group: 'cilium.io',
    scope: 'Namespaced',
    names: {
      plural: 'ciliumnetworkpolicies',
      singular: 'ciliumnetworkpolicy',
      kind: 'CiliumNetworkPolicy',
    },
    versions: [
      {
        name: 'v2',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { odd: { type: 'string', enum: ['one', 'three'] } },
              },
            },
          },
        },
      },
    ],
  },
};

describe('the agent on a simulated cluster', () => suite(() => startSimulatedCluster()));

describeWith(kubeApiserver, 'the agent on a real cluster', () => suite(() => startRealCluster()));
