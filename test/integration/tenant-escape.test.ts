import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type Answer, type Data, eventually } from '../support/hub/index.ts';
import { StatementProxy } from '../support/services/statement-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';
import { listen, speakerOf } from './access-matrix/listening.ts';
import { list, type Operation } from './access-matrix/operation.ts';
import { OPERATIONS } from './access-matrix/operations.ts';
import type { Place } from './access-matrix/place.ts';
import { World } from './access-matrix/world.ts';
import { type Attacker, leaks, renamed, shapeOf, twinOf } from './tenant-escape/attacker.ts';
import { everythingOf, foreignArguments, pagedLists } from './tenant-escape/schema.ts';
import { secretsOf, wordsOf } from './tenant-escape/secrets.ts';
import { shareCluster } from './tenant-escape/shared-cluster.ts';

jest.setTimeout(120_000);

let database: TestDatabase;
let proxy: StatementProxy;
let world: World;
let shop: Place;
let bank: Place;
let schema: string;

const attackers: Attacker[] = [];

/** What the table leaves out, because it asks for one thing in another way. */
const MORE: Readonly<Record<string, Operation>> = {
  'namespaceClaims of a project': list(
    'query ($project: String) { namespaceClaims(filter: { project: $project }) { edges { node { id } } totalCount } }',
    ({ project }) => ({ project }),
  ),
  'pendingApprovals of a project': list(
    'query ($project: String) { pendingApprovals(project: $project) { edges { node { digest } } totalCount } }',
    ({ project }) => ({ project }),
  ),
  'auditEvents of a thing': list(
    'query ($thingId: String, $actor: String) { auditEvents(filter: { thingId: $thingId, actor: $actor }) { edges { node { id } } totalCount } }',
    async (place) => ({ thingId: (await place.cluster()).id, actor: 'first admin' }),
  ),
};
/** Tokens belong to no project: whoever knows the id of one may give it what they have. */
const OF_THE_ORGANIZATION = ['createRoleBinding to a token'];
const ALL = { ...OPERATIONS, ...MORE };

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await StatementProxy.start(database.env.DATABASE_URL);
  world = await World.start({ ...database.env, DATABASE_URL: proxy.url });
  schema = await readFile('apps/control-plane/schema.graphql', 'utf8');
  const { places, strangers } = await world.settle();
  shop = places[0]!;
  bank = places.find(({ project }) => project === 'bank')!;
  const { adminToken: admin } = world.hub;
  const project = 'shop';
  const neighbours = { bank: 'bonk', books: 'bucks' };
  const add = (name: string, token: string, foreign: Attacker['foreign']): void =>
    void attackers.push({ name, token, foreign, secrets: new Set(), said: new Set() });
  add('ProjectAdmin', await world.holder('ProjectAdmin', { project }, admin), neighbours);
  add('PlatformAdmin', await world.holder('PlatformAdmin', { project }, admin), neighbours);
  const claim = { project, claim: 'web' };
  add('NamespaceEditor', await world.holder('NamespaceEditor', claim, admin), neighbours);
  add('stranger', strangers, { ...neighbours, shop: 'shup', plaza: 'plooza' });
});
afterAll(async () => {
  await world?.stop();
  await proxy?.close();
  await database?.drop();
});

const ask = (query: string, variables: object, { token, said }: Attacker): Promise<Answer> => {
  for (const word of wordsOf(JSON.stringify({ query, variables }))) said.add(word);
  return world.ask(query, variables, token);
};

/** Statements of a request: not those of its audit event, which tells what was asked. */
async function asked(
  query: string,
  variables: object,
  attacker: Attacker,
): Promise<{ answer: Answer; statements: string[] }> {
  await world.ask('{ me { id } }', {}, attacker.token); // the token is known now
  proxy.take();
  const answer = await ask(query, variables, attacker);
  const statements = proxy.take().filter((text) => !/audit_|token_uses/.test(text));
  return { answer, statements };
}

describe('what is another’s', () => {
  it.each(Object.keys(ALL))('%s: is as if it were not there', async (name) => {
    const { query, variables } = await ALL[name]!.arrange(bank, undefined);
    for (const attacker of attackers) {
      if (OF_THE_ORGANIZATION.includes(name) && attacker.name !== 'stranger') continue;
      attacker.secrets = await secretsOf(world, attacker.name === 'stranger');
      const { foreign } = attacker;
      const twin = twinOf(variables, foreign);

      const theirs = await asked(query, variables, attacker);
      const nobodys = await asked(query, twin, attacker);

      const who = attacker.name;
      expect([who, leaks(attacker, theirs.answer)]).toEqual([who, []]);
      expect([who, shapeOf(theirs.answer, foreign)]).toEqual([
        who,
        shapeOf(nobodys.answer, foreign),
      ]);
      expect([who, theirs.statements]).toEqual([who, nobodys.statements]);
    }
  });

  it('was asked for in every argument that can name it', async () => {
    const tried = new Set<string>();
    for (const [name, { arrange }] of Object.entries(ALL)) {
      const { variables } = await arrange(bank, undefined);
      for (const key of keysOf(variables)) tried.add(`${name.split(' ')[0]}.${key}`);
    }

    const missing = foreignArguments(schema).filter((argument) => !tried.has(argument));

    expect(missing).toEqual([]);
  });
});

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

describe('everything that can be listed', () => {
  it('shows nothing of another tenant, in no field', async () => {
    const queries = everythingOf(schema);
    expect(queries.length).toBeGreaterThan(15);
    for (const attacker of attackers) {
      attacker.secrets = await secretsOf(world, attacker.name === 'stranger');
      for (const query of queries) {
        const answer = await ask(query, {}, attacker);

        const codes = answer.errors.map(({ extensions }) => extensions['code']);
        // Not everybody has a project `default`.
        expect(['FORBIDDEN', 'PROJECT_MISSING']).toEqual(expect.arrayContaining(codes));
        expect([query, leaks(attacker, answer)]).toEqual([query, []]);
      }
    }
  });

  it('takes cursors of others and forged ones for places in the list, or for none', async () => {
    const lists = pagedLists(schema);
    expect(lists.length).toBeGreaterThan(10);
    for (const list of lists) {
      const { data } = await world.ask(pageOf(list), {}, bank.admin);
      const theirs = (data[list] as Data)['pageInfo'].endCursor;
      for (const attacker of attackers)
        for (const after of [theirs, ...FORGED.map(cursorOf), 'azo', '%']) {
          const answer = await ask(pageOf(list), { after }, attacker);

          const [code] = answer.errors.map(({ extensions }) => extensions['code']);
          expect([list, after, NOT_A_PAGE.includes(code)]).toEqual([list, after, true]);
          expect([list, after, leaks(attacker, answer)]).toEqual([list, after, []]);
        }
    }
  });

  it('is not exported to others', async () => {
    for (const attacker of attackers) {
      const response = await fetch(`${world.hub.url}/audit/export`, {
        headers: { authorization: `Bearer ${attacker.token}` },
      });

      expect(response.status).toBe(attacker.name === 'stranger' ? 200 : 403);
      expect(leaks(attacker, await response.text())).toEqual([]);
    }
  });
});

const FORGED = ['bank/a', 'zzz', 'a/b/c/d', '-1', '0', '99999999999999999999', randomUUID()];
const cursorOf = (key: string): string => Buffer.from(`k:${key}`).toString('base64url');
const NOT_A_PAGE: readonly unknown[] = [undefined, 'FORBIDDEN', 'PAGE_INVALID', 'ID_INVALID'];
const pageOf = (list: string): string =>
  `query ($after: String) { ${list}(first: 1, after: $after) { edges { cursor node { __typename } } pageInfo { endCursor hasNextPage } totalCount } }`;

describe('documents', () => {
  it('reach nothing of another tenant by a name', async () => {
    const { name } = await bank.blueprint();
    const { name: cluster } = await bank.cluster();
    const attacker = attackers.find(({ name: role }) => role === 'PlatformAdmin')!;
    attacker.secrets = await secretsOf(world, false);
    const document = (kind: string, more: object, spec?: object): string =>
      JSON.stringify({
        apiVersion: 'picket.dev/v1alpha1',
        kind,
        metadata: { name: 'mine', ...more },
        ...(spec && { spec }),
      });
    const bound = { clusterSelector: {}, version: 1 };
    const tries = (blueprint: string, other: string, claim: string): string[] => [
      document('Assignment', {}, { ...bound, blueprint }),
      document('Assignment', {}, { ...bound, blueprint: blueprint.split('/')[1] }),
      document('Blueprint', {}, { includes: [{ blueprint: blueprint.split('/')[1], version: 1 }] }),
      document('Cluster', { name: other, labels: {} }),
      document('NamespacePolicy', { claim }, { podSelector: {} }),
    ];
    const query = `mutation ($input: ApplyDocumentsInput!) { applyDocuments(input: $input) { results { name action } problems { path code message allowed } } }`;

    const theirs = tries(`bank/${name}`, cluster, 'books');
    const nobodys = tries(`bonk/${renamed(name, {})}`, renamed(cluster, {}), 'bucks');

    for (const [index, yaml] of theirs.entries()) {
      const variables = { input: { project: 'shop', yaml, dryRun: true } };
      const twin = { input: { ...variables.input, yaml: nobodys[index] } };
      const found = await asked(query, variables, attacker);
      const missing = await asked(query, twin, attacker);
      expect(found.answer.data['applyDocuments'].problems).not.toEqual([]);
      expect(shapeOf(found.answer, attacker.foreign)).toBe(
        shapeOf(missing.answer, attacker.foreign),
      );
      expect(found.statements).toEqual(missing.statements);
    }
  });
});

describe('a subscription', () => {
  it('hears nothing of another tenant, whatever its filter names', async () => {
    const worker = await world.hub.replica({}, 'main.worker');
    const [mine, theirs] = [await speakerOf(world, shop), await speakerOf(world, bank)];
    const filters = [{ project: 'bank' }, { nameContains: theirs.name }, { labelSelector: 'tier' }];
    const spies = attackers.flatMap(({ token }) =>
      filters.map((filter) => listen(world, token, filter)),
    );
    const admin = listen(world, bank.admin, { project: 'bank' });
    const neighbours = spies.slice(0, -filters.length);
    try {
      for (let round = 0; round < 3; round++) {
        for (const { heard } of [...spies, admin]) heard.delete(mine.name);
        admin.heard.clear();
        await eventually(async () => {
          await theirs.say();
          await mine.say();
          expect(admin.heard).toContain(theirs.name);
          // Who has heard what came later has had the chance.
          for (const [index, { heard }] of neighbours.entries())
            if (index % filters.length === 2) expect(heard).toContain(mine.name);
        });
      }

      for (const { heard, end } of spies)
        expect([heard.has(theirs.name), end]).toEqual([false, undefined]);
    } finally {
      for (const { client } of [...spies, admin]) await client.dispose();
      for (const { agent } of [mine, theirs]) await agent.close();
      await worker.stop();
    }
  });
});

describe('teams in one cluster', () => {
  it('learn nothing of the policies of each other', async () => {
    const platform = bank.admin;
    await shareCluster(world, platform);

    for (const claim of ['till', 'tagged']) {
      const project = 'shop';
      const token = await world.holder('NamespaceEditor', { project, claim }, platform);
      const attacker: Attacker = {
        name: claim,
        token,
        foreign: { safe: 'sofa' },
        secrets: new Set(['ledger', 'safe-is-closed', 'ledger-is-closed', 'bank']),
        said: new Set(),
      };
      const of = { project, claim };
      const app = { app: 'a' };
      for (const [mutation, input] of [
        ['denyNamespace', { ...of, source: 'web', target: 'safe' }],
        ['denyNamespace', { ...of, source: 'web', target: 'till' }],
        ['isolateNamespace', { ...of, namespace: 'safe' }],
        [
          'allowWorkload',
          {
            ...of,
            source: { namespace: 'till', labels: app },
            target: { namespace: 'safe', labels: app },
          },
        ],
      ] as const) {
        const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
        const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { namespacePolicies { id } problems { path code message allowed } } }`;

        const theirs = await ask(query, { input }, attacker);
        const nobodys = await ask(query, twinOf({ input }, attacker.foreign), attacker);

        expect([mutation, claim, leaks(attacker, theirs)]).toEqual([mutation, claim, []]);
        expect([claim, shapeOf(theirs, attacker.foreign)]).toEqual([
          claim,
          shapeOf(nobodys, attacker.foreign),
        ]);
      }
      for (const query of everythingOf(schema))
        expect([query, leaks(attacker, await ask(query, {}, attacker))]).toEqual([query, []]);
    }
  });
});
