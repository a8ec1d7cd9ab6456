import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import {
  type Answer,
  type Backends,
  type Data,
  describeShapes,
  TestHub,
} from '../support/hub/index.ts';

jest.setTimeout(60_000);

const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);
const CREATE = `mutation ($input: CreateNamespaceClaimInput!) { createNamespaceClaim(input: $input) { id name clusterProject namespaces clusters { edges { node { name } } totalCount } } }`;

/** A platform with four clusters, and two teams that own no cluster. */
function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;
  const clusters: Record<string, string> = {};

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start(backends.env);
    for (const project of ['platform', 'shop', 'bank'])
      await hub.ask(`mutation { createProject(input: { name: "${project}" }) { name } }`);
    for (const [name, tier] of [
      ['eu', 'prod'],
      ['us', 'prod'],
      ['lab', 'dev'],
      ['old', 'dev'],
    ] as const)
      clusters[name] = (await hub.register(name, { tier }, 'platform')).id;
  });
  afterAll(async () => {
    await hub?.stop();
    await backends?.stop();
  });

  let count = 0;
  const claim = (input: object, by?: string): Promise<Answer> =>
    hub.query(
      CREATE,
      {
        input: {
          project: 'shop',
          name: `c-${(count += 1)}`,
          clusterProject: 'platform',
          clusterSelector: {},
          namespaces: [`n-${count}`],
          ...input,
        },
      },
      by,
    );
  async function holder(role: string, where: object): Promise<string> {
    const { createApiToken } = await hub.ask(
      `mutation ($name: String!) { createApiToken(input: { name: $name }) { secret apiToken { id } } }`,
      { name: `h-${(count += 1)}` },
    );
    await hub.ask(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
      { input: { role, subjectKind: 'TOKEN', subject: createApiToken.apiToken.id, ...where } },
    );
    return createApiToken.secret;
  }
  const seen = async (by: string): Promise<string[]> => {
    const { data, errors } = await hub.query(
      '{ clusters { edges { node { name } } totalCount } }',
      {},
      by,
    );
    expect(errors).toEqual([]);
    const names = data['clusters'].edges.map(({ node }: Data) => node.name);
    expect(data['clusters'].totalCount).toBe(names.length);
    return names;
  };

  it('reaches the clusters that its selector picks, and follows their labels', async () => {
    const { data } = await claim({
      name: 'prod',
      clusterSelector: { matchLabels: { tier: 'prod' } },
    });
    const viewer = await holder('NamespaceViewer', { project: 'shop', claim: 'prod' });
    expect(data['createNamespaceClaim'].clusters.totalCount).toBe(2);
    expect(await seen(viewer)).toEqual(['eu', 'us']);

    const label = (labels: object): Promise<Data> =>
      hub.ask(`mutation ($input: LabelClusterInput!) { labelCluster(input: $input) { id } }`, {
        input: { clusterId: clusters['old'], labels },
      });
    await label({ tier: 'prod' });
    expect(await seen(viewer)).toEqual(['eu', 'old', 'us']);
    await label({ tier: 'dev' });
    expect(await seen(viewer)).toEqual(['eu', 'us']);

    const added = await hub.register('asia', { tier: 'prod' }, 'platform');
    expect(await seen(viewer)).toEqual(['asia', 'eu', 'us']);
    await hub.ask(`mutation ($id: ID!) { removeCluster(input: { clusterId: $id }) }`, {
      id: added.id,
    });
    expect(await seen(viewer)).toEqual(['eu', 'us']);
  });

  it('shows its holders the clusters, but not what others have there', async () => {
    await claim({ name: 'looks' });
    const viewer = await holder('NamespaceViewer', { project: 'shop', claim: 'looks' });

    const fine = await hub.query(
      '{ clusters { edges { node { name lastSeenAt status { phase reason problems { name } } } } } }',
      {},
      viewer,
    );
    const refused = await hub.query(
      `query ($id: ID) { cluster(id: $id) { name policySet { digest } status { phase objects { totalCount } } } }`,
      { id: clusters['eu'] },
      viewer,
    );

    expect(fine.errors).toEqual([]);
    expect(fine.data['clusters'].edges[0].node).toMatchObject({
      status: { phase: 'UNKNOWN', reason: null, problems: null },
    });
    expect(codesOf(refused)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    expect(refused.data['cluster']).toEqual({
      name: 'eu',
      policySet: null,
      status: { phase: 'UNKNOWN', objects: null },
    });
  });

  it('lets whoever has a role in the owning project see where its claims reach, and change nothing there', async () => {
    await claim({
      project: 'bank',
      name: 'dev',
      clusterSelector: { matchLabels: { tier: 'dev' } },
    });
    const admin = await holder('PlatformAdmin', { project: 'bank' });

    expect(await seen(admin)).toEqual(['lab', 'old']);
    const answer = await hub.query(
      `mutation ($input: LabelClusterInput!) { labelCluster(input: $input) { id } }`,
      { input: { clusterId: clusters['lab'], labels: {} } },
      admin,
    );
    expect(codesOf(answer)).toEqual(['FORBIDDEN']);
  });

  it('is found by those who hold it, and is not there for others', async () => {
    const { data } = await claim({ name: 'mine' });
    const { id } = data['createNamespaceClaim'];
    const mine = await holder('NamespaceEditor', { project: 'shop', claim: 'mine' });
    const other = await holder('ProjectAdmin', { project: 'bank' });
    const ask = (by: string): Promise<Answer> =>
      hub.query(
        `query ($id: ID) { namespaceClaim(id: $id) { name } namespaceClaims { edges { node { name } } } }`,
        { id },
        by,
      );

    const { namespaceClaims } = (await ask(mine)).data;
    expect(namespaceClaims.edges).toEqual([{ node: { name: 'mine' } }]);
    expect(codesOf(await ask(other))).toEqual(['NAMESPACE_CLAIM_MISSING']);
    const byName = await hub.query(
      `{ namespaceClaim(name: "mine", project: "shop") { id } }`,
      {},
      other,
    );
    expect(codesOf(byName)).toEqual(['PROJECT_MISSING']);
  });

  it('gives a namespace to one project only, wherever both reach', async () => {
    await claim({
      name: 'pay-prod',
      namespaces: ['pay'],
      clusterSelector: { matchLabels: { tier: 'prod' } },
    });

    const taken = await claim({ project: 'bank', namespaces: ['books', 'pay'] });
    const elsewhere = await claim({
      project: 'bank',
      namespaces: ['pay'],
      clusterSelector: { matchLabels: { tier: 'dev' } },
    });
    const same = await claim({
      namespaces: ['pay'],
      clusterSelector: { matchLabels: { tier: 'prod' } },
    });

    expect([codesOf(taken), codesOf(elsewhere), codesOf(same)]).toEqual([
      ['NAMESPACE_CLAIMED'],
      [],
      [],
    ]);
    expect(taken.errors[0]!.message).not.toContain('shop');
    const widened = await hub.query(
      `mutation ($input: UpdateNamespaceClaimInput!) { updateNamespaceClaim(input: $input) { id } }`,
      {
        input: {
          namespaceClaimId: elsewhere.data['createNamespaceClaim'].id,
          clusterSelector: {},
        },
      },
    );
    expect(codesOf(widened)).toEqual(['NAMESPACE_CLAIMED']);
  });

  it.each([
    ['a reserved name', { namespaces: ['kube-system'] }, 'kube-system'],
    ['no namespace', { namespaces: null }, 'either namespaces or namespaceSelector'],
    ['both', { namespaceSelector: { matchLabels: { team: 'x' } } }, 'not both'],
    ['an empty list', { namespaces: [] }, 'namespaces'],
    [
      'a label that tenants can set',
      { namespaces: null, namespaceSelector: { matchLabels: { mine: 'yes' } } },
      'tenants could set the label mine',
    ],
    [
      'all that has no label',
      {
        namespaces: null,
        namespaceSelector: {
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['a'] },
          ],
        },
      },
      'at least one label',
    ],
    ['a bad selector', { clusterSelector: { matchLabels: { a: 1 } } }, 'clusterSelector'],
  ])('refuses %s', async (_what, input, words) => {
    const answer = await claim(input);

    expect(codesOf(answer)).toEqual(['INPUT_INVALID']);
    expect(answer.errors[0]!.message).toContain(words);
  });

  it('selects namespaces by labels once the organization trusts them, and keeps those it needs', async () => {
    const trust = (labels: string[], by?: string): Promise<Answer> =>
      hub.query(
        `mutation ($labels: [String!]!) { trustNamespaceLabels(input: { labels: $labels }) }`,
        { labels },
        by,
      );
    const admin = await holder('PlatformAdmin', {});

    expect(codesOf(await trust(['team'], admin))).toEqual(['FORBIDDEN']);
    expect((await trust(['team', 'team', 'cost.example/center'])).data).toEqual({
      trustNamespaceLabels: ['cost.example/center', 'team'],
    });
    const made = await claim({
      name: 'by-label',
      namespaces: null,
      namespaceSelector: { matchLabels: { team: 'shop' } },
    });
    expect(codesOf(made)).toEqual([]);
    expect(codesOf(await trust([]))).toEqual(['TRUSTED_LABEL_IN_USE']);
    expect(codesOf(await trust(['team']))).toEqual([]);
  });

  it('is made for clusters of others only by who may claim there', async () => {
    const admin = await holder('ProjectAdmin', { project: 'shop' });

    expect(codesOf(await claim({}, admin))).toEqual(['PROJECT_MISSING']);
    expect(codesOf(await claim({ clusterProject: null, allProjects: true }, admin))).toEqual([
      'FORBIDDEN',
    ]);
    expect(codesOf(await claim({ clusterProject: null }, admin))).toEqual([]);
  });

  it('ends, and with it what was held for it', async () => {
    const { data } = await claim({ name: 'ends' });
    const viewer = await holder('NamespaceViewer', { project: 'shop', claim: 'ends' });
    expect(await seen(viewer)).toHaveLength(4);

    await hub.ask(
      `mutation ($id: ID!) { deleteNamespaceClaim(input: { namespaceClaimId: $id }) }`,
      { id: data['createNamespaceClaim'].id },
    );

    const answer = await hub.query('{ clusters { totalCount } }', {}, viewer);
    expect(codesOf(answer)).toEqual(['FORBIDDEN']);
  });

  it('says in myPermissions and whoCan what a claim gives', async () => {
    await claim({ name: 'told' });
    const editor = await holder('NamespaceEditor', { project: 'shop', claim: 'told' });

    const { data } = await hub.query('{ myPermissions { permission project claim } }', {}, editor);
    const writers = async (args: string): Promise<number> =>
      (await hub.ask(`{ whoCan(permission: "NamespacePolicy:write", ${args}) { subject } }`))[
        'whoCan'
      ].length;

    expect(data['myPermissions']).toContainEqual({
      permission: 'NamespacePolicy:write',
      project: 'shop',
      claim: 'told',
    });
    expect(await writers('project: "shop", claim: "told"')).toBe(
      (await writers('project: "shop"')) + 1,
    );
  });
}

describeShapes('namespace claims', suite);
