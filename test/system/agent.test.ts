import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { bracketOf } from '../../agent/src/policy/bracket.ts';
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

  async function unassign(name: string): Promise<void> {
    const { assignments } = await hub.ask(
      `{ assignments(first: 100) { edges { node { id name } } } }`,
    );
    const { node } = assignments.edges.find((edge: Data) => edge['node'].name === name);
    await hub.ask(`mutation ($input: DeleteAssignmentInput!) { deleteAssignment(input: $input) }`, {
      input: { assignmentId: node.id },
    });
  }

  it('takes out what a hand adds to a policy, not only what it changes', async () => {
    const { name, member } = await settled();
    const at = `${policies(name)}/${name}-default-deny`;
    const denied = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

    for (const path of ['', '?fieldManager=picket-agent']) {
      await cluster.client.patch(`${at}${path}`, { spec: { ingress: [{}], egress: [{}] } });
      await eventually(async () =>
        expect((await cluster.client.get(at)).body['spec']).toEqual(denied),
      );
    }

    await untilPhase(member, 'APPLIED');
    await eventually(async () => {
      const { cluster: read } = await hub.ask(
        `query ($id: ID!) { cluster(id: $id) { status { repairs } } }`,
        { id: member.id },
      );
      expect(read.status.repairs).toBeGreaterThanOrEqual(2);
    });
  });

  it('never prunes what is not in its inventory, whatever marks it bears', async () => {
    const { name } = await settled();
    const { body: ours } = await cluster.client.get(`${policies(name)}/${name}-allow`);
    const { metadata, spec, apiVersion, kind } = ours as KubeBody;
    const { labels, annotations } = metadata;
    const twin = (policy: string): object => ({
      apiVersion,
      kind,
      metadata: { name: policy, labels, annotations },
      spec,
    });

    // As a second Picket would have it, or a person who copies.
    await cluster.client.apply(`${policies(name)}/twin`, twin('twin'), 'picket-agent');
    await cluster.client.create(policies(name), twin('copy'));
    await hub.apply(documents(name, { allowFrom: 'api' }));

    await eventually(async () => {
      const { body } = await cluster.client.get(`${policies(name)}/${name}-allow`);
      expect(body['spec'].ingress[0].from[0].podSelector.matchLabels).toEqual({ app: 'api' });
    });
    await unassign(name);
    await eventually(async () => expect(await names(policies(name))).toEqual(['copy', 'twin']));
  });

  it('removes a bracket that an agent left behind when it was killed', async () => {
    const { name, member } = await settled();
    await member.stopAgent();
    const bracket = bracketOf(name);
    await cluster.client.apply(`${policies(name)}/picket-bracket`, bracket, 'picket-agent');

    await member.startAgent();

    await eventually(async () =>
      expect(await names(policies(name))).toEqual([`${name}-allow`, `${name}-default-deny`]),
    );
  });

  it('holds a namespace open while its policies come and go, unless something else closes it', async () => {
    const { name } = await settled();
    const seen = async (namespace: string, act: () => Promise<unknown>): Promise<string[]> => {
      const { body } = await cluster.client.get(policies(namespace));
      const version = body['metadata'].resourceVersion;
      const watch = await cluster.client.watch(
        `${policies(namespace)}?watch=true&resourceVersion=${version}`,
      );
      await act();
      const events: string[] = [];
      while (!events.at(-1)?.endsWith(' end')) {
        const { type, object } = await watch.next();
        events.push(`${type} ${object['metadata'].name.replace(`${name}-`, '')}`);
      }
      watch.close();
      return events;
    };
    /** Comes after all that the agent does. */
    const end = (namespace: string): Promise<unknown> =>
      cluster.client.apply(
        `${policies(namespace)}/end`,
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name: 'end' },
          spec: { podSelector: {} },
        },
        'test',
      );
    const relabel = (namespace: string, suite: string | null): Promise<unknown> =>
      cluster.client.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { suite } } });
    const both = [`${name}-allow`, `${name}-default-deny`];
    const until = (namespace: string, wanted: string[]): Promise<void> =>
      eventually(async () => expect(await names(policies(namespace))).toEqual(wanted));
    const open = `${name}-open`;
    await createNamespace(open);

    const coming = await seen(open, async () => {
      await relabel(open, name);
      await until(open, both);
      await end(open);
    });
    await cluster.client.delete(`${policies(open)}/end`);
    const going = await seen(open, async () => {
      await relabel(open, null);
      await until(open, []);
      await end(open);
    });
    await cluster.client.create(CNPS, {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: `${name}-closed` },
      spec: {
        tier: 'Baseline',
        priority: 77,
        subject: { namespaces: {} },
        ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }],
      },
    });
    await createNamespace(`${name}-shut`);
    const shut = await seen(`${name}-shut`, async () => {
      await relabel(`${name}-shut`, name);
      await until(`${name}-shut`, both);
      await end(`${name}-shut`);
    });
    await cluster.client.delete(`${CNPS}/${name}-closed`);

    expect(coming).toEqual([
      'ADDED picket-bracket',
      'ADDED allow',
      'ADDED default-deny',
      'DELETED picket-bracket',
      'ADDED end',
    ]);
    expect(going).toEqual([
      'ADDED picket-bracket',
      'DELETED default-deny',
      'DELETED allow',
      'DELETED picket-bracket',
      'ADDED end',
    ]);
    expect(shut).toEqual(['ADDED allow', 'ADDED default-deny', 'ADDED end']);
  });

  it('tells its hub of a policy kind that comes, brings its objects, and goes on when the kind goes', async () => {
    const { name, member } = await settled();
    const notServed = expect.stringContaining('KIND_NOT_SERVED');
    const at = '/apis/projectcalico.org/v3/globalnetworkpolicies';
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const manifest = `  manifests:
    - manifest:
        apiVersion: projectcalico.org/v3
        kind: GlobalNetworkPolicy
        metadata: { name: ${name}-global }
        spec: { order: 10 }
  namespacePolicies:`;
    await hub.apply(documents(name).replace('  namespacePolicies:', manifest));
    await eventually(async () =>
      expect(await member.read()).toMatchObject({ policySet: { blocked: [notServed] } }),
    );

    expect((await cluster.client.create(crds, globalPolicyCrd)).status).toBe(201);
    await eventually(async () => expect(await names(at)).toEqual([`${name}-global`]));
    await untilPhase(member, 'APPLIED');
    await cluster.client.delete(`${crds}/${globalPolicyCrd.metadata.name}`);

    await eventually(async () =>
      expect(await member.read()).toMatchObject({ policySet: { blocked: [notServed] } }),
    );
    await cluster.client.delete(`${policies(name)}/${name}-allow`);
    await eventually(async () => expect(await names(policies(name))).toContain(`${name}-allow`));
    // The API server's own words, for the one object that cannot be there any more.
    await eventually(async () =>
      expect((await member.read())['status'].problems).toEqual([
        expect.objectContaining({ name: `${name}-global`, state: 'failed' }),
      ]),
    );
  });

  it('prunes everything when the assignment goes', async () => {
    const { name } = await settled();

    await unassign(name);

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
    // Ours names no ingress; server-side apply alone would leave this one in, and find no difference.
    ['IfNoDiff', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] }, 'foreign'],
    ['IfNoDiff', { podSelector: {}, policyTypes: ['Ingress'] }, 'adopted'],
    ['Always', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] }, 'adopted'],
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
          expect(body['spec']).toEqual({ podSelector: {}, policyTypes: ['Ingress'] });
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

      await unassign(name);
      await eventually(async () => {
        expect(await member.read()).toMatchObject({ status: { phase: 'APPLIED' } });
        expect(await names(policies(name))).toEqual([]);
      });
      // What a person made is given back, never deleted.
      const { status, body: byHand } = await cluster.client.get(`${policies(name)}/by-hand`);
      expect(status).toBe(200);
      expect(byHand['metadata'].labels ?? {}).toEqual({});
      expect(byHand['metadata'].annotations ?? {}).toEqual({});
      expect(byHand['spec']).toEqual(
        fate === 'adopted' ? { podSelector: {}, policyTypes: ['Ingress'] } : spec,
      );
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

  it('joins anew with a new join token after it was revoked, with a new key', async () => {
    const { name, member } = await settled();
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

/** A policy kind that takes anything. */
const globalPolicyCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'globalnetworkpolicies.projectcalico.org' },
  spec: {
    group: 'projectcalico.org',
    scope: 'Cluster',
    names: {
      plural: 'globalnetworkpolicies',
      singular: 'globalnetworkpolicy',
      kind: 'GlobalNetworkPolicy',
    },
    versions: [
      {
        name: 'v3',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { order: { type: 'number' } } },
            },
          },
        },
      },
    ],
  },
};

describe('the agent on a simulated cluster', () => suite(() => startSimulatedCluster()));

describeWith(kubeApiserver, 'the agent on a real cluster', () => suite(() => startRealCluster()));
