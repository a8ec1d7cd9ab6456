import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { hashToken } from '../../apps/control-plane/src/access/tokens.ts';
import {
  type Answer,
  type Backends,
  type Data,
  describeShapes,
  eventually,
  TestHub,
} from '../support/hub/index.ts';

jest.setTimeout(60_000);

const DENY = {
  namespacePolicies: [{ name: 'deny', namespaceSelector: {}, spec: { podSelector: {} } }],
};
const names = (connection: Data): string[] =>
  connection['edges'].map(({ node }: Data) => node.name);
const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);
const textOf = ({ errors }: Answer): string => errors.map(({ message }) => message).join();

/** Two projects with one of everything each, and whoever a test makes. */
function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;
  const owned: Record<string, { cluster: string; blueprint: string; assignment: string }> = {};

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start(backends.env);
    for (const project of ['shop', 'bank']) {
      await hub.ask(`mutation { createProject(input: { name: "${project}" }) { name } }`);
      const { id: cluster } = await hub.register(`${project}-prod`, { tier: 'prod' }, project);
      await hub.register(`${project}-dev`, { tier: 'dev' }, project);
      await hub.apply(
        `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${project}-base }
spec: ${JSON.stringify(DENY)}
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${project}-all }
spec: { blueprint: ${project}-base, clusterSelector: {} }
`,
        project,
      );
      const { blueprint, assignment } = await hub.ask(
        `query ($project: String) {
          blueprint(name: "${project}-base", project: $project) { id }
          assignment(name: "${project}-all", project: $project) { id }
        }`,
        { project },
      );
      owned[project] = { cluster, blueprint: blueprint.id, assignment: assignment.id };
    }
  });
  afterAll(async () => {
    await hub?.stop();
    await backends?.stop();
  });

  let count = 0;
  async function newToken(expiresAt?: Date): Promise<{ id: string; secret: string }> {
    const { createApiToken } = await hub.ask(
      `mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret apiToken { id } } }`,
      { input: { name: `t-${(count += 1)}`, expiresAt } },
    );
    return { id: createApiToken.apiToken.id, secret: createApiToken.secret };
  }
  const bind = (input: object, by = hub.adminToken): Promise<Answer> =>
    hub.query(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id role project clusterSelector } }`,
      { input },
      by,
    );
  /** A token that has a role, somewhere. */
  async function holder(role: string, where: object = {}): Promise<{ id: string; secret: string }> {
    const token = await newToken();
    const answer = await bind({ role, subjectKind: 'TOKEN', subject: token.id, ...where });
    expect(answer.errors).toEqual([]);
    return token;
  }
  const see = async (secret: string): Promise<Data> => {
    const { data, errors } = await hub.query(
      `{ projects { edges { node { name } } totalCount }
         clusters { edges { node { name } } totalCount }
         blueprints { edges { node { name } } totalCount }
         assignments { edges { node { name } } totalCount } }`,
      {},
      secret,
    );
    expect(errors).toEqual([]);
    return Object.fromEntries(
      Object.entries(data).map(([list, page]) => [
        list,
        [...names(page as Data), (page as Data)['totalCount']],
      ]),
    );
  };

  it('gives a new token nothing at all, and tells nobody its secret again', async () => {
    const { id, secret } = await newToken();

    const answer = await hub.query('{ myPermissions { permission } }', {}, secret);
    const { apiTokens } = await hub.ask(
      '{ apiTokens(first: 200) { edges { node { id lastUsedAt } } } }',
    );

    expect(codesOf(answer)).toEqual(['FORBIDDEN']);
    const used = apiTokens.edges.find(({ node }: Data) => node.id === id).node.lastUsedAt;
    expect(Math.abs(Date.now() - Date.parse(used))).toBeLessThan(60_000);
    expect(JSON.stringify(apiTokens)).not.toContain(secret);
  });

  it('shows a role in a project just what that project owns, in lists and in counts', async () => {
    const { secret } = await holder('PlatformAdmin', { project: 'shop' });

    expect(await see(secret)).toEqual({
      projects: ['shop', 1],
      clusters: ['shop-dev', 'shop-prod', 2],
      blueprints: ['shop-base', 1],
      assignments: ['shop-all', 1],
    });
  });

  it('shows a role for picked clusters just those', async () => {
    const { secret } = await holder('Auditor', {
      clusterSelector: { matchLabels: { tier: 'prod' } },
    });
    const { data } = await hub.query(
      '{ clusters { edges { node { name } } totalCount } }',
      {},
      secret,
    );

    expect([names(data['clusters']), data['clusters'].totalCount]).toEqual([
      ['bank-prod', 'shop-prod'],
      2,
    ]);
  });

  it('says what somebody may do, and where', async () => {
    const { secret } = await holder('Auditor', {
      project: 'shop',
      clusterSelector: { matchLabels: { tier: 'prod' } },
    });

    const { data } = await hub.query(
      '{ myPermissions { permission project clusterSelector } }',
      {},
      secret,
    );

    expect(data['myPermissions']).toEqual(
      ['Cluster:read', 'PolicySet:read', 'Approval:read'].map((permission) => ({
        permission,
        project: 'shop',
        clusterSelector: { matchLabels: { tier: 'prod' } },
      })),
    );
  });

  describe('what is out of scope answers like what is not there', () => {
    const unknown = randomUUID();
    it.each([
      ['a cluster', 'cluster', 'query ($id: ID) { cluster(id: $id) { name } }'],
      ['a blueprint', 'blueprint', 'query ($id: ID) { blueprint(id: $id) { name } }'],
      ['an assignment', 'assignment', 'query ($id: ID) { assignment(id: $id) { name } }'],
      [
        'a revocation',
        'cluster',
        'mutation ($id: ID!) { revokeCluster(input: { clusterId: $id }) { name } }',
      ],
      [
        'a removal',
        'assignment',
        'mutation ($id: ID!) { deleteAssignment(input: { assignmentId: $id }) }',
      ],
      [
        'a publish',
        'blueprint',
        'mutation ($id: ID!) { publishBlueprint(input: { blueprintId: $id }) { ... on BlueprintVersion { version } } }',
      ],
    ] as const)('%s', async (_what, thing, query) => {
      const { secret } = await holder('PlatformAdmin', { project: 'shop' });
      const foreign = owned['bank']?.[thing] ?? '';

      const there = await hub.query(query, { id: foreign }, secret);
      const nowhere = await hub.query(query, { id: unknown }, secret);

      expect(codesOf(there)).toEqual(codesOf(nowhere));
      expect(codesOf(there)[0]).toMatch(/_MISSING$/);
      expect(textOf(there).replaceAll(foreign, 'X')).toBe(textOf(nowhere).replaceAll(unknown, 'X'));
    });

    it.each([
      ['another project', '{ cluster(name: "bank-prod", project: "bank") { id } }'],
      ['a project that is not there', '{ cluster(name: "bank-prod", project: "nowhere") { id } }'],
    ])('a cluster by name in %s', async (_what, query) => {
      const { secret } = await holder('PlatformAdmin', { project: 'shop' });

      expect(codesOf(await hub.query(query, {}, secret))).toEqual(['PROJECT_MISSING']);
    });

    it('documents for another project', async () => {
      const { secret } = await holder('PlatformAdmin', { project: 'shop' });

      const answer = await hub.query(
        `mutation ($input: ApplyDocumentsInput!) { applyDocuments(input: $input) { problems { code } } }`,
        { input: { yaml: '', project: 'bank' } },
        secret,
      );

      expect(codesOf(answer)).toEqual(['PROJECT_MISSING']);
    });

    it('and what may be seen and not changed is refused document by document', async () => {
      const { id: subject, secret } = await holder('PlatformAdmin', { project: 'bank' });
      await bind({ role: 'Auditor', subjectKind: 'TOKEN', subject, project: 'shop' });

      const { data } = await hub.query(
        `mutation ($input: ApplyDocumentsInput!) { applyDocuments(input: $input) { results { name } problems { name code } } }`,
        {
          input: {
            project: 'shop',
            yaml: `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: mine }
spec: ${JSON.stringify(DENY)}
---
apiVersion: picket.dev/v1alpha1
kind: Cluster
metadata: { name: shop-prod, labels: { tier: dev } }
`,
          },
        },
        secret,
      );

      expect(data['applyDocuments']).toEqual({
        results: [],
        problems: [
          { name: 'mine', code: 'FORBIDDEN' },
          { name: 'shop-prod', code: 'FORBIDDEN' },
        ],
      });
    });

    it('everything of another organization, for its administrator', async () => {
      const stranger = await strangersAdmin();
      const { cluster, blueprint, assignment } = owned['shop']!;

      const answers = [
        await hub.query(`{ cluster(id: "${cluster}") { name } }`, {}, stranger),
        await hub.query(`{ blueprint(id: "${blueprint}") { name } }`, {}, stranger),
        await hub.query(`{ assignment(id: "${assignment}") { name } }`, {}, stranger),
      ];

      expect(answers.flatMap(codesOf)).toEqual([
        'CLUSTER_MISSING',
        'BLUEPRINT_MISSING',
        'ASSIGNMENT_MISSING',
      ]);
      expect(await see(stranger)).toEqual({
        projects: [0],
        clusters: [0],
        blueprints: [0],
        assignments: [0],
      });
    });
  });

  it('lets a role for picked clusters neither move one out of its reach nor take one into it', async () => {
    const { secret } = await holder('PlatformAdmin', {
      clusterSelector: { matchLabels: { tier: 'dev' } },
    });
    const { clusters } = await hub.ask(
      '{ clusters(filter: { labelSelector: "tier=dev" }) { edges { node { id } } } }',
    );
    const label = (clusterId: string, labels: object): Promise<Answer> =>
      hub.query(
        `mutation ($input: LabelClusterInput!) { labelCluster(input: $input) { labels } }`,
        { input: { clusterId, labels } },
        secret,
      );
    const mine = clusters.edges[0].node.id;

    expect(codesOf(await label(mine, { tier: 'prod' }))).toEqual(['FORBIDDEN']);
    expect(codesOf(await label(owned['shop']!.cluster, { tier: 'dev' }))).toEqual([
      'CLUSTER_MISSING',
    ]);
    expect(codesOf(await label(mine, { tier: 'dev', more: 'x' }))).toEqual([]);
  });

  it('may see and not change, where a role says so', async () => {
    const { secret } = await holder('Auditor');

    const answer = await hub.query(
      `mutation { revokeCluster(input: { clusterId: "${owned['shop']!.cluster}" }) { name } }`,
      {},
      secret,
    );

    expect((await see(secret))['clusters'].at(-1)).toBe(4);
    expect(codesOf(answer)).toEqual(['FORBIDDEN']);
  });

  describe('giving roles', () => {
    it('gives no more than one has oneself there', async () => {
      const { secret } = await holder('ProjectAdmin', { project: 'shop' });
      const { id: subject } = await newToken();
      const give = (role: string, where: object): Promise<Answer> =>
        bind({ role, subjectKind: 'TOKEN', subject, ...where }, secret);

      expect(codesOf(await give('PlatformAdmin', { project: 'shop' }))).toEqual(['ESCALATION']);
      expect(codesOf(await give('ProjectAdmin', { project: 'shop' }))).toEqual([]);
      expect(codesOf(await give('ProjectAdmin', {}))).toEqual(['FORBIDDEN']);
      expect(codesOf(await give('ProjectAdmin', { project: 'bank' }))).toEqual(['PROJECT_MISSING']);
    });

    it('takes away no more than one has oneself there', async () => {
      const { secret } = await holder('ProjectAdmin', { project: 'shop' });
      const { id: subject } = await newToken();
      const to = { subjectKind: 'TOKEN', subject, project: 'shop' };
      const above = await bind({ ...to, role: 'PlatformAdmin' });
      const equal = await bind({ ...to, role: 'ProjectAdmin' });
      const take = ({ data }: Answer): Promise<Answer> =>
        hub.query(
          `mutation ($id: ID!) { deleteRoleBinding(input: { roleBindingId: $id }) }`,
          { id: data['createRoleBinding'].id },
          secret,
        );

      expect(codesOf(await take(above))).toEqual(['ESCALATION']);
      expect(codesOf(await take(equal))).toEqual([]);
    });

    it('gives one subject at most 50 roles', async () => {
      const { id: subject } = await newToken();
      const give = (number: number): Promise<Answer> =>
        bind({
          role: 'Auditor',
          subjectKind: 'TOKEN',
          subject,
          clusterSelector: { matchLabels: { number: String(number) } },
        });

      const answers = await Promise.all(Array.from({ length: 49 }, (_, number) => give(number)));
      const [last, more] = [await give(49), await give(50)];

      expect([...answers, last].flatMap(codesOf)).toEqual([]);
      expect(codesOf(more)).toEqual(['LIMIT_REACHED']);
    });

    it('refuses what is not there, and the same twice is one', async () => {
      const { id: subject } = await newToken();
      const to = { subjectKind: 'TOKEN', subject };
      const [first, second] = [
        await bind({ ...to, role: 'Auditor' }),
        await bind({ ...to, role: 'Auditor' }),
      ];

      expect(first.data['createRoleBinding'].id).toBe(second.data['createRoleBinding'].id);
      expect(codesOf(await bind({ ...to, role: 'King' }))).toEqual(['ROLE_MISSING']);
      expect(
        codesOf(await bind({ subjectKind: 'TOKEN', subject: randomUUID(), role: 'Auditor' })),
      ).toEqual(['TOKEN_MISSING']);
      expect(
        codesOf(await bind({ ...to, role: 'Auditor', clusterSelector: { matchLabel: {} } })),
      ).toEqual(['INPUT_INVALID']);
    });

    it('takes a role away at once', async () => {
      const token = await newToken();
      const { data } = await bind({ role: 'Auditor', subjectKind: 'TOKEN', subject: token.id });
      await see(token.secret);

      await hub.ask(`mutation ($id: ID!) { deleteRoleBinding(input: { roleBindingId: $id }) }`, {
        id: data['createRoleBinding'].id,
      });

      await eventually(async () =>
        expect(codesOf(await hub.query('{ projects { totalCount } }', {}, token.secret))).toEqual([
          'FORBIDDEN',
        ]),
      );
    });

    it('lets nobody take away the last administrator', async () => {
      const { roleBindings } = await hub.ask(
        '{ roleBindings(first: 200) { edges { node { id role project clusterSelector } } } }',
      );
      const admins = roleBindings.edges.filter(({ node }: Data) => node.role === 'OrgAdmin');
      expect(admins).toHaveLength(1);

      const answer = await hub.query(
        `mutation ($id: ID!) { deleteRoleBinding(input: { roleBindingId: $id }) }`,
        { id: admins[0].node.id },
      );

      expect(codesOf(answer)).toEqual(['LAST_ADMIN']);
      expect((await see(hub.adminToken))['clusters'].at(-1)).toBe(4);
    });
  });

  describe('roles of the organization', () => {
    const save = (name: string, permissions: string[], by = hub.adminToken): Promise<Answer> =>
      hub.query(
        `mutation ($input: SaveRoleInput!) { saveRole(input: $input) { name permissions builtIn } }`,
        { input: { name, permissions } },
        by,
      );

    it('allow what they say, change for all who have them, and end for all', async () => {
      await save('viewer', ['Project:read', 'Cluster:read']);
      const { secret } = await holder('viewer', { project: 'shop' });
      const ask = (query: string): Promise<Answer> => hub.query(query, {}, secret);
      const clusters = '{ clusters { totalCount } }';
      const before = await ask(clusters);

      await save('viewer', ['Project:read']);
      await eventually(async () => expect(codesOf(await ask(clusters))).toEqual(['FORBIDDEN']));
      const kept = await ask('{ projects { totalCount } }');
      await hub.ask('mutation { deleteRole(input: { name: "viewer" }) }');

      expect(before.data['clusters'].totalCount).toBe(2);
      expect(kept.data['projects'].totalCount).toBe(1);
      await eventually(async () =>
        expect(codesOf(await ask('{ projects { totalCount } }'))).toEqual(['FORBIDDEN']),
      );
    });

    it('are refused with permissions that nobody knows, and never give more than their maker has', async () => {
      const { secret } = await holder('ProjectAdmin');

      expect(codesOf(await save('odd', ['Cluster:fly']))).toEqual(['INPUT_INVALID']);
      expect(codesOf(await save('OrgAdmin', ['Cluster:read']))).toEqual(['INPUT_INVALID']);
      expect(codesOf(await save('strong', ['Cluster:write'], secret))).toEqual(['ESCALATION']);
      await save('strong', ['Cluster:write']);
      const weaken = await save('strong', ['Cluster:read'], secret);
      const end = await hub.query('mutation { deleteRole(input: { name: "strong" }) }', {}, secret);
      expect([weaken, end].flatMap(codesOf)).toEqual(['ESCALATION', 'ESCALATION']);
      expect(
        codesOf(await hub.query('mutation { deleteRole(input: { name: "OrgAdmin" }) }')),
      ).toEqual(['ROLE_MISSING']);
    });
  });

  describe('who can', () => {
    const whoCan = async (args: string, by = hub.adminToken): Promise<string[]> => {
      const { data, errors } = await hub.query(`{ whoCan(${args}) { subject } }`, {}, by);
      expect(errors).toEqual([]);
      return data['whoCan'].map(({ subject }: Data) => subject);
    };

    it('answers with everybody whose roles allow it there, and with nobody else', async () => {
      const everywhere = await holder('PlatformAdmin');
      const inShop = await holder('PlatformAdmin', { project: 'shop' });
      const inBank = await holder('PlatformAdmin', { project: 'bank' });
      const ofProd = await holder('PlatformAdmin', {
        clusterSelector: { matchLabels: { tier: 'prod' } },
      });
      const looksOnly = await holder('Auditor');
      const all = [everywhere, inShop, inBank, ofProd, looksOnly].map(({ id }) => id);
      const those = (subjects: string[]): string[] => all.filter((id) => subjects.includes(id));

      const cluster = await whoCan(
        `permission: "Cluster:write", clusterId: "${owned['shop']!.cluster}"`,
      );
      const project = await whoCan(`permission: "Blueprint:write", project: "shop"`);
      const organization = await whoCan(`permission: "Blueprint:write"`);

      expect(those(cluster)).toEqual([everywhere.id, inShop.id, ofProd.id]);
      expect(those(project)).toEqual([everywhere.id, inShop.id]);
      expect(those(organization)).toEqual([everywhere.id]);
    });

    it('is not told to those who may not see the bindings there', async () => {
      const inShop = await holder('ProjectAdmin', { project: 'shop' });
      const ask = (args: string): Promise<Answer> =>
        hub.query(
          `{ whoCan(permission: "Cluster:write", ${args}) { subject } }`,
          {},
          inShop.secret,
        );

      expect(codesOf(await ask('project: "shop"'))).toEqual([]);
      expect(codesOf(await ask('project: "bank"'))).toEqual(['PROJECT_MISSING']);
      expect(codesOf(await ask(`clusterId: "${owned['bank']!.cluster}"`))).toEqual([
        'CLUSTER_MISSING',
      ]);
    });
  });

  it('ends a token at once when it is revoked, and by itself when its time is over', async () => {
    const revoked = await holder('Auditor');
    await see(revoked.secret);
    const endsSoon = await newToken(new Date(Date.now() + 1_500));
    await bind({ role: 'Auditor', subjectKind: 'TOKEN', subject: endsSoon.id });

    await hub.ask(`mutation ($id: ID!) { revokeApiToken(input: { tokenId: $id }) }`, {
      id: revoked.id,
    });

    for (const { secret } of [revoked, endsSoon])
      await eventually(async () =>
        expect(codesOf(await hub.query('{ projects { totalCount } }', {}, secret))).toEqual([
          'UNAUTHENTICATED',
        ]),
      );
  });

  it('makes no token that has ended already', async () => {
    const answer = await hub.query(
      `mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }`,
      { input: { name: 'late', expiresAt: new Date(Date.now() - 1_000) } },
    );

    expect(codesOf(answer)).toEqual(['INPUT_INVALID']);
  });

  /** The administrator of another organization of the same hub. */
  async function strangersAdmin(): Promise<string> {
    const client = new pg.Client({ connectionString: hub.databaseUrl });
    await client.connect();
    const secret = `picket_${randomUUID()}${randomUUID()}`;
    await client.query(
      `WITH o AS (INSERT INTO organizations (name) VALUES ('strangers') RETURNING id),
         t AS (INSERT INTO api_tokens (organization_id, name, token_hash) SELECT id, 'admin', $1 FROM o RETURNING id, organization_id)
       INSERT INTO role_bindings (organization_id, subject_kind, subject, role) SELECT organization_id, 'TOKEN', id::text, 'OrgAdmin' FROM t`,
      [hashToken(secret)],
    );
    await client.end();
    return secret;
  }
}

describeShapes('access', suite);
