import { expect, it, jest } from '@jest/globals';

import { type Answer, type Data } from '../../support/hub/index.ts';
import { codesOf, describePolicies, egressTo } from './scene.ts';

jest.setTimeout(60_000);

describePolicies('guard rails', (scene) => {
  const { save, team } = scene;

  it('tells everything that is wrong, and what the guard rails allow', async () => {
    const own = await team({ rails: { egress: { cidrs: ['10.0.0.0/8'] } } });

    const wrong = await save(own, 'p', {
      podSelecto: {},
      egress: [{ to: [{ ipBlock: { cidr: 'x' } }] }],
    });
    const wide = await save(own, 'p', egressTo('0.0.0.0/0'));
    const fine = await save(own, 'p', egressTo('10.1.0.0/16'));

    expect(wrong.problems.map(({ code }: Data) => code).toSorted()).toEqual([
      'CIDR_INVALID',
      'FIELD_UNKNOWN',
    ]);
    expect(wide).toMatchObject({
      outcome: 'REFUSED',
      namespacePolicy: null,
      problems: [
        {
          path: 'spec.egress[0].to[0].ipBlock.cidr',
          code: 'CIDR_NOT_ALLOWED',
          allowed: 'addresses in 10.0.0.0/8',
        },
      ],
    });
    expect(fine.outcome).toBe('SAVED');
  });

  it('keeps guard rails by revision, for those alone who may set them', async () => {
    const own = await team({ rails: { maxRules: 7 } });
    const set = (input: object, by: string): Promise<Answer> =>
      scene.hub.query(
        `mutation ($input: SetGuardRailsInput!) { setGuardRails(input: $input) { revision } }`,
        { input: { project: own.project, rails: {}, ...input } },
        by,
      );

    const { data } = await scene.hub.query(
      `query ($project: String!) { guardRails(project: $project) { rails revision } }`,
      { project: own.project },
      own.editor,
    );
    expect(data['guardRails']).toEqual({ rails: { maxRules: 7 }, revision: 1 });
    expect(codesOf(await set({}, own.editor))).toEqual(['FORBIDDEN']);
    expect(codesOf(await set({ expectedRevision: 0 }, scene.hub.adminToken))).toEqual([
      'GUARD_RAILS_CHANGED',
    ]);
    expect(codesOf(await set({ rails: { egres: {} } }, scene.hub.adminToken))).toEqual([
      'INPUT_INVALID',
    ]);
    expect(
      (await set({ expectedRevision: 1 }, scene.hub.adminToken)).data['setGuardRails'].revision,
    ).toBe(2);
  });
});
