import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import {
  type Backends,
  type Data,
  describeShapes,
  eventually,
  ProtocolAgent,
  TestHub,
} from '../support/hub/index.ts';

jest.setTimeout(60_000);

const APPLY = `mutation ($input: ApplyDocumentsInput!) {
  applyDocuments(input: $input) {
    results { index kind name action warnings }
    problems { index kind name path code message allowed severity }
  }
}`;
const SAVE = `mutation ($input: SaveBlueprintDraftInput!) {
  saveBlueprintDraft(input: $input) {
    __typename
    ... on Blueprint { id name draftVersion }
    ... on BlueprintProblems { problems { path code message severity } }
  }
}`;
const PUBLISH = `mutation ($input: PublishBlueprintInput!) {
  publishBlueprint(input: $input) { __typename ... on BlueprintVersion { version state document } }
}`;

const deny = {
  namespacePolicies: [
    { name: 'deny', namespaceSelector: {}, spec: { podSelector: {}, policyTypes: ['Ingress'] } },
  ],
};

function blueprint(name: string, spec: string): string {
  return `apiVersion: picket.dev/v1alpha1\nkind: Blueprint\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
}
function assignment(name: string, spec: string): string {
  return `apiVersion: picket.dev/v1alpha1\nkind: Assignment\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
}
const DENY =
  '{ namespacePolicies: [{ name: deny, namespaceSelector: {}, spec: { podSelector: {} } }] }';

function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start({ ...backends.env, SWEEP_MS: '2000' });
  });
  afterAll(async () => {
    await hub?.stop();
    await backends?.stop();
  });

  const apply = async (yaml: string, dryRun = false): Promise<Data> =>
    (await hub.ask(APPLY, { input: { yaml, dryRun } }))['applyDocuments'];
  const codeOf = async (query: string, variables: object, token?: string): Promise<unknown> =>
    (await hub.query(query, variables, token)).errors[0]?.extensions['code'];

  describe('documents', () => {
    it('are created, changed and left alone, all or nothing, and a dry run writes nothing', async () => {
      const first =
        blueprint('web', DENY) +
        '---\n' +
        assignment('web', '{ blueprint: web, clusterSelector: { matchLabels: { app: web } } }');
      const bad = first + '---\n' + blueprint('broken', '{ onLoss: Perhaps }');

      const dryRun = await apply(first, true);
      const refused = await apply(bad);
      const { blueprints } = await hub.ask(`{ blueprints(first: 10) { totalCount } }`);
      const created = await apply(first);
      const unchanged = await apply(first);
      const changed = await apply(first.replace('name: deny', 'name: deny-all'));

      const actions = ({ results }: Data): unknown => results.map(({ action }: Data) => action);
      expect(actions(dryRun)).toEqual(['CREATED', 'CREATED']);
      expect(refused).toMatchObject({
        results: [],
        problems: [{ index: 2, kind: 'Blueprint', name: 'broken', path: 'spec.onLoss' }],
      });
      expect(blueprints.totalCount).toBe(0);
      expect(actions(created)).toEqual(['CREATED', 'CREATED']);
      expect(actions(unchanged)).toEqual(['UNCHANGED', 'UNCHANGED']);
      expect(actions(changed)).toEqual(['CHANGED', 'CHANGED']);
    });

    it.each([
      ['malformed YAML', 'kind: [', { code: 'YAML_INVALID' }],
      [
        'an unknown kind',
        'apiVersion: picket.dev/v1alpha1\nkind: Blueprnt\nmetadata: { name: x }\n',
        { path: 'kind', allowed: expect.stringContaining('v1alpha1 Blueprint') },
      ],
      [
        'an unknown field',
        blueprint('x', '{ namespacePolicis: [] }'),
        {
          path: 'spec.namespacePolicis',
          message: expect.stringContaining('did you mean namespacePolicies'),
        },
      ],
      [
        'an unknown parameter',
        blueprint('x', DENY.replace('podSelector: {}', "podSelector: '${who}'")),
        { code: 'PARAMETER_UNKNOWN' },
      ],
      [
        'what the API server would refuse',
        blueprint(
          'x',
          DENY.replace(
            'podSelector: {}',
            'podSelector: {}, ingress: [{ ports: [{ endPort: 9 }] }]',
          ),
        ),
        { path: expect.stringContaining('endPort') },
      ],
      [
        'an unknown blueprint',
        assignment('x', '{ blueprint: nowhere, clusterSelector: {} }'),
        { severity: 'error' },
      ],
      [
        'a value of the wrong type',
        blueprint('typed', '{ parameters: [{ name: n, type: number }] }') +
          '---\n' +
          assignment('typed', '{ blueprint: typed, clusterSelector: {}, parameters: { n: many } }'),
        { severity: 'error' },
      ],
      [
        'a parameter that the blueprint has not',
        blueprint('none', DENY) +
          '---\n' +
          assignment('none', '{ blueprint: none, clusterSelector: {}, parameters: { n: 1 } }'),
        { code: 'PARAMETER_UNKNOWN' },
      ],
    ])('are refused with a place and words: %s', async (_what, yaml, problem) => {
      const { results, problems } = await apply(yaml);

      expect(results).toEqual([]);
      expect(problems).toEqual(expect.arrayContaining([expect.objectContaining(problem)]));
    });

    it('label a cluster that is registered, with the same all or nothing', async () => {
      const { id } = await hub.register('labelled', { tier: 'old' });
      const labels = `apiVersion: picket.dev/v1alpha1\nkind: Cluster\nmetadata: { name: labelled, labels: { tier: new } }\n`;
      const unknown = labels.replace('name: labelled', 'name: nobody');
      const labelsNow = async (): Promise<unknown> =>
        (await hub.ask(`query ($id: ID!) { cluster(id: $id) { labels } }`, { id }))['cluster']
          .labels;

      const dryRun = await apply(labels, true);
      const refused = await apply(`${labels}---\n${unknown}`);
      const before = await labelsNow();
      const changed = await apply(labels);
      const unchanged = await apply(labels);

      expect(dryRun.results).toMatchObject([{ kind: 'Cluster', action: 'CHANGED' }]);
      expect(refused).toMatchObject({
        results: [],
        problems: [{ index: 1, kind: 'Cluster', name: 'nobody', code: 'CLUSTER_MISSING' }],
      });
      expect(before).toEqual({ tier: 'old' });
      expect(changed.results).toMatchObject([{ action: 'CHANGED' }]);
      expect(unchanged.results).toMatchObject([{ action: 'UNCHANGED' }]);
      expect(await labelsNow()).toEqual({ tier: 'new' });
    });

    it('warn of a selector that matches nothing', async () => {
      const { results, problems } = await apply(
        blueprint('lonely', DENY) +
          '---\n' +
          assignment(
            'lonely',
            '{ blueprint: lonely, clusterSelector: { matchLabels: { no: such } } }',
          ),
      );

      expect(problems.filter(({ severity }: Data) => severity === 'error')).toEqual([]);
      expect(results[1]).toMatchObject({
        action: 'CREATED',
        warnings: [expect.stringContaining('no cluster')],
      });
    });
  });

  describe('a blueprint', () => {
    const save = async (
      name: string,
      document: object,
      expectedDraftVersion?: number,
    ): Promise<Data> =>
      (await hub.query(SAVE, {
        input: { name, document, expectedDraftVersion },
      })) as unknown as Data;

    it('is not saved over a newer draft, and both versions are told', async () => {
      const { data } = await save('shared', deny, 0);
      await save('shared', { ...deny, description: 'theirs' }, 1);

      const { errors } = await save('shared', { ...deny, description: 'mine' }, 1);

      expect(data.saveBlueprintDraft).toMatchObject({ draftVersion: 1 });
      expect(errors[0].extensions).toMatchObject({
        code: 'BLUEPRINT_CHANGED',
        details: {
          expectedDraftVersion: 1,
          actualDraftVersion: 2,
          draft: { description: 'theirs' },
        },
      });
    });

    it('has every problem told at once', async () => {
      const { data } = await save('wrong', {
        adoption: 'Sometimes',
        clusterPolicies: [{ name: 'Bad Name', spec: {} }],
        surprise: 1,
      });

      expect(data.saveBlueprintDraft.problems.map(({ path }: Data) => path)).toEqual(
        expect.arrayContaining(['spec.adoption', 'spec.clusterPolicies[0].name', 'spec.surprise']),
      );
    });

    it('keeps a published version as it is, whatever happens to the draft', async () => {
      const { data } = await save('kept', deny, 0);
      const { id } = data.saveBlueprintDraft;
      const { publishBlueprint } = await hub.ask(PUBLISH, { input: { blueprintId: id } });
      await save('kept', { ...deny, description: 'later' }, 1);

      const { blueprint: read } = await hub.ask(
        `query ($id: ID!) { blueprint(id: $id) { newestVersion { version document } draft } }`,
        { id },
      );
      const client = new pg.Client({ connectionString: hub.databaseUrl });
      await client.connect();
      const edit = client.query(
        `UPDATE blueprint_versions SET document = '{}' WHERE blueprint_id = $1`,
        [id],
      );

      await expect(edit).rejects.toThrow('a published version cannot be edited');
      await client.end();
      expect(publishBlueprint).toMatchObject({ version: 1, state: 'PUBLISHED' });
      expect(read.newestVersion).toEqual({ version: 1, document: publishBlueprint.document });
      expect(read.draft.description).toBe('later');
    });
  });

  describe('publishing', () => {
    it('moves nothing; moving the assignment does, for its clusters only', async () => {
      const [inside, outside] = await Promise.all([
        member('inside', { moved: 'yes' }),
        member('outside', { moved: 'no' }),
      ]);
      await apply(
        blueprint('moving', DENY) +
          '---\n' +
          assignment(
            'moving',
            '{ blueprint: moving, clusterSelector: { matchLabels: { moved: "yes" } } }',
          ),
      );
      const grant = await eventually(async () => {
        expect(await templates(inside.id)).toBe(1);
        return (await inside.agent.sync()).grant;
      });
      const before = await outside.agent.sync();

      const { blueprint: found } = await hub.ask(
        `{ blueprint(name: "moving") { id draftVersion } }`,
      );
      await hub.ask(SAVE, {
        input: {
          name: 'moving',
          document: { ...deny, description: 'v2', namespacePolicies: [] },
          expectedDraftVersion: found.draftVersion,
        },
      });
      const { publishBlueprint } = await hub.ask(PUBLISH, { input: { blueprintId: found.id } });
      expect(publishBlueprint.version).toBe(2);
      expect((await inside.agent.sync()).grant?.digest).toBe(grant?.digest);

      await hub.ask(
        `mutation ($input: ActivateBlueprintVersionInput!) { activateBlueprintVersion(input: $input) { state } }`,
        { input: { blueprintId: found.id, version: 2 } },
      );
      const { assignment: bound } = await hub.ask(`{ assignment(name: "moving") { id } }`);
      const { moveAssignment } = await hub.ask(
        `mutation ($input: MoveAssignmentInput!) { moveAssignment(input: $input) { matchedClusters assignment { version } } }`,
        { input: { assignmentId: bound.id, version: 2 } },
      );

      expect(moveAssignment).toEqual({ matchedClusters: 1, assignment: { version: 2 } });
      await eventually(async () => expect(await templates(inside.id)).toBe(0));
      expect((await outside.agent.sync()).grant).toEqual(
        expect.objectContaining({ sequence: before.grant?.sequence }),
      );
    });

    async function member(
      name: string,
      labels: object,
    ): Promise<{ id: string; agent: ProtocolAgent }> {
      const { id, joinToken } = await hub.register(name, labels);
      const agent = await ProtocolAgent.create(hub);
      agents.push(agent);
      await agent.enrol(joinToken);
      await agent.sync();
      return { id, agent };
    }
    const agents: ProtocolAgent[] = [];
    afterAll(() => Promise.all(agents.map((agent) => agent.close())));
    const templates = async (id: string): Promise<number> => {
      const { cluster } = await hub.ask(
        `query ($id: ID!) { cluster(id: $id) { policySet { objects(first: 10) { edges { node { template } } } } } }`,
        { id },
      );
      return cluster.policySet.objects.edges.length;
    };
  });

  describe('lists', () => {
    beforeAll(async () => {
      for (const index of Array.from({ length: 12 }, (_, i) => i))
        await hub.register(`paged-${String(index).padStart(2, '0')}`, {
          paged: index % 2 === 0 ? 'even' : 'odd',
        });
    });
    const LIST = `query ($first: Int, $after: String, $filter: ClusterFilter) {
      clusters(first: $first, after: $after, filter: $filter) { totalCount pageInfo { hasNextPage endCursor } edges { node { name } } }
    }`;
    const filter = { labelSelector: 'paged=even', nameContains: 'paged-' };

    it('are filtered and paged in order, without gap or repeat', async () => {
      const names: string[] = [];
      let after: string | null = null;
      do {
        const { clusters }: Data = await hub.ask(LIST, { first: 4, after, filter });
        names.push(...clusters.edges.map(({ node }: Data) => node.name));
        expect(clusters.totalCount).toBe(6);
        after = clusters.pageInfo.hasNextPage ? clusters.pageInfo.endCursor : null;
      } while (after !== null);

      expect(names).toEqual([
        'paged-00',
        'paged-02',
        'paged-04',
        'paged-06',
        'paged-08',
        'paged-10',
      ]);
    });

    it('go on from project to project, by the name of the project first', async () => {
      for (const name of ['list-b', 'list-a', 'list-c'])
        await hub.ask(
          `mutation ($input: CreateProjectInput!) { createProject(input: $input) { name } }`,
          { input: { name } },
        );
      for (const [project, name] of [
        ['list-a', 'across-2'],
        ['list-a', 'across-9'],
        ['list-b', 'across-1'],
        ['list-b', 'across-3'],
        ['list-c', 'across-0'],
      ] as const)
        await hub.register(name, {}, project);

      const names: string[] = [];
      let after: string | null = null;
      do {
        const { clusters }: Data = await hub.ask(LIST, {
          first: 2,
          after,
          filter: { nameContains: 'across-' },
        });
        names.push(...clusters.edges.map(({ node }: Data) => node.name));
        after = clusters.pageInfo.hasNextPage ? clusters.pageInfo.endCursor : null;
      } while (after !== null);
      const ofOne: Data = await hub.ask(LIST, { first: 10, filter: { project: 'list-b' } });

      expect(names).toEqual(['across-2', 'across-9', 'across-1', 'across-3', 'across-0']);
      expect(ofOne['clusters'].edges.map(({ node }: Data) => node.name)).toEqual([
        'across-1',
        'across-3',
      ]);
    });

    it.each([
      ['more than the maximum', { first: 201 }, 'PAGE_INVALID'],
      ['nothing', { first: 0 }, 'PAGE_INVALID'],
      ['a foreign cursor', { first: 1, after: 'bm9uc2Vuc2U' }, 'PAGE_INVALID'],
      ['a bad selector', { first: 1, filter: { labelSelector: 'a in' } }, 'SELECTOR_INVALID'],
    ])('refuse %s', async (_what, variables, code) => {
      expect(await codeOf(LIST, variables)).toBe(code);
    });
  });

  describe('errors', () => {
    it.each([
      ['no token', '{ clusters(first: 1) { totalCount } }', '', 'UNAUTHENTICATED'],
      ['a wrong token', '{ clusters(first: 1) { totalCount } }', 'picket_wrong', 'UNAUTHENTICATED'],
      [
        'a missing cluster',
        '{ cluster(id: "00000000-0000-4000-8000-000000000000") { name } }',
        undefined,
        'CLUSTER_MISSING',
      ],
      ['an id that is none', '{ cluster(id: "x") { name } }', undefined, 'ID_INVALID'],
      ['a field that is none', '{ clustrs { name } }', undefined, 'BAD_REQUEST'],
      ['nonsense', '{', undefined, 'BAD_REQUEST'],
    ])('have a stable code: %s', async (_what, query, token, code) => {
      expect(await codeOf(query, {}, token)).toBe(code);
    });

    it('tell that a body of 50 MB is too large, and the hub lives on', async () => {
      const response = await fetch(`${hub.url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${hub.adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          query: APPLY,
          variables: { input: { yaml: 'x'.repeat(50_000_000) } },
        }),
      }).catch(({ cause }: Error) => ({ cause }));

      // Told before the rest is read, so the connection may break under the sender.
      if ('cause' in response)
        expect(String(response.cause)).toMatch(/EPIPE|ECONNRESET|other side closed/);
      else {
        expect(response.status).toBe(413);
        expect(await response.json()).toMatchObject({
          errors: [{ extensions: { code: 'TOO_LARGE' } }],
        });
      }
      expect(await codeOf('{ clusters(first: 1) { totalCount } }', {})).toBeUndefined();
    });
  });

  it('says whether it is ready, and what it measures', async () => {
    const ready = await fetch(`${hub.url}/readyz`);
    const metrics = await (await fetch(`${hub.url}/metrics`)).text();

    expect(await ready.json()).toEqual({ database: 'ok', migrations: 'ok', queue: 'ok' });
    expect(metrics).toMatch(/^picket_/m);
  });
}

describeShapes('GraphQL', suite);
