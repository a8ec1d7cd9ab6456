import { expect, it, jest } from '@jest/globals';

import { type Answer, type Data, eventually } from '../../support/hub/index.ts';
import { codesOf, describePolicies, from, NAME } from './scene.ts';

jest.setTimeout(60_000);

describePolicies('the reach of namespace policies', (scene) => {
  const { cluster, run, save, stands, team, templates } = scene;

  it('reaches exactly the clusters of its claim, with its origin, one compilation for all', async () => {
    const own = await team({ clusters: 2 });
    const other = await team();

    const saved = await save(own, 'allow-web', from('web'), { reason: 'the shop needs it' });

    expect(saved).toMatchObject({
      outcome: 'SAVED',
      problems: [],
      policyRequest: null,
      namespacePolicy: {
        version: 1,
        state: 'ACTIVE',
        namespaces: null,
        reason: 'the shop needs it',
        expiresAt: null,
      },
    });
    await stands(own, 'allow-web');
    expect(await templates(other.clusters[0] as { id: string })).toEqual([]);
    const { cluster: read } = await scene.hub.ask(
      `query ($id: ID!) { cluster(id: $id) { policySet { digest objects(first: 1) { edges { node { namespaceSelector expiresAt origin { namespacePolicy claim project version blueprint assignment } } } } } } }`,
      { id: own.clusters[0]?.id },
    );
    expect(read.policySet.objects.edges[0].node).toEqual({
      namespaceSelector: {
        matchExpressions: [{ key: NAME, operator: 'In', values: [own.namespace] }],
      },
      expiresAt: null,
      origin: {
        namespacePolicy: 'allow-web',
        claim: own.claim,
        project: own.project,
        version: 1,
        blueprint: null,
        assignment: null,
      },
    });
    const digests = await Promise.all(
      own.clusters.map(async ({ agent }) => (await agent.sync()).grant?.digest),
    );
    expect(digests).toEqual([read.policySet.digest, read.policySet.digest]);
  });

  it('is for the namespaces of the claim and no others', async () => {
    const own = await team();

    const outside = await save(own, 'p', from('a'), { namespaces: [own.namespace, 'kube-system'] });
    const inside = await save(own, 'p', from('a'), { namespaces: [own.namespace] });

    expect(outside).toMatchObject({
      outcome: 'REFUSED',
      problems: [{ path: 'namespaces[1]', code: 'NAMESPACE_NOT_CLAIMED', allowed: own.namespace }],
    });
    expect(inside).toMatchObject({
      outcome: 'SAVED',
      namespacePolicy: { namespaces: [own.namespace] },
    });
  });

  it('holds its claim, until it is gone', async () => {
    const own = await team();
    const { namespacePolicy } = await save(own, 'p', from('a'));
    const { namespaceClaim } = await scene.hub.ask(
      `query ($name: String, $project: String) { namespaceClaim(name: $name, project: $project) { id } }`,
      { name: own.claim, project: own.project },
    );
    const remove = (): Promise<Answer> =>
      scene.hub.query(
        `mutation ($input: DeleteNamespaceClaimInput!) { deleteNamespaceClaim(input: $input) }`,
        { input: { namespaceClaimId: namespaceClaim.id } },
      );

    expect(codesOf(await remove())).toEqual(['NAMESPACE_CLAIM_IN_USE']);
    await run(
      'deleteNamespacePolicy',
      'DeleteNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id },
      own.editor,
    );
    expect(codesOf(await remove())).toEqual([]);
  });

  it('follows its claim to other clusters', async () => {
    const own = await team();
    await save(own, 'p', from('a'));
    await stands(own, 'p');
    const late = await cluster(`late-${own.label}`, { team: own.label });

    await eventually(async () =>
      expect(await templates(late)).toEqual([`p.${own.claim}.${own.project}`]),
    );
    await scene.hub.ask(
      `mutation ($input: LabelClusterInput!) { labelCluster(input: $input) { id } }`,
      {
        input: { clusterId: late.id, labels: {} },
      },
    );
    await eventually(async () => expect(await templates(late)).toEqual([]));
  });

  it('misses no cluster that comes while it is saved, and none that goes', async () => {
    const own = await team();
    const others = await Promise.all(
      [1, 2, 3, 4].map((n) => cluster(`move-${own.label}-${n}`, {})),
    );
    const label = (id: string, labels: object): Promise<Data> =>
      scene.hub.ask(
        `mutation ($input: LabelClusterInput!) { labelCluster(input: $input) { id } }`,
        {
          input: { clusterId: id, labels },
        },
      );
    for (const [round, labels] of [{ team: own.label }, {}, { team: own.label }].entries())
      await Promise.all([
        save(own, `p${round}`, from(String(round))),
        ...others.map(({ id }) => label(id, labels)),
        save(own, `q${round}`, from(String(round))),
      ]);

    await eventually(async () => {
      for (const one of [...own.clusters, ...others]) expect(await templates(one)).toHaveLength(6);
    });
  });
});
