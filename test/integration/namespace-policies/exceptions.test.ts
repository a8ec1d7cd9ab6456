import { expect, it, jest } from '@jest/globals';

import type { Data } from '../../support/hub/index.ts';
import { codesOf, describePolicies, egressTo, from, soon } from './scene.ts';

jest.setTimeout(60_000);

describePolicies('exceptions', (scene) => {
  const { run, stands, team } = scene;

  it('ends by itself when it is an exception, is listed until then, and can be renewed', async () => {
    const own = await team();
    const spec = {
      podSelector: { matchLabels: { app: 'web' } },
      egress: [{ to: [{ namespaceSelector: {} }] }],
    };
    const input = {
      project: own.project,
      claim: own.claim,
      name: 'for-now',
      spec,
      reason: 'an outage',
    };
    const listed = async (filter: string): Promise<string[]> => {
      const { namespacePolicies } = await scene.hub.ask(
        `{ namespacePolicies(filter: { project: "${own.project}", ${filter} }) { edges { node { name expiresAt owner } } } }`,
      );
      return namespacePolicies.edges.map(({ node }: Data) => node.name);
    };

    const created = await run(
      'createException',
      'CreateExceptionInput',
      { ...input, expiresAt: soon(4), owner: 'Ada' },
      own.editor,
    );
    expect(created).toMatchObject({
      outcome: 'SAVED',
      problems: [{ code: 'EXCEPTION_ISOLATES', severity: 'warning' }],
      namespacePolicy: {
        owner: 'Ada',
        reason: 'an outage',
        spec: { ...spec, policyTypes: ['Egress'] },
      },
    });
    await stands(own, 'for-now');
    expect(await listed('expiring: true')).toEqual(['for-now']);
    expect(await listed('expiring: false')).toEqual([]);

    await stands(own);
    expect(await listed('expiring: true')).toEqual([]);
    expect(await listed('state: ENDED')).toEqual(['for-now']);
    const { id } = created.namespacePolicy;
    const renewed = await run(
      'renewException',
      'RenewExceptionInput',
      { namespacePolicyId: id, expiresAt: soon(600), reason: 'still out' },
      own.editor,
    );
    expect(renewed).toMatchObject({
      outcome: 'SAVED',
      namespacePolicy: { version: 2, state: 'ACTIVE', owner: 'Ada' },
    });
    await stands(own, 'for-now');

    await run('endException', 'EndExceptionInput', { namespacePolicyId: id }, own.editor, 'state');
    await stands(own);
  });

  it.each([
    ['without an end that comes', { expiresAt: soon(-5) }, 'EXCEPTION_OVER'],
    ['for more than a year', { expiresAt: soon(400 * 86_400) }, 'EXCEPTION_OVER'],
    ['without a reason', { reason: ' ' }, 'INPUT_INVALID'],
  ])('takes no exception %s', async (_, more, code) => {
    const own = await team();
    const input = {
      project: own.project,
      claim: own.claim,
      name: 'x',
      spec: from('a'),
      reason: 'r',
      expiresAt: soon(60),
      ...more,
    };

    const answer = await scene.hub.query(
      `mutation ($input: CreateExceptionInput!) { createException(input: $input) { outcome } }`,
      { input },
      own.editor,
    );

    expect(codesOf(answer)).toEqual([code]);
  });

  it('takes no exception that denies, and asks for one outside the guard rails, and for its renewal', async () => {
    const own = await team({ rails: { requiresApproval: 'whenOutside' } });
    const create = (spec: object): Promise<Data> =>
      run(
        'createException',
        'CreateExceptionInput',
        {
          project: own.project,
          claim: own.claim,
          name: 'x',
          spec,
          reason: 'r',
          expiresAt: soon(600),
        },
        own.editor,
      );

    expect(await create({ podSelector: {} })).toMatchObject({
      outcome: 'REFUSED',
      problems: [{ code: 'EXCEPTION_DENIES' }],
    });
    const asked = await create(egressTo('8.8.8.8/32'));
    expect(asked.outcome).toBe('REQUESTED');
    await scene.hub.ask(
      `mutation ($input: ApprovePolicyRequestInput!) { approvePolicyRequest(input: $input) { state } }`,
      { input: { policyRequestId: asked.policyRequest.id } },
    );
    await stands(own, 'x');
    const { namespacePolicies } = await scene.hub.ask(
      `{ namespacePolicies(filter: { project: "${own.project}" }) { edges { node { id } } } }`,
    );
    const again = await run(
      'renewException',
      'RenewExceptionInput',
      { namespacePolicyId: namespacePolicies.edges[0].node.id, expiresAt: soon(900), reason: 'r' },
      own.editor,
    );
    expect(again.outcome).toBe('REQUESTED');
    expect(again.policyRequest.changes.map(({ path }: Data) => path)).toEqual(['expiresAt']);
  });
});
