import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  type Answer,
  type Backends,
  type Data,
  describeShapes,
  eventually,
  TestHub,
} from '../support/hub/index.ts';
import { TestIssuer } from '../support/oidc/index.ts';

jest.setTimeout(60_000);

const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);

function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let issuer: TestIssuer;
  let hub: TestHub;
  let other: TestHub;

  beforeAll(async () => {
    [backends, issuer] = await Promise.all([start(), TestIssuer.start()]);
    hub = await TestHub.start({
      ...backends.env,
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: TestIssuer.clientId,
    });
    other = await hub.replica({}, 'main.api');
    await hub.ask('mutation { createProject(input: { name: "shop" }) { name } }');
    await hub.register('shop-1', { tier: 'prod' }, 'shop');
    await hub.register('default-1', { tier: 'prod' });
  });
  afterAll(async () => {
    await other?.stop();
    await hub?.stop();
    await issuer?.down();
    await backends?.stop();
  });

  let count = 0;
  /** A person nobody has seen, in these groups. */
  function newPerson(...groups: string[]): { login: string; email: string } {
    const login = `p${(count += 1)}`;
    const email = `${login}@example.org`;
    issuer.people.set(login, { email, email_verified: true, groups });
    return { login, email };
  }
  const bind = (input: object, by?: string): Promise<Answer> =>
    hub.query(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id subjectKind subject } }`,
      { input },
      by,
    );
  const unbind = ({ data }: Answer, by?: string): Promise<Answer> =>
    hub.query(
      `mutation ($id: ID!) { deleteRoleBinding(input: { roleBindingId: $id }) }`,
      { id: data['createRoleBinding'].id },
      by,
    );
  const clustersOf = async (token: string, at = hub): Promise<unknown> => {
    const answer = await at.query('{ clusters { edges { node { name } } } }', {}, token);
    return answer.errors.length > 0
      ? codesOf(answer)
      : answer.data['clusters'].edges.map(({ node }: Data) => node.name);
  };

  it('gives a person the roles of its name, of its id and of its groups together', async () => {
    const { login, email } = newPerson('platform');
    const token = await issuer.tokenOf(login);
    const nothing = await clustersOf(token);

    await bind({ subjectKind: 'USER', subject: email, role: 'Auditor', project: 'shop' });
    await eventually(async () => expect(await clustersOf(token)).toEqual(['shop-1']));
    await bind({
      subjectKind: 'USER',
      subject: `${issuer.url}#${login}`,
      role: 'Auditor',
      clusterSelector: { matchLabels: { tier: 'prod' } },
    });
    await eventually(async () => expect(await clustersOf(token)).toEqual(['default-1', 'shop-1']));
    await bind({ subjectKind: 'GROUP', subject: 'platform', role: 'PlatformAdmin' });
    await eventually(async () => {
      const registered = await hub.query(
        'mutation { registerCluster(input: { name: "made-by-a-person" }) { cluster { name } } }',
        {},
        token,
      );
      expect(registered.errors).toEqual([]);
    });

    expect(nothing).toEqual(['FORBIDDEN']);
  });

  it('gives nothing for a name that only looks like it', async () => {
    const { login } = newPerson('Admins');
    issuer.people.set(login, { email: 'King@example.org', email_verified: true });
    await bind({ subjectKind: 'USER', subject: 'king@example.org', role: 'Auditor' });
    await bind({ subjectKind: 'GROUP', subject: 'admins', role: 'Auditor' });
    await bind({ subjectKind: 'USER', subject: 'Admins', role: 'Auditor' });
    await bind({ subjectKind: 'USER', subject: login, role: 'Auditor' });

    expect(await clustersOf(await issuer.tokenOf(login))).toEqual(['FORBIDDEN']);
  });

  it('counts the groups that stand in the token, so who has left one is out with the next', async () => {
    const { login, email } = newPerson('leavers');
    await bind({ subjectKind: 'GROUP', subject: 'leavers', role: 'Auditor', project: 'shop' });
    const inside = await clustersOf(await issuer.tokenOf(login));

    issuer.people.set(login, { email, email_verified: true, groups: [] });

    expect(inside).toEqual(['shop-1']);
    expect(await clustersOf(await issuer.tokenOf(login))).toEqual(['FORBIDDEN']);
  });

  it('takes a role away at once, on every replica', async () => {
    const { login } = newPerson('shortly');
    const binding = await bind({ subjectKind: 'GROUP', subject: 'shortly', role: 'Auditor' });
    const token = await issuer.tokenOf(login);
    await Promise.all([clustersOf(token), clustersOf(token, other)]);

    await unbind(binding);

    for (const at of [hub, other])
      await eventually(async () => expect(await clustersOf(token, at)).toEqual(['FORBIDDEN']));
  });

  it('shows people and groups among bindings and among who can do something', async () => {
    const { email } = newPerson();
    await bind({ subjectKind: 'USER', subject: email, role: 'PlatformAdmin', project: 'shop' });
    await bind({
      subjectKind: 'GROUP',
      subject: 'shop people',
      role: 'PlatformAdmin',
      project: 'shop',
    });

    const { whoCan, roleBindings } = await hub.ask(
      `{ whoCan(permission: "Blueprint:write", project: "shop") { subjectKind subject }
         roleBindings(first: 200) { edges { node { subjectKind subject } } } }`,
    );

    const expected = [
      { subjectKind: 'USER', subject: email },
      { subjectKind: 'GROUP', subject: 'shop people' },
    ];
    expect(whoCan).toEqual(expect.arrayContaining(expected));
    expect(roleBindings.edges.map(({ node }: Data) => node)).toEqual(
      expect.arrayContaining(expected),
    );
  });

  it.each([
    ['nobody', ''],
    ['a space before a name', ' jane@example.org'],
    ['a line break after it', 'jane@example.org\n'],
    ['what cannot be seen', 'jane\u200b@example.org'],
    ['what turns the writing around', 'jane\u202e@example.org'],
    ['more than a name', 'x'.repeat(513)],
  ])('binds no role to %s', async (_what, subject) => {
    const answer = await bind({ subjectKind: 'USER', subject, role: 'Auditor' });

    expect(codesOf(answer)).toEqual(['INPUT_INVALID']);
  });

  it('lets nobody who administers one project use up what others give', async () => {
    const groups = Array.from({ length: 5 }, (_, number) => `crowd-${number}`);
    const { login, email } = newPerson(...groups);
    const role = 'Auditor';
    for (const subject of [...groups, email])
      await Promise.all(
        Array.from({ length: 50 }, (_, number) =>
          bind({
            subjectKind: subject === email ? 'USER' : 'GROUP',
            subject,
            role,
            project: 'shop',
            clusterSelector: { matchLabels: { none: String(number) } },
          }),
        ),
      );

    const project = 'default';
    const clusterSelector = { matchLabels: { tier: 'prod' } };
    const given = await bind({
      subjectKind: 'USER',
      subject: email,
      role,
      project,
      clusterSelector,
    });

    expect(given.errors).toEqual([]);
    const token = await issuer.tokenOf(login);
    await eventually(async () => expect(await clustersOf(token)).toContain('default-1'));
  });

  it('looks at the widest 200 bindings of a person in many groups', async () => {
    const groups = ['g1', 'g2', 'g3', 'g4', 'g5'];
    const { login } = newPerson(...groups);
    for (const subject of groups.slice(0, 4))
      await Promise.all(
        Array.from({ length: 50 }, (_, number) =>
          bind({
            subjectKind: 'GROUP',
            subject,
            role: 'Auditor',
            clusterSelector: { matchLabels: { none: `${subject}-${number}` } },
          }),
        ),
      );
    await bind({ subjectKind: 'GROUP', subject: 'g5', role: 'Auditor', project: 'shop' });

    const { data } = await hub.query(
      '{ myPermissions { permission clusterSelector } }',
      {},
      await issuer.tokenOf(login),
    );

    const clusters = data['myPermissions'].filter(
      ({ permission }: Data) => permission === 'Cluster:read',
    );
    expect(clusters).toHaveLength(200);
    expect(clusters.filter(({ clusterSelector }: Data) => clusterSelector === null)).toHaveLength(
      1,
    );
    await eventually(() => expect(hub.log).toContain('more role bindings than are looked at'));
  });

  describe('the last administrator', () => {
    const revoke = async (by?: string): Promise<Answer> => {
      const { me } = await hub.ask('{ me { id } }');
      return hub.query(
        `mutation ($tokenId: ID!) { revokeApiToken(input: { tokenId: $tokenId }) }`,
        { tokenId: me.id },
        by,
      );
    };

    it('is not a group that may be empty, nor a person who may be gone', async () => {
      await bind({ subjectKind: 'GROUP', subject: 'nobody is in it', role: 'OrgAdmin' });
      await bind({ subjectKind: 'USER', subject: 'mistyped@example.org', role: 'OrgAdmin' });

      expect(codesOf(await revoke())).toEqual(['LAST_ADMIN']);
    });

    it('may be who asks, by its name or by a group, and only while it stays so', async () => {
      const { login, email } = newPerson('owners');
      const own = await bind({ subjectKind: 'USER', subject: email, role: 'OrgAdmin' });
      const ofGroup = await bind({ subjectKind: 'GROUP', subject: 'owners', role: 'OrgAdmin' });
      const token = await issuer.tokenOf(login);

      expect(codesOf(await revoke(token))).toEqual([]);
      expect(codesOf(await unbind(own, token))).toEqual([]);
      await eventually(async () =>
        expect(codesOf(await unbind(ofGroup, token))).toEqual(['LAST_ADMIN']),
      );
    });
  });
}

describeShapes('people', suite);
