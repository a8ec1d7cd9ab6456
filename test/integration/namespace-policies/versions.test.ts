import { expect, it, jest } from '@jest/globals';

import type { Data } from '../../support/hub/index.ts';
import { codesOf, describePolicies, egressTo, from, NAME } from './scene.ts';

jest.setTimeout(60_000);

describePolicies('versions of namespace policies', (scene) => {
  const { run, save, setRails, sql, stands, team } = scene;

  it('counts versions on, says the same once, and refuses who has not seen the newest', async () => {
    const own = await team();
    await save(own, 'p', from('a'));

    const same = await save(own, 'p', from('a'));
    const second = await save(own, 'p', from('b'), { expectedVersion: 1 });
    const late = await scene.hub.query(
      `mutation ($input: SaveNamespacePolicyInput!) { saveNamespacePolicy(input: $input) { outcome } }`,
      {
        input: {
          project: own.project,
          claim: own.claim,
          name: 'p',
          spec: from('c'),
          expectedVersion: 1,
        },
      },
      own.editor,
    );

    expect([same.outcome, same.namespacePolicy.version]).toEqual(['UNCHANGED', 1]);
    expect([second.outcome, second.namespacePolicy.version]).toEqual(['SAVED', 2]);
    expect(codesOf(late)).toEqual(['NAMESPACE_POLICY_CHANGED']);
  });

  it('goes, and comes back as it once was', async () => {
    const own = await team();
    const { namespacePolicy } = await save(own, 'p', from('a'));
    await save(own, 'p', from('b'));
    await stands(own, 'p');
    const by = { namespacePolicyId: namespacePolicy.id };

    const gone = await run('deleteNamespacePolicy', 'DeleteNamespacePolicyInput', by, own.editor);
    expect([gone.outcome, gone.namespacePolicy.state]).toEqual(['SAVED', 'DELETED']);
    await stands(own);
    const again = await scene.hub.query(
      `mutation ($input: DeleteNamespacePolicyInput!) { deleteNamespacePolicy(input: $input) { outcome } }`,
      { input: by },
      own.editor,
    );
    expect(codesOf(again)).toEqual(['NAMESPACE_POLICY_MISSING']);

    const back = await run(
      'restoreNamespacePolicyVersion',
      'RestoreNamespacePolicyVersionInput',
      { ...by, version: 1 },
      own.editor,
    );
    expect(back).toMatchObject({
      outcome: 'SAVED',
      namespacePolicy: { version: 3, state: 'ACTIVE', spec: from('a') },
    });
    await stands(own, 'p');
    const { namespacePolicy: read } = await scene.hub.ask(
      `query ($id: ID!) { namespacePolicy(id: $id) { versions { version spec } } }`,
      { id: namespacePolicy.id },
    );
    expect(read.versions.map(({ version }: Data) => version)).toEqual([3, 2, 1]);
  });

  it('keeps the last versions and the last that went, not all that there ever were', async () => {
    const own = await team();
    const { namespacePolicy } = await save(own, 'p', from('a'));
    await sql(
      `INSERT INTO namespace_policy_versions (policy_id, number, spec, author) SELECT $1, n, '{}', 'x' FROM generate_series(2, 300) n`,
      [namespacePolicy.id],
    );
    await sql('UPDATE namespace_policies SET version = 300 WHERE id = $1', [namespacePolicy.id]);
    await sql(
      `WITH made AS (INSERT INTO namespace_policies (claim_id, name, version, state)
         SELECT claim_id, 'old-' || n, 1, 'DELETED' FROM namespace_policies, generate_series(1, 250) n WHERE id = $1 RETURNING id)
       INSERT INTO namespace_policy_versions (policy_id, number, spec, author, created_at) SELECT id, 1, '{}', 'x', now() - interval '1 day' FROM made`,
      [namespacePolicy.id],
    );

    await save(own, 'p', from('b'));
    await run(
      'deleteNamespacePolicy',
      'DeleteNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id },
      own.editor,
    );

    const { namespacePolicies, namespacePolicy: read } = await scene.hub.ask(
      `query ($id: ID!, $project: String!) {
        namespacePolicies(filter: { project: $project, state: DELETED }) { totalCount }
        namespacePolicy(id: $id) { versions(first: 200) { version } }
      }`,
      { id: namespacePolicy.id, project: own.project },
    );
    expect(namespacePolicies.totalCount).toBe(201);
    expect(read.versions.map(({ version }: Data) => version)).toEqual(
      Array.from({ length: 200 }, (_, index) => 301 - index),
    );
  });

  it('is previewed without a trace: what changes, whom it concerns, what is outside', async () => {
    const own = await team({ clusters: 2 });
    await save(own, 'p', from('a'));
    const preview = async (spec: object): Promise<Data> => {
      const { data, errors } = await scene.hub.query(
        `query ($input: SaveNamespacePolicyInput!) { previewNamespacePolicy(input: $input) {
           outcome namespaceSelector problems { code } changes { path before after } clusters { totalCount } } }`,
        { input: { project: own.project, claim: own.claim, name: 'p', spec } },
        own.editor,
      );
      expect(errors).toEqual([]);
      return data['previewNamespacePolicy'];
    };

    expect(await preview(from('b'))).toEqual({
      outcome: 'SAVED',
      namespaceSelector: {
        matchExpressions: [{ key: NAME, operator: 'In', values: [own.namespace] }],
      },
      problems: [],
      changes: [
        { path: 'spec.ingress[0]', before: (from('a') as Data)['ingress'][0], after: null },
        { path: 'spec.ingress[0]', before: null, after: (from('b') as Data)['ingress'][0] },
      ],
      clusters: { totalCount: 2 },
    });
    expect(await preview(egressTo('8.8.8.8/32'))).toMatchObject({
      outcome: 'REFUSED',
      problems: [{ code: 'CIDR_NOT_ALLOWED' }],
    });
    expect((await save(own, 'p', from('a'))).outcome).toBe('UNCHANGED');
  });

  it('comes as a document too, for CI: all or nothing, and what needs an approval waits', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const document = (name: string, spec: object, more = ''): string => `
apiVersion: picket.dev/v1alpha1
kind: NamespacePolicy
metadata: { name: ${name}, claim: ${own.claim}${more} }
spec: ${JSON.stringify(spec)}
---`;
    const apply = async (yaml: string, more: object = {}): Promise<Data> =>
      run(
        'applyDocuments',
        'ApplyDocumentsInput',
        { project: own.project, yaml, ...more },
        own.editor,
        'results { name action warnings } problems { index path code severity }',
      );

    const dry = await apply(document('a', from('a')), { dryRun: true });
    expect(dry.results).toMatchObject([{ name: 'a', action: 'CREATED' }]);
    await stands(own);

    const both = document('a', from('a')) + document('out', egressTo('8.8.8.8/32'));
    expect(await apply(both, { reason: 'release 7' })).toMatchObject({
      problems: [],
      results: [
        { name: 'a', action: 'CREATED', warnings: [] },
        {
          name: 'out',
          action: 'REQUESTED',
          warnings: [
            expect.stringContaining('policy request'),
            expect.stringContaining('8.8.8.8/32'),
          ],
        },
      ],
    });
    await stands(own, 'a');
    const { namespacePolicy } = await scene.hub.ask(
      `{ namespacePolicy(project: "${own.project}", claim: "${own.claim}", name: "a") { reason spec } }`,
    );
    expect(namespacePolicy).toEqual({ reason: 'release 7', spec: from('a') });
    expect((await apply(document('a', from('a')))).results).toMatchObject([
      { action: 'UNCHANGED' },
    ]);

    await setRails(own.project, {});
    const refused = await apply(
      document('b', from('b')) + document('out', egressTo('8.8.8.8/32'), ', namespaces: [other]'),
    );
    expect(refused).toEqual({
      results: [],
      problems: [
        {
          index: 1,
          path: 'metadata.namespaces[0]',
          code: 'NAMESPACE_NOT_CLAIMED',
          severity: 'error',
        },
      ],
    });
    expect((await apply(document('b', egressTo('8.8.8.8/32')))).problems).toMatchObject([
      { path: 'spec.egress[0].to[0].ipBlock.cidr', code: 'CIDR_NOT_ALLOWED' },
    ]);
    const blueprint = `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: mine }
spec: {}
`;
    expect((await apply(blueprint)).problems).toMatchObject([{ code: 'FORBIDDEN' }]);
    await stands(own, 'a');
  });

  it('pages through policies and requests, each once', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    for (const name of ['a', 'b', 'c']) {
      await save(own, name, from(name));
      await save(own, `${name}-out`, egressTo('8.8.8.8/32'));
    }
    const pages = async (list: string): Promise<string[]> => {
      const names: string[] = [];
      for (let after: string | null = null; ;) {
        const answer: Data = await scene.hub.ask(
          `query ($after: String) { ${list}(first: 2, after: $after, filter: { project: "${own.project}" }) { edges { node { name } } pageInfo { hasNextPage endCursor } } }`,
          { after },
        );
        names.push(...answer[list].edges.map(({ node }: Data) => node.name));
        if (!answer[list].pageInfo.hasNextPage) return names;
        after = answer[list].pageInfo.endCursor;
      }
    };

    expect(await pages('namespacePolicies')).toEqual(['a', 'b', 'c']);
    expect(await pages('policyRequests')).toEqual(['c-out', 'b-out', 'a-out']);
  });
});
