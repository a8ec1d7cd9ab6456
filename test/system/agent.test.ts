import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  bindAgentRole,
  type Data,
  eventually,
  JoinedCluster,
  TestHub,
} from '../support/hub/index.ts';
import {
  type KubeBody,
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(180_000);

const OURS = 'labelSelector=app.kubernetes.io/managed-by=picket';
const CNPS = '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies';

function policies(namespace: string): string {
  return `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
}

/** A blueprint and its assignment to the clusters of one label; `allowFrom` is what a later version changes. */
function documents(name: string, { allowFrom = 'web', more = '' } = {}): string {
  return `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec:
  clusterPolicies:
    - name: ${name}-no-metadata
      spec:
        tier: Admin
        priority: 10
        subject: { namespaces: {} }
        egress:
          - { name: metadata, action: Deny, to: [{ networks: [169.254.169.254/32] }] }
  namespacePolicies:
    - name: ${name}-default-deny
      namespaceSelector: { matchLabels: { suite: ${name} } }
      spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
    - name: ${name}-allow
      namespaceSelector: { matchLabels: { suite: ${name} } }
      spec:
        podSelector: {}
        policyTypes: [Ingress]
        ingress: [{ from: [{ podSelector: { matchLabels: { app: ${allowFrom} } } }] }]
${more}
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: { matchLabels: { suite: ${name} } } }
`;
}

function suite(start: () => Promise<TestCluster>): void {
  let hub: TestHub;
  let cluster: TestCluster;
  let count = 0;
  const joined: JoinedCluster[] = [];

  beforeAll(async () => {
    [hub, cluster] = await Promise.all([TestHub.start(), start()]);
    await bindAgentRole(cluster);
  }, 240_000);
  // Two agents on one cluster would prune each other's objects.
  afterEach(async () => {
    await Promise.all(joined.splice(0).map((member) => member.leave()));
  });
  afterAll(async () => {
    await cluster?.stop();
    await hub?.stop();
  });

  async function createNamespace(name: string, labels: object = {}): Promise<void> {
    const { status } = await cluster.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
    expect(status).toBe(201);
  }

  /** A name of its own per test, a namespace of that name, and a joined cluster whose label is the name. */
  async function scene(project?: string): Promise<{ name: string; member: JoinedCluster }> {
    const name = `s${(count += 1)}`;
    await createNamespace(name, { suite: name });
    const member = await JoinedCluster.join(hub, cluster, {
      name,
      labels: { suite: name },
      ...(project && { project }),
    });
    joined.push(member);
    return { name, member };
  }

  const names = async (path: string): Promise<string[]> => {
    const { body } = await cluster.client.get(`${path}?${OURS}`);
    return body['items'].map(({ metadata }: KubeBody) => metadata.name).toSorted();
  };
  const untilPhase = (member: JoinedCluster, phase: string): Promise<Data> =>
    eventually(async () => {
      const read = await member.read();
      expect(read).toMatchObject({ status: { phase } });
      return read;
    });
  /** A scene whose blueprint is applied. */
  async function settled(more = ''): Promise<{ name: string; member: JoinedCluster }> {
    const { name, member } = await scene();
    await hub.apply(documents(name, { more }));
    await eventually(async () => {
      const { status } = await member.read();
      expect(status.phase).toBe('APPLIED');
      expect(status.counts.applied).toBeGreaterThan(2);
    });
    return { name, member };
  }

  it('enrols, waits for approval, and then brings what was published', async () => {
    await hub.ask(
      `mutation ($input: CreateProjectInput!) { createProject(input: $input) { name } }`,
      {
        input: { name: 'careful', requiresApproval: true },
      },
    );
    const { name, member } = await scene('careful');
    await hub.apply(documents(name), 'careful');
    await eventually(async () => expect(await member.read()).toMatchObject({ state: 'PENDING' }));
    expect(await names(policies(name))).toEqual([]);

    await hub.ask(
      `mutation ($input: ApproveClusterInput!) { approveCluster(input: $input) { id } }`,
      {
        input: { clusterId: member.id },
      },
    );

    await eventually(async () =>
      expect(await names(policies(name))).toEqual([`${name}-allow`, `${name}-default-deny`]),
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
    const { status, policySet } = await untilPhase(member, 'APPLIED');
    expect(status.appliedDigest).toBe(policySet.digest);
    expect(status.counts).toEqual({ applied: 3, pending: 0, failed: 0, drifted: 0 });
  });

  it('converges on a change, and prunes what is gone', async () => {
    const { name } = await settled(`
    - name: extra
      namespaceSelector: { matchLabels: { suite: s${count + 1} } }
      spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }`);
    expect(await names(policies(name))).toContain('extra');

    await hub.apply(documents(name, { allowFrom: 'api' }));

    await eventually(async () => {
      const { body } = await cluster.client.get(`${policies(name)}/${name}-allow`);
      expect(body['spec'].ingress[0].from[0].podSelector.matchLabels).toEqual({ app: 'api' });
      expect(await names(policies(name))).toEqual([`${name}-allow`, `${name}-default-deny`]);
    });
  });

  it('repairs a hand edit and a hand delete, and says how often', async () => {
    const { name, member } = await settled();
    const at = `${policies(name)}/${name}-default-deny`;

    await cluster.client.patch(at, { spec: { policyTypes: ['Ingress'] } });
    await eventually(async () => {
      const { body } = await cluster.client.get(at);
      expect(body['spec'].policyTypes).toEqual(['Ingress', 'Egress']);
    });
    await cluster.client.delete(`${CNPS}/${name}-no-metadata`);
    await cluster.client.delete(at);

    await eventually(async () => {
      expect(await names(policies(name))).toContain(`${name}-default-deny`);
      expect(await names(CNPS)).toContain(`${name}-no-metadata`);
    });
    await untilPhase(member, 'APPLIED');
  });

  it('prunes everything when the assignment goes', async () => {
    const { name } = await settled();
    const { assignments } = await hub.ask(
      `{ assignments(first: 100) { edges { node { id name } } } }`,
    );
    const { node } = assignments.edges.find((edge: Data) => edge['node'].name === name);

    await hub.ask(`mutation ($input: DeleteAssignmentInput!) { deleteAssignment(input: $input) }`, {
      input: { assignmentId: node.id },
    });

    await eventually(async () => {
      expect(await names(policies(name))).toEqual([]);
      expect(await names(CNPS)).not.toContain(`${name}-no-metadata`);
    });
  });

  it.each([
    [
      'Never',
      { podSelector: { matchLabels: { made: 'by-hand' } }, policyTypes: ['Ingress'] },
      'foreign',
    ],
    [
      'IfNoDiff',
      { podSelector: { matchLabels: { made: 'by-hand' } }, policyTypes: ['Ingress'] },
      'foreign',
    ],
    ['IfNoDiff', { podSelector: {}, policyTypes: ['Ingress'] }, 'adopted'],
    [
      'Always',
      { podSelector: { matchLabels: { made: 'by-hand' } }, policyTypes: ['Ingress'] },
      'adopted',
    ],
  ] as const)(
    'adoption %s of an object that a person made: %j is %s',
    async (adoption, spec, fate) => {
      const { name, member } = await scene();
      const person = (policy: string): object => ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: policy, namespace: name },
        spec,
      });
      await cluster.client.create(policies(name), person('by-hand'));
      await cluster.client.create(policies(name), person('another'));

      await hub.apply(`
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec:
  adoption: ${adoption}
  namespacePolicies:
    - name: by-hand
      namespaceSelector: { matchLabels: { suite: ${name} } }
      spec: { podSelector: {}, policyTypes: [Ingress] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: { matchLabels: { suite: ${name} } } }
`);

      if (fate === 'adopted')
        await eventually(async () => {
          expect(await names(policies(name))).toEqual(['by-hand']);
          const { body } = await cluster.client.get(`${policies(name)}/by-hand`);
          expect(body['spec'].podSelector).toEqual({});
        });
      else {
        const { status } = await untilPhase(member, 'DRIFTED');
        expect(status.problems).toEqual([
          expect.objectContaining({
            namespace: name,
            name: 'by-hand',
            state: 'foreign',
            message: expect.stringContaining(adoption),
          }),
        ]);
        expect(await names(policies(name))).toEqual([]);
      }
      const { body: another } = await cluster.client.get(`${policies(name)}/another`);
      expect(another['spec']).toEqual(spec);
      expect(another['metadata'].labels).toBeUndefined();
    },
  );

  it('stamps a new namespace, and one that gets its label later', async () => {
    const { name } = await settled();

    await createNamespace(`${name}-new`, { suite: name });
    await createNamespace(`${name}-later`);
    await eventually(async () =>
      expect(await names(policies(`${name}-new`))).toEqual([
        `${name}-allow`,
        `${name}-default-deny`,
      ]),
    );
    expect(await names(policies(`${name}-later`))).toEqual([]);
    await cluster.client.patch(`/api/v1/namespaces/${name}-later`, {
      metadata: { labels: { suite: name } },
    });

    await eventually(async () => expect(await names(policies(`${name}-later`))).toHaveLength(2));
    // The bracket that held the namespace open while its policies came is gone again.
    expect(await names(policies(`${name}-new`))).not.toContain('picket-bracket');
  });

  it('enforces without its hub, also after a restart of the agent', async () => {
    const { name, member } = await settled();
    await hub.down('SIGKILL');
    try {
      await member.stopAgent();
      await cluster.client.delete(`${policies(name)}/${name}-allow`);
      await member.startAgent();

      await eventually(async () => expect(await names(policies(name))).toContain(`${name}-allow`));
      await createNamespace(`${name}-offline`, { suite: name });
      await eventually(async () =>
        expect(await names(policies(`${name}-offline`))).toHaveLength(2),
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
    const { name, member } = await settled();
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
      await member.stopAgent();
      await member.startAgent(); // reads the capabilities anew
      await sleep(500);
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

    const read = await untilPhase(member, 'FAILED');
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
    const { name, member } = await settled();

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

  it('serves two clusters at once, each with its own', async () => {
    const other = await start();
    try {
      await bindAgentRole(other);
      const { name, member } = await settled();
      const second = await JoinedCluster.join(hub, other, {
        name: `${name}-b`,
        labels: { suite: name },
      });
      await other.client.create('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'elsewhere', labels: { suite: name } },
      });
      await untilPhase(second, 'APPLIED');
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
