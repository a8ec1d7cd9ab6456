import { expect, it, jest } from '@jest/globals';

import { type Answer, type Data } from '../../support/hub/index.ts';
import { codesOf, describePolicies, egressTo, from } from './scene.ts';

jest.setTimeout(60_000);

describePolicies('policy requests', (scene) => {
  const { holder, run, save, setRails, stands, team } = scene;

  it('waits for another’s approval where the guard rails ask for it', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const platform = await holder('PlatformAdmin', {});
    const approve = (id: string, by: string): Promise<Answer> =>
      scene.hub.query(
        `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state decidedBy decisionReason } }`,
        { input: { policyRequestId: id, reason: 'fine' } },
        by,
      );

    const asked = await save(own, 'out', egressTo('8.8.8.8/32'), { reason: 'DNS of the world' });
    expect(asked).toMatchObject({
      outcome: 'REQUESTED',
      namespacePolicy: null,
      policyRequest: {
        state: 'PENDING',
        stale: false,
        baseVersion: null,
        problems: [{ code: 'CIDR_NOT_ALLOWED' }],
      },
    });
    expect(asked.policyRequest.changes.map(({ path }: Data) => path)).toEqual([
      'spec.podSelector',
      'spec.policyTypes',
      'spec.egress[0]',
    ]);
    const { id } = asked.policyRequest;
    expect((await save(own, 'out', egressTo('8.8.8.8/32'))).policyRequest.id).toBe(id);
    expect(codesOf(await approve(id, own.editor))).toEqual(['FORBIDDEN']);

    const { data } = await approve(id, platform);
    expect(data['approvePolicyRequest']).toMatchObject({
      state: 'APPROVED',
      decisionReason: 'fine',
    });
    await stands(own, 'out');
    expect(codesOf(await approve(id, platform))).toEqual(['POLICY_REQUEST_DECIDED']);
  });

  it('lets nobody approve what they asked for themselves', async () => {
    const own = await team({ rails: { requiresApproval: 'always' } });
    const platform = await holder('PlatformAdmin', {});
    const asked = await save(own, 'p', from('a'), {}, platform);
    const decide = (
      mutation: string,
      type: string,
      by: string,
      more: object = {},
    ): Promise<Answer> =>
      scene.hub.query(
        `mutation ($input: ${type}!) { ${mutation}(input: $input) { state } }`,
        { input: { policyRequestId: asked.policyRequest.id, ...more } },
        by,
      );

    expect(
      codesOf(await decide('approvePolicyRequest', 'ApprovePolicyRequestInput', platform)),
    ).toEqual(['OWN_REQUEST']);
    expect(
      codesOf(
        await decide('refusePolicyRequest', 'RefusePolicyRequestInput', platform, { reason: 'x' }),
      ),
    ).toEqual(['OWN_REQUEST']);
    expect(
      codesOf(await decide('withdrawPolicyRequest', 'WithdrawPolicyRequestInput', own.editor)),
    ).toEqual(['OWN_REQUEST']);
    const { data } = await decide('withdrawPolicyRequest', 'WithdrawPolicyRequestInput', platform);
    expect(data['withdrawPolicyRequest'].state).toBe('WITHDRAWN');
  });

  it('says that a request is stale when the policy has changed since', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const platform = await holder('PlatformAdmin', {});
    const { policyRequest } = await save(own, 'p', egressTo('8.8.8.8/32'));
    await save(own, 'p', from('a'));

    const { policyRequests } = (
      await scene.hub.query(
        `{ policyRequests(filter: { project: "${own.project}" }) { totalCount edges { node { id stale state } } } }`,
        {},
        own.editor,
      )
    ).data;
    const answer = await scene.hub.query(
      `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state } }`,
      { input: { policyRequestId: policyRequest.id } },
      platform,
    );

    expect(policyRequests).toMatchObject({
      totalCount: 1,
      edges: [{ node: { id: policyRequest.id, stale: true, state: 'PENDING' } }],
    });
    expect(codesOf(answer)).toEqual(['POLICY_REQUEST_STALE']);
  });

  it('refuses a request with a reason, which is kept', async () => {
    const own = await team({ rails: { requiresApproval: 'always' } });
    const platform = await holder('PlatformAdmin', {});
    const { policyRequest } = await save(own, 'p', from('a'));
    const refuse = (reason: string): Promise<Answer> =>
      scene.hub.query(
        `mutation ($input: RefusePolicyRequestInput!) { refusePolicyRequest(input: $input) { state decisionReason decidedBy } }`,
        { input: { policyRequestId: policyRequest.id, reason } },
        platform,
      );

    expect(codesOf(await refuse('  '))).toEqual(['INPUT_INVALID']);
    expect((await refuse('not like this')).data['refusePolicyRequest']).toMatchObject({
      state: 'REFUSED',
      decisionReason: 'not like this',
    });
    await stands(own);
  });

  it('asks before a policy goes, where everything is asked for', async () => {
    const own = await team();
    const { namespacePolicy } = await save(own, 'p', from('a'));
    await setRails(own.project, { requiresApproval: 'always' });

    const asked = await run(
      'deleteNamespacePolicy',
      'DeleteNamespacePolicyInput',
      { namespacePolicyId: namespacePolicy.id },
      own.editor,
    );
    expect(asked).toMatchObject({ outcome: 'REQUESTED', namespacePolicy: { state: 'ACTIVE' } });
    await scene.hub.ask(
      `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state } }`,
      { input: { policyRequestId: asked.policyRequest.id } },
    );

    await stands(own);
  });

  it('is decided once, whoever decides and changes the policy at the same moment', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const platform = await holder('PlatformAdmin', {});
    const { policyRequest } = await save(own, 'p', egressTo('8.8.8.8/32'));
    const approve = (): Promise<Answer> =>
      scene.hub.query(
        `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state } }`,
        { input: { policyRequestId: policyRequest.id } },
        platform,
      );

    const answers = await Promise.all([approve(), approve(), approve(), approve()]);

    expect(answers.flatMap(codesOf)).toEqual(Array(3).fill('POLICY_REQUEST_DECIDED'));
    const { policyRequest: second } = await save(own, 'q', egressTo('8.8.8.8/32'));
    const [approved] = await Promise.all([
      scene.hub.query(
        `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state } }`,
        { input: { policyRequestId: second.id } },
        platform,
      ),
      save(own, 'q', from('a')),
    ]);
    const { namespacePolicy } = await scene.hub.ask(
      `{ namespacePolicy(project: "${own.project}", claim: "${own.claim}", name: "q") { version spec } }`,
    );
    // Either it was first, and the team’s own change came upon it, or it is stale.
    const isStale = codesOf(approved).includes('POLICY_REQUEST_STALE');
    expect(namespacePolicy).toEqual({ version: isStale ? 1 : 2, spec: from('a') });
  });
});
