import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { bracketOf } from '../../agent/src/policy/bracket.ts';
import {
  eventually,
  TestHub,
  AgentScenes,
  CNPS,
  documents,
  policies,
} from '../support/hub/index.ts';
import {
  type KubeBody,
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

  it('repairs a hand edit and a hand delete, and says how often', async () => {
    const { name, member } = await scenes.settled();
    const at = `${policies(name)}/${name}-default-deny`;

    await cluster.client.patch(at, { spec: { policyTypes: ['Ingress'] } });
    await eventually(async () => {
      const { body } = await cluster.client.get(at);
      expect(body['spec'].policyTypes).toEqual(['Ingress', 'Egress']);
    });
    await cluster.client.delete(`${CNPS}/${name}-no-metadata`);
    await cluster.client.delete(at);

    await eventually(async () => {
      expect(await scenes.names(policies(name))).toContain(`${name}-default-deny`);
      expect(await scenes.names(CNPS)).toContain(`${name}-no-metadata`);
    });
    await scenes.untilPhase(member, 'APPLIED');
  });

  it('takes out what a hand adds to a policy, not only what it changes', async () => {
    const { name, member } = await scenes.settled();
    const at = `${policies(name)}/${name}-default-deny`;
    const denied = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

    for (const path of ['', '?fieldManager=picket-agent']) {
      await cluster.client.patch(`${at}${path}`, { spec: { ingress: [{}], egress: [{}] } });
      await eventually(async () =>
        expect((await cluster.client.get(at)).body['spec']).toEqual(denied),
      );
    }

    await scenes.untilPhase(member, 'APPLIED');
    await eventually(async () => {
      const { cluster: read } = await hub.ask(
        `query ($id: ID!) { cluster(id: $id) { status { repairs } } }`,
        { id: member.id },
      );
      expect(read.status.repairs).toBeGreaterThanOrEqual(2);
    });
  });

  it('never prunes what is not in its inventory, whatever marks it bears', async () => {
    const { name } = await scenes.settled();
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
    await scenes.unassign(name);
    await eventually(async () =>
      expect(await scenes.names(policies(name))).toEqual(['copy', 'twin']),
    );
  });

  it('removes a bracket that an agent left behind when it was killed', async () => {
    const { name, member } = await scenes.settled();
    await member.stopAgent();
    const bracket = bracketOf(name);
    await cluster.client.apply(`${policies(name)}/picket-bracket`, bracket, 'picket-agent');

    await member.startAgent();

    await eventually(async () =>
      expect(await scenes.names(policies(name))).toEqual([`${name}-allow`, `${name}-default-deny`]),
    );
  });

  it('holds a namespace open while its policies come and go, unless something else closes it', async () => {
    const { name } = await scenes.settled();
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
      eventually(async () => expect(await scenes.names(policies(namespace))).toEqual(wanted));
    const open = `${name}-open`;
    await scenes.createNamespace(open);

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
    await scenes.createNamespace(`${name}-shut`);
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
    const { name, member } = await scenes.settled();
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
    await eventually(async () => expect(await scenes.names(at)).toEqual([`${name}-global`]));
    await scenes.untilPhase(member, 'APPLIED');
    await cluster.client.delete(`${crds}/${globalPolicyCrd.metadata.name}`);

    await eventually(async () =>
      expect(await member.read()).toMatchObject({ policySet: { blocked: [notServed] } }),
    );
    await cluster.client.delete(`${policies(name)}/${name}-allow`);
    await eventually(async () =>
      expect(await scenes.names(policies(name))).toContain(`${name}-allow`),
    );
    // The API server's own words, for the one object that cannot be there any more.
    await eventually(async () =>
      expect((await member.read())['status'].problems).toEqual([
        expect.objectContaining({ name: `${name}-global`, state: 'failed' }),
      ]),
    );
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
      const { name, member } = await scenes.scene();
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
          expect(await scenes.names(policies(name))).toEqual(['by-hand']);
          const { body } = await cluster.client.get(`${policies(name)}/by-hand`);
          expect(body['spec']).toEqual({ podSelector: {}, policyTypes: ['Ingress'] });
        });
      else {
        const { status } = await scenes.untilPhase(member, 'DRIFTED');
        expect(status.problems).toEqual([
          expect.objectContaining({
            namespace: name,
            name: 'by-hand',
            state: 'foreign',
            message: expect.stringContaining(adoption),
          }),
        ]);
        expect(await scenes.names(policies(name))).toEqual([]);
      }
      const { body: another } = await cluster.client.get(`${policies(name)}/another`);
      expect(another['spec']).toEqual(spec);
      expect(another['metadata'].labels).toBeUndefined();

      await scenes.unassign(name);
      await eventually(async () => {
        expect(await member.read()).toMatchObject({ status: { phase: 'APPLIED' } });
        expect(await scenes.names(policies(name))).toEqual([]);
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
    const { name } = await scenes.settled();

    await scenes.createNamespace(`${name}-new`, { suite: name });
    await scenes.createNamespace(`${name}-later`);
    await eventually(async () =>
      expect(await scenes.names(policies(`${name}-new`))).toEqual([
        `${name}-allow`,
        `${name}-default-deny`,
      ]),
    );
    expect(await scenes.names(policies(`${name}-later`))).toEqual([]);
    await cluster.client.patch(`/api/v1/namespaces/${name}-later`, {
      metadata: { labels: { suite: name } },
    });

    await eventually(async () =>
      expect(await scenes.names(policies(`${name}-later`))).toHaveLength(2),
    );
    // The bracket that held the namespace open while its policies came is gone again.
    expect(await scenes.names(policies(`${name}-new`))).not.toContain('picket-bracket');
  });
}

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

describe('what the agent does with objects on a simulated cluster', () =>
  suite(() => startSimulatedCluster()));

describeWith(kubeApiserver, 'what the agent does with objects on a real cluster', () =>
  suite(() => startRealCluster()),
);
