import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { type Client, CloseCode, createClient } from 'graphql-ws';

import {
  type Backends,
  type Data,
  describeShapes,
  eventually,
  ProtocolAgent,
  TestHub,
} from '../support/hub/index.ts';

jest.setTimeout(60_000);

const CHANGED =
  'subscription ($filter: ClusterFilter) { clusterChanged(filter: $filter) { name status { phase problems { name } } } }';

/** A hub whose events come from one replica and whose subscribers are on another. */
function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;
  let other: TestHub;
  const agents: Record<string, ProtocolAgent> = {};
  const ids: Record<string, string> = {};
  const open: Client[] = [];

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start(backends.env);
    other = await hub.replica({}, 'main.api');
    for (const project of ['shop', 'bank']) {
      await hub.ask(`mutation { createProject(input: { name: "${project}" }) { name } }`);
      const { id, joinToken } = await hub.register(`${project}-1`, { of: project }, project);
      const agent = await ProtocolAgent.create(hub);
      await agent.enrol(joinToken);
      await agent.sync();
      ids[project] = id;
      agents[project] = agent;
    }
    await eventually(async () => {
      for (const agent of Object.values(agents)) {
        const answer = await agent.sync();
        if (agent.held.digest === null) await agent.follow(answer);
      }
    });
  });
  afterEach(async () => {
    for (const client of open.splice(0)) await client.dispose();
  });
  afterAll(async () => {
    for (const agent of Object.values(agents)) await agent.close();
    await other?.stop();
    await hub?.stop();
    await backends?.stop();
  });

  let count = 0;
  async function holder(role: string, where: object): Promise<{ secret: string; binding: string }> {
    const { createApiToken } = await hub.ask(
      `mutation ($name: String!) { createApiToken(input: { name: $name }) { secret apiToken { id } } }`,
      { name: `s-${(count += 1)}` },
    );
    const { createRoleBinding } = await hub.ask(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
      { input: { role, subjectKind: 'TOKEN', subject: createApiToken.apiToken.id, ...where } },
    );
    return { secret: createApiToken.secret, binding: createRoleBinding.id };
  }
  function connect(token: string): Client {
    const client = createClient({
      url: `${other.url.replace('http', 'ws')}/graphql`,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
    open.push(client);
    return client;
  }
  /** What comes, and how it ends. */
  function listen(
    token: string,
    query = CHANGED,
    variables: Record<string, unknown> = {},
  ): { seen: Data[]; end: Promise<unknown> } {
    const seen: Data[] = [];
    const end = new Promise<unknown>((resolve) => {
      connect(token).subscribe(
        { query, variables },
        {
          next: ({ data, errors }) =>
            void seen.push(errors ? { errors } : (data?.['clusterChanged'] as Data)),
          error: resolve,
          complete: () => resolve('complete'),
        },
      );
    });
    return { seen, end };
  }
  /** Says something new of a project's cluster until somebody has heard it. */
  const untilHeard = (project: string, heard: () => void): Promise<void> =>
    eventually(async () => {
      const { digest, sequence } = agents[project]!.held;
      await agents[project]!.follow({
        grant: { digest, sequence, notAfter: 4_000_000_000 },
      } as Parameters<ProtocolAgent['follow']>[0]);
      heard();
    });

  it('tells what a cluster says as it says it, across replicas', async () => {
    const { seen } = listen(hub.adminToken);

    await untilHeard('shop', () =>
      expect(seen).toContainEqual({ name: 'shop-1', status: { phase: 'APPLIED', problems: [] } }),
    );
  });

  it('tells only of clusters that the caller may see, and that the filter picks', async () => {
    const shop = listen((await holder('Auditor', { project: 'shop' })).secret);
    const picky = listen(hub.adminToken, CHANGED, { filter: { labelSelector: 'of=bank' } });

    await untilHeard('bank', () => expect(picky.seen.length).toBeGreaterThan(0));
    await untilHeard('shop', () => expect(shop.seen.length).toBeGreaterThan(0));

    expect(new Set(shop.seen.map(({ name }) => name))).toEqual(new Set(['shop-1']));
    expect(new Set(picky.seen.map(({ name }) => name))).toEqual(new Set(['bank-1']));
  });

  it('ends when the role is taken away', async () => {
    const { secret, binding } = await holder('Auditor', { project: 'shop' });
    const { seen, end } = listen(secret);
    await untilHeard('shop', () => expect(seen.length).toBeGreaterThan(0));

    await hub.ask(`mutation ($id: ID!) { deleteRoleBinding(input: { roleBindingId: $id }) }`, {
      id: binding,
    });

    expect(await end).toBe('complete');
  });

  it('ends when the token is revoked', async () => {
    const { secret } = await holder('Auditor', {});
    const { seen, end } = listen(secret);
    await untilHeard('bank', () => expect(seen.length).toBeGreaterThan(0));
    const { apiTokens } = await hub.ask('{ apiTokens(first: 200) { edges { node { id name } } } }');
    const { id } = apiTokens.edges.find(({ node }: Data) => node.name === `s-${count}`).node;

    await hub.ask(`mutation ($id: ID!) { revokeApiToken(input: { tokenId: $id }) }`, { id });

    expect(await end).toBe('complete');
  });

  it.each(['', 'picket_nonsense'])('is not for who has no token: "%s"', async (token) => {
    const { end } = listen(token);

    expect(await end).toMatchObject({ code: CloseCode.Forbidden });
  });

  it.each([
    ['a query', '{ organization { id } }', 'BAD_REQUEST'],
    ['no GraphQL', 'nonsense', 'BAD_REQUEST'],
    ['a field that is not there', 'subscription { clusterChanged { secret } }', 'BAD_REQUEST'],
    [
      'more aliases than a person writes',
      `subscription { clusterChanged { ${Array.from({ length: 31 }, (_, n) => `a${n}: name`).join(' ')} } }`,
      'QUERY_TOO_WIDE',
    ],
    [
      'the schema',
      'subscription { clusterChanged { name } } query q { __schema { queryType { name } } }',
      'INTROSPECTION_OFF',
    ],
  ])('refuses %s', async (_what, query, code) => {
    const { end } = listen(hub.adminToken, query);

    const errors = (await end) as { extensions?: Data }[];
    expect(errors.map(({ extensions }) => extensions?.['code'])).toContain(code);
  });

  it('is FORBIDDEN for who may see no cluster', async () => {
    await hub.ask(
      `mutation { saveRole(input: { name: "projects-only", permissions: ["Project:read"] }) { name } }`,
    );
    const { secret } = await holder('projects-only', {});

    const { seen, end } = listen(secret);

    expect(await end).toBe('complete');
    expect(seen).toMatchObject([{ errors: [{ extensions: { code: 'FORBIDDEN' } }] }]);
  });

  it('bears so many subscriptions on one connection, and no more', async () => {
    const client = connect(hub.adminToken);
    const ends = Array.from(
      { length: 21 },
      () =>
        new Promise<unknown>((resolve) => {
          client.subscribe(
            { query: 'subscription { clusterChanged { name } }' },
            { next: () => undefined, error: resolve, complete: () => undefined },
          );
        }),
    );

    const errors = (await Promise.race(ends)) as { message: string }[];

    expect(errors.map(({ message }) => message)).toEqual([
      'At most 20 subscriptions are open at once',
    ]);
  });
}

describeShapes('subscriptions', suite);
