import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import {
  type Answer,
  type Backends,
  type Data,
  describeShapes,
  eventually,
  ProtocolAgent,
  TestHub,
} from '../support/hub/index.ts';

jest.setTimeout(60_000);

const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);
const spec = (name: string): string =>
  JSON.stringify({
    namespacePolicies: [{ name, namespaceSelector: {}, spec: { podSelector: {} } }],
  });

/** A platform whose blueprint includes another of its own, and two projects with a cluster each. */
function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;
  let blueprint: string;
  let shopAdmin: string;
  let cluster: string;
  let joinToken: string;

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start(backends.env);
    for (const project of ['platform', 'shop', 'bank'])
      await hub.ask(`mutation { createProject(input: { name: "${project}" }) { name } }`);
    await hub.apply(
      `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: part }
spec: ${spec('part')}
---
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: base }
spec: { includes: [{ blueprint: part, version: 1 }] }
`,
      'platform',
    );
    ({
      blueprint: { id: blueprint },
    } = await hub.ask('{ blueprint(name: "base", project: "platform") { id } }'));
    shopAdmin = await holder('PlatformAdmin', 'shop');
    ({ id: cluster, joinToken } = await hub.register('shop-1', {}, 'shop'));
  });
  afterAll(async () => {
    await hub?.stop();
    await backends?.stop();
  });

  async function holder(role: string, project?: string): Promise<string> {
    const { createApiToken } = await hub.ask(
      `mutation ($name: String!) { createApiToken(input: { name: $name }) { secret apiToken { id } } }`,
      { name: `${role.toLowerCase()}-${project ?? 'all'}` },
    );
    await hub.ask(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
      { input: { role, subjectKind: 'TOKEN', subject: createApiToken.apiToken.id, project } },
    );
    return createApiToken.secret;
  }
  const share = (verb: 'share' | 'unshare', project: string, by?: string): Promise<Answer> =>
    hub.query(
      `mutation ($input: ${verb === 'share' ? 'Share' : 'Unshare'}BlueprintInput!) { ${verb}Blueprint(input: $input) { sharedWith } }`,
      { input: { blueprintId: blueprint, project } },
      by,
    );
  const bind = (by?: string): Promise<Answer> =>
    hub.query(
      `mutation ($input: CreateAssignmentInput!) { createAssignment(input: $input) { assignment { id } } }`,
      {
        input: {
          project: 'shop',
          name: 'all',
          blueprintId: blueprint,
          version: 1,
          clusterSelector: {},
        },
      },
      by,
    );
  const seen = async (): Promise<string[]> => {
    const { data } = await hub.query(
      '{ blueprints { edges { node { name project { name } } } totalCount } }',
      {},
      shopAdmin,
    );
    expect(data['blueprints'].totalCount).toBe(data['blueprints'].edges.length);
    return data['blueprints'].edges.map(({ node }: Data) => `${node.project.name}/${node.name}`);
  };

  it('is of no use to another project before it is shared, and not even there', async () => {
    expect(await seen()).toEqual([]);
    expect(codesOf(await bind(shopAdmin))).toEqual(['BLUEPRINT_MISSING']);
    expect(codesOf(await bind())).toEqual(['INPUT_INVALID']);
  });

  it('is shared by who may change it and sees the other project', async () => {
    const ofPlatform = await holder('PlatformAdmin', 'platform');

    expect(codesOf(await share('share', 'shop', shopAdmin))).toEqual(['BLUEPRINT_MISSING']);
    expect(codesOf(await share('share', 'shop', ofPlatform))).toEqual(['PROJECT_MISSING']);
    expect((await share('share', 'shop')).data).toEqual({
      shareBlueprint: { sharedWith: ['shop'] },
    });
    expect(codesOf(await share('share', 'shop'))).toEqual([]);
  });

  it('is then seen and bound there, with what it includes, and not changed', async () => {
    expect(await seen()).toEqual(['platform/base']);
    const found = await hub.query(
      `query ($id: ID) { blueprint(id: $id) { name sharedWith versions { version } } }`,
      { id: blueprint },
      shopAdmin,
    );
    expect(found.data).toEqual({
      blueprint: { name: 'base', sharedWith: null, versions: [{ version: 1 }] },
    });
    expect(codesOf(found)).toEqual(['FORBIDDEN']);
    const publish = await hub.query(
      `mutation ($id: ID!) { publishBlueprint(input: { blueprintId: $id }) { __typename } }`,
      { id: blueprint },
      shopAdmin,
    );
    expect(codesOf(publish)).toEqual(['FORBIDDEN']);

    expect(codesOf(await bind(shopAdmin))).toEqual([]);
    const agent = await ProtocolAgent.create(hub);
    await agent.enrol(joinToken);
    await agent.sync();
    await agent.close();
    await eventually(async () => {
      const { cluster: found } = await hub.ask(
        'query ($id: ID) { cluster(id: $id) { policySet { objects { edges { node { name } } } } } }',
        { id: cluster },
      );
      expect(found.policySet?.objects.edges).toEqual([{ node: { name: 'part' } }]);
    });
  });

  it('is named project/name in documents', async () => {
    const { results } = await hub.apply(
      `apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: all }
spec: { blueprint: platform/base, clusterSelector: {} }
`,
      'shop',
    );
    expect(results).toMatchObject([{ name: 'all', action: 'UNCHANGED' }]);
  });

  it('stays shared while an assignment there binds it, and its versions are retired for all', async () => {
    expect(codesOf(await share('unshare', 'shop'))).toEqual(['BLUEPRINT_IN_USE']);
    const ofPlatform = await holder('PlatformAdmin', 'platform');
    const retire = await hub.query(
      `mutation ($id: ID!) { retireBlueprintVersion(input: { blueprintId: $id, version: 1 }) { state } }`,
      { id: blueprint },
      ofPlatform,
    );
    expect(codesOf(retire)).toEqual(['VERSION_IN_USE']);
    expect(retire.errors[0]!.message).toContain('1 of other projects');
    expect(retire.errors[0]!.message).not.toContain('all,');

    await hub.ask(
      `mutation ($id: ID!) { retireBlueprintVersion(input: { blueprintId: $id, version: 1, withdraw: true }) { state } }`,
      { id: blueprint },
    );
    await eventually(async () => {
      const { cluster: found } = await hub.ask(
        'query ($id: ID) { cluster(id: $id) { policySet { objects { totalCount } } } }',
        { id: cluster },
      );
      expect(found.policySet.objects.totalCount).toBe(0);
    });
  });

  it('is taken away once nobody there binds it', async () => {
    const { assignment } = await hub.ask('{ assignment(name: "all", project: "shop") { id } }');
    await hub.ask(`mutation ($id: ID!) { deleteAssignment(input: { assignmentId: $id }) }`, {
      id: assignment.id,
    });

    expect((await share('unshare', 'shop')).data).toEqual({ unshareBlueprint: { sharedWith: [] } });
    expect(await seen()).toEqual([]);
  });
}

describeShapes('shared blueprints', suite);
