import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { AgentScenes, type Data, eventually, policies } from '../support/hub/index.ts';
import {
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(120_000);

/** An application team, from what it saves to what stands in its namespace. */
function suite(start: () => Promise<TestCluster>): void {
  let scenes: AgentScenes;
  beforeAll(async () => {
    scenes = await AgentScenes.start(start);
  }, 240_000);
  afterEach(() => scenes?.end());
  afterAll(() => scenes?.stop());

  interface Team extends Awaited<ReturnType<AgentScenes['scene']>> {
    readonly claim: string;
    readonly run: (mutation: string, type: string, input: object) => Promise<Data>;
  }
  /** A cluster with a namespace that a team owns by a claim, and the team's token. */
  async function team(): Promise<Team> {
    const { hub } = scenes;
    const scene = await scenes.scene();
    const claim = `claim-${scene.name}`;
    await hub.ask(
      `mutation ($input: CreateNamespaceClaimInput!) { createNamespaceClaim(input: $input) { id } }`,
      {
        input: {
          name: claim,
          clusterSelector: { matchLabels: { suite: scene.name } },
          namespaces: [scene.name, `${scene.name}-later`],
        },
      },
    );
    const { createApiToken } = await hub.ask(
      `mutation ($name: String!) { createApiToken(input: { name: $name }) { secret apiToken { id } } }`,
      { name: `team-${scene.name}` },
    );
    const subject = createApiToken.apiToken.id;
    await hub.ask(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
      {
        input: {
          role: 'NamespaceEditor',
          subjectKind: 'TOKEN',
          subject,
          project: 'default',
          claim,
        },
      },
    );
    const run = async (mutation: string, type: string, input: object): Promise<Data> => {
      const { data, errors } = await hub.query(
        `mutation ($input: ${type}!) { ${mutation}(input: $input) { outcome namespacePolicy { id } problems { code severity } } }`,
        { input: { claim, ...input } },
        createApiToken.secret,
      );
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data[mutation];
    };
    return { ...scene, claim, run };
  }
  const save = ({ run }: Team, name: string, spec: object): Promise<Data> =>
    run('saveNamespacePolicy', 'SaveNamespacePolicyInput', { name, spec });
  const from = (app: string): object => ({
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }],
  });
  const objects = (namespace: string): Promise<string[]> => scenes.names(policies(namespace));

  it('saves a policy and it stands in its namespace, is kept there, and goes when it is deleted', async () => {
    const own = await team();
    const name = `allow-web.${own.claim}.default`;

    const { namespacePolicy } = await save(own, 'allow-web', from('web'));

    await eventually(async () => expect(await objects(own.name)).toEqual([name]));
    const { body } = await scenes.cluster.client.get(`${policies(own.name)}/${name}`);
    expect(body['spec']).toEqual(from('web'));
    expect(body['metadata'].annotations['picket.dev/origin']).toBe(
      `namespace policy default/${own.claim}/allow-web@1`,
    );
    await scenes.untilPhase(own.member, 'APPLIED');

    await scenes.cluster.client.delete(`${policies(own.name)}/${name}`);
    await eventually(async () => expect(await objects(own.name)).toEqual([name]));
    await save(own, 'allow-web', from('api'));
    await eventually(async () => {
      const { body: now } = await scenes.cluster.client.get(`${policies(own.name)}/${name}`);
      expect(now['spec']).toEqual(from('api'));
    });

    await scenes.createNamespace(`${own.name}-later`);
    await eventually(async () => expect(await objects(`${own.name}-later`)).toEqual([name]));
    const { outcome } = await scenes.hub
      .ask(
        `mutation ($input: DeleteNamespacePolicyInput!) { deleteNamespacePolicy(input: $input) { outcome } }`,
        { input: { namespacePolicyId: namespacePolicy.id } },
      )
      .then(({ deleteNamespacePolicy }) => deleteNamespacePolicy);
    expect(outcome).toBe('SAVED');
    await eventually(async () => expect(await objects(own.name)).toEqual([]));
  });

  it('makes an exception that ends in the cluster while the hub is stopped, and stays ended', async () => {
    const own = await team();
    await save(own, 'lasting', from('web'));
    const created = await own.run('createException', 'CreateExceptionInput', {
      name: 'for-now',
      spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] },
      reason: 'an outage',
      expiresAt: new Date(Date.now() + 8_000).toISOString(),
    });
    expect(created).toMatchObject({ outcome: 'SAVED', problems: [] });
    const [lasting, exception] = [`lasting.${own.claim}.default`, `for-now.${own.claim}.default`];
    await eventually(async () => expect(await objects(own.name)).toEqual([exception, lasting]));

    await scenes.hub.down('SIGKILL');
    await eventually(async () => expect(await objects(own.name)).toEqual([lasting]));
    await own.member.stopAgent();
    await own.member.startAgent();
    await scenes.cluster.client.delete(`${policies(own.name)}/${lasting}`);
    await eventually(async () => expect(await objects(own.name)).toEqual([lasting]));

    await scenes.hub.up();
    await eventually(async () => {
      const { namespacePolicies } = await scenes.hub.ask(
        `{ namespacePolicies(filter: { claim: "${own.claim}", state: ENDED }) { edges { node { name } } } }`,
      );
      expect(namespacePolicies.edges).toEqual([{ node: { name: 'for-now' } }]);
      const { status, policySet } = await own.member.read();
      expect(status).toMatchObject({ phase: 'APPLIED', appliedDigest: policySet.digest });
    });
    expect(await objects(own.name)).toEqual([lasting]);
  });
}

describe('namespace policies in a simulated cluster', () => suite(() => startSimulatedCluster()));
describeWith(kubeApiserver, 'namespace policies in a real cluster', () =>
  suite(() => startRealCluster()),
);
