import { expect, it, jest } from '@jest/globals';

import { type Answer } from '../../support/hub/index.ts';
import { codesOf, describePolicies, from, soon } from './scene.ts';

jest.setTimeout(60_000);

describePolicies('namespace policies of others', (scene) => {
  const { holder, run, save, setRails, team } = scene;

  it('is not there for other teams, in lists, counts, by id or to change', async () => {
    const own = await team();
    const stranger = await team();
    const { namespacePolicy } = await save(own, 'secret', from('a'));
    await setRails(own.project, { requiresApproval: 'always' });
    const { policyRequest } = await save(own, 'secret', from('b'));
    const by = stranger.editor;

    const { data, errors } = await scene.hub.query(
      `{ namespacePolicies { totalCount edges { node { name } } } policyRequests { totalCount edges { node { name } } } }`,
      {},
      by,
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      namespacePolicies: { totalCount: 0, edges: [] },
      policyRequests: { totalCount: 0, edges: [] },
    });
    const unknown = '11111111-1111-4111-8111-111111111111';
    const same = async (
      query: string,
      variables: (id: string) => object,
      id: string,
    ): Promise<void> => {
      const words = async (one: string): Promise<string> =>
        JSON.stringify((await scene.hub.query(query, variables(one), by)).errors).replaceAll(
          one,
          'ID',
        );
      expect(await words(id)).toBe(await words(unknown));
    };
    await same(
      `query ($id: ID!) { namespacePolicy(id: $id) { name } }`,
      (id) => ({ id }),
      namespacePolicy.id,
    );
    await same(
      `query ($id: ID!) { policyRequest(id: $id) { name } }`,
      (id) => ({ id }),
      policyRequest.id,
    );
    for (const [mutation, type, more] of [
      ['deleteNamespacePolicy', 'DeleteNamespacePolicyInput', {}],
      ['restoreNamespacePolicyVersion', 'RestoreNamespacePolicyVersionInput', { version: 1 }],
      ['renewException', 'RenewExceptionInput', { expiresAt: soon(60), reason: 'x' }],
    ] as const)
      await same(
        `mutation ($input: ${type}!) { ${mutation}(input: $input) { outcome } }`,
        (id) => ({ input: { namespacePolicyId: id, ...more } }),
        namespacePolicy.id,
      );
    await same(
      `mutation ($input: WithdrawPolicyRequestInput!) { withdrawPolicyRequest(input: $input) { state } }`,
      (id) => ({ input: { policyRequestId: id } }),
      policyRequest.id,
    );
    const foreign = await scene.hub.query(
      `mutation ($input: SaveNamespacePolicyInput!) { saveNamespacePolicy(input: $input) { outcome } }`,
      { input: { project: own.project, claim: own.claim, name: 'p', spec: {} } },
      by,
    );
    expect(codesOf(foreign)).toEqual(['PROJECT_MISSING']);
  });

  it('is read by a project that it is shared with, and changed by its own alone', async () => {
    const own = await team();
    const other = await team();
    const reader = await holder('ProjectAdmin', { project: other.project });
    const { namespacePolicy } = await save(own, 'pattern', from('a'));
    const read = (): Promise<Answer> =>
      scene.hub.query(
        `{ namespacePolicies(filter: { project: "${own.project}" }) { totalCount edges { node { id name spec } } } }`,
        {},
        reader,
      );
    expect((await read()).data['namespacePolicies'].totalCount).toBe(0);

    await run(
      'shareNamespacePolicy',
      'ShareNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id, project: other.project },
      scene.hub.adminToken,
      'id sharedWith',
    );

    expect((await read()).data['namespacePolicies']).toMatchObject({
      totalCount: 1,
      edges: [{ node: { name: 'pattern', spec: from('a') } }],
    });
    const answer = await scene.hub.query(
      `mutation ($input: DeleteNamespacePolicyInput!) { deleteNamespacePolicy(input: $input) { outcome } }`,
      { input: { namespacePolicyId: namespacePolicy.id } },
      reader,
    );
    expect(codesOf(answer)).toEqual(['FORBIDDEN']);
    await run(
      'unshareNamespacePolicy',
      'UnshareNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id, project: other.project },
      scene.hub.adminToken,
      'id',
    );
    expect((await read()).data['namespacePolicies'].totalCount).toBe(0);
  });
});
