import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type Data, eventually, ProtocolAgent, TestHub } from '../support/hub/index.ts';

jest.setTimeout(120_000);

const CLUSTERS = 55;

let hub: TestHub;
const agents: ProtocolAgent[] = [];

beforeAll(async () => {
  // No sweep in between: it would add statements of its own.
  hub = await TestHub.start({ SWEEP_MS: '600000' });
  await hub.apply(
    Array.from({ length: CLUSTERS }, (_, index) =>
      documents(`b-${String(index).padStart(2, '0')}`),
    ).join('---\n'),
  );
  for (let index = 0; index < CLUSTERS; index++) {
    const name = `c-${String(index).padStart(2, '0')}`;
    const { joinToken } = await hub.register(name, { set: String(index % 10) });
    const agent = await ProtocolAgent.create(hub);
    agents.push(agent);
    await agent.enrol(joinToken);
    await agent.sync();
  }
  await eventually(async () => {
    const { clusters } = await hub.ask(
      `{ clusters(first: 200) { edges { node { policySet { digest } } } } }`,
    );
    expect(clusters.edges.every(({ node }: Data) => node.policySet !== null)).toBe(true);
  });
  for (const agent of agents) await agent.follow(await agent.sync());
});
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  await hub?.stop();
});

function documents(name: string): string {
  return `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec: { namespacePolicies: [{ name: ${name}, namespaceSelector: {}, spec: { podSelector: {} } }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: { matchLabels: { set: "${Number(name.slice(2)) % 10}" } } }
`;
}

/** Statements that the hub has sent until now; what /metrics itself asks is the same each time. */
async function statements(): Promise<number> {
  const text = await (await fetch(`${hub.url}/metrics`)).text();
  return Number(/^picket_database_statements_total (\d+)$/m.exec(text)?.[1]);
}
/** The least of several, with and without the query: whatever else runs (a job, a token that left its cache) can only add. */
async function statementsOf(query: string, variables: object): Promise<number> {
  const least = async (work: () => Promise<unknown>): Promise<number> => {
    const counts: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const before = await statements();
      await work();
      counts.push((await statements()) - before);
    }
    return Math.min(...counts);
  };
  return (await least(() => hub.ask(query, variables))) - (await least(() => Promise.resolve()));
}

const PAGE = 'pageInfo { hasNextPage endCursor } totalCount';
const OBJECTS = `objects(first: 5) { totalCount edges { cursor node { kind name } } }`;
const STATUS = `status { phase reason desiredDigest appliedDigest repairs counts { applied pending failed drifted } problems { name } ${OBJECTS} }`;
const CLUSTER = `id name labels state registeredAt approvedAt project { name } lastSeenAt agentVersion capabilities
  ${STATUS} policySet { digest sizeBytes losses blocked objects(first: 5) { totalCount edges { node { name manifest origin { blueprint version assignment } } } } }`;
const BLUEPRINT = `id name draft draftVersion project { name } newestVersion { version state document } versions(first: 5) { version state }`;
const ASSIGNMENT = `id name version clusterSelector parameters revision project { name } blueprint { id name }`;
const of = (list: string, node: string, args = ''): string =>
  `query ($first: Int!) { ${list}(first: $first${args}) { ${PAGE} edges { cursor node { ${node} } } } }`;

describe('the statements of a query', () => {
  it.each([
    ['clusters', of('clusters', CLUSTER)],
    [
      'clusters of a selector',
      of('clusters', CLUSTER, ', filter: { labelSelector: "set", state: APPROVED }'),
    ],
    ['clusters, shortly', of('clusters', 'name state')],
    ['blueprints', of('blueprints', BLUEPRINT)],
    ['blueprints of a project', of('blueprints', BLUEPRINT, ', filter: { project: "default" }')],
    ['assignments', of('assignments', ASSIGNMENT)],
    ['a preview', of('previewAssignment', CLUSTER, ', input: { clusterSelector: {} }')],
    ['projects', of('projects', 'name requiresApproval')],
    [
      'one cluster',
      `query ($first: Int!) { cluster(name: "c-01") { ${CLUSTER.replace('first: 5', 'first: $first')} } }`,
    ],
    [
      'one blueprint',
      `query ($first: Int!) { blueprint(name: "b-01") { ${BLUEPRINT.replace('first: 5', 'first: $first')} } }`,
    ],
  ])('are as many for a page of 5 as for one of 50: %s', async (_what, query) => {
    const few = await statementsOf(query, { first: 5 });
    const many = await statementsOf(query, { first: 50 });

    expect(many).toBe(few);
    expect(few).toBeGreaterThan(0);
    expect(few).toBeLessThanOrEqual(8);
  });
});

describe('a list that grows while it is read', () => {
  it('neither repeats nor loses what was there at the start', async () => {
    const names: string[] = [];
    let after: string | null = null;
    for (let page = 0; after !== null || page === 0; page++) {
      const { clusters }: Data = await hub.ask(
        `query ($after: String) { clusters(first: 7, after: $after, filter: { nameContains: "c-" }) { pageInfo { hasNextPage endCursor } edges { node { name } } } }`,
        { after },
      );
      names.push(...clusters.edges.map(({ node }: Data) => node.name));
      after = clusters.pageInfo.hasNextPage ? clusters.pageInfo.endCursor : null;
      // One before everything, one in what is still to come.
      await hub.register(`a-c-${page}`);
      await hub.register(`z-c-${page}`);
    }

    const there = names.filter((name) => /^c-\d\d$/.test(name));
    expect(new Set(names).size).toBe(names.length);
    expect(there).toEqual(
      Array.from({ length: CLUSTERS }, (_, index) => `c-${String(index).padStart(2, '0')}`),
    );
  });
});

describe('what is equal', () => {
  it('is rendered and stored once: ten kinds of clusters, ten policy sets', async () => {
    const { clusters } = await hub.ask(
      `{ clusters(first: 200, filter: { labelSelector: "set" }) { edges { node { labels policySet { digest } } } } }`,
    );
    const digests = new Map<string, Set<string>>();
    for (const { node } of clusters.edges)
      digests.set(
        node.labels.set,
        (digests.get(node.labels.set) ?? new Set()).add(node.policySet.digest),
      );

    expect([...digests.values()].every(({ size }) => size === 1)).toBe(true);
    expect(digests.size).toBe(10);
  });
});

describe('every operation of the schema', () => {
  it('refuses whoever has no token', async () => {
    const schema = await readFile('apps/control-plane/schema.graphql', 'utf8');
    const operations = ['Query', 'Mutation'].flatMap((type) => {
      const body = new RegExp(`^type ${type} \\{\\n([^]*?)^\\}`, 'm').exec(schema)?.[1] ?? '';
      return [...body.matchAll(/^ {2}([a-zA-Z]+)[(:]/gm)].map(([, name]) => ({ type, name }));
    });

    const codes = await Promise.all(
      operations.map(async ({ type, name }) => {
        const { errors } = await hub.query(
          `${type.toLowerCase()} { ${name} }`,
          {},
          'picket_nobody',
        );
        return errors[0]?.extensions['code'];
      }),
    );

    expect(operations.length).toBeGreaterThan(20);
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED']));
  });
});
