import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type Answer, type Data, TestHub } from '../support/hub/index.ts';

jest.setTimeout(60_000);

const DENY = {
  namespacePolicies: [
    { name: 'deny', namespaceSelector: {}, spec: { podSelector: {}, policyTypes: ['Ingress'] } },
  ],
};
const SAVE = `mutation ($input: SaveBlueprintDraftInput!) {
  saveBlueprintDraft(input: $input) { __typename ... on Blueprint { id draftVersion } ... on BlueprintProblems { problems { path message } } }
}`;
const REGISTER = `mutation ($input: RegisterClusterInput!) { registerCluster(input: $input) { cluster { id labels } } }`;
const CREATE = `mutation ($input: CreateAssignmentInput!) { createAssignment(input: $input) { assignment { id parameters } } }`;
const APPLY = `mutation ($input: ApplyDocumentsInput!) { applyDocuments(input: $input) { results { name } problems { path code message } } }`;

let hub: TestHub;

beforeAll(async () => {
  hub = await TestHub.start({ LOG_LEVEL: 'debug', API_EXPLORER: 'true' });
});
afterAll(async () => {
  await hub?.stop();
  // Whatever was tried here, nothing of it may have surprised the hub.
  expect(hub.log).not.toContain('a request failed');
});

const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);
async function post(
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: Data }> {
  const response = await fetch(`${hub.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${hub.adminToken}`,
      'content-type': 'application/json',
      ...headers,
    },
    body,
  });
  return { status: response.status, body: (await response.json()) as Data };
}
const save = (name: string, document: unknown): Promise<Answer> =>
  hub.query(SAVE, { input: { name, document, expectedDraftVersion: 0 } });

describe('text that cannot be kept', () => {
  it.each([
    ['a name in a question', `query ($v: String) { cluster(name: $v) { id } }`],
    ['a filter', `query ($v: String) { clusters(filter: { nameContains: $v }) { totalCount } }`],
    ['a project', `query ($v: String) { blueprints(filter: { project: $v }) { totalCount } }`],
  ])('is refused with words: NUL in %s', async (_what, query) => {
    expect(codesOf(await hub.query(query, { v: 'a\u0000b' }))).toEqual(['TEXT_INVALID']);
  });

  it.each([
    ['NUL', { ...DENY, description: 'a\u0000b' }],
    ['half of a surrogate pair', { ...DENY, description: '\ud83d' }],
    ['a NUL key', { ...DENY, 'a\u0000': 1 }],
  ])('is refused with its place in a JSON value: %s', async (_what, document) => {
    const answer = await save('unkept', document);

    expect(codesOf(answer)).toEqual(['JSON_INVALID']);
    expect(answer.errors[0]?.message).toMatch(/description|a\\u0000/);
  });

  it('is refused in documents, whatever escape YAML has for it', async () => {
    const yaml = (text: string): string =>
      `apiVersion: picket.dev/v1alpha1\nkind: Blueprint\nmetadata: { name: x }\nspec: { description: "${text}" }\n`;

    const answers = await Promise.all(
      ['\\0', '\\ud83d'].map((text) => hub.query(APPLY, { input: { yaml: yaml(text) } })),
    );

    for (const { data } of answers)
      expect(data['applyDocuments']).toMatchObject({
        results: [],
        problems: [{ path: 'spec.description', code: 'JSON_INVALID' }],
      });
  });
});

describe('JSON that is not what it seems', () => {
  const raw = (document: string): Promise<{ status: number; body: Data }> =>
    post(
      `{"query":${JSON.stringify(SAVE)},"variables":{"input":{"name":"odd","expectedDraftVersion":0,"document":${document}}}}`,
    );

  it.each([
    ['a key that JavaScript reads', '{"__proto__":{"admin":true}}', 'BAD_REQUEST'],
    ['an infinite number', '{"description":1e999}', 'JSON_INVALID'],
    ['a number that loses digits', '{"description":12345678901234567890}', 'JSON_INVALID'],
    ['a hundred levels', `${'['.repeat(100)}1${']'.repeat(100)}`, 'JSON_INVALID'],
    ['a hundred thousand levels', `${'['.repeat(1e5)}1${']'.repeat(1e5)}`, 'JSON_INVALID'],
  ])('is refused: %s', async (_what, document, code) => {
    const { body } = await raw(document);

    expect(body['errors'][0].extensions.code).toBe(code);
  });

  it('is refused in the text of a query too', async () => {
    const answer = await hub.query(
      `mutation { saveBlueprintDraft(input: { name: "odd", expectedDraftVersion: 0, document: { __proto__: { a: 1 } } }) { __typename } }`,
    );

    expect(codesOf(answer)).toEqual(['JSON_INVALID']);
  });

  it('names that objects have by nature are names like others', async () => {
    const labels = { constructor: 'a', toString: 'b', hasOwnProperty: 'c' };
    const { data } = await hub.query(REGISTER, { input: { name: 'natural', labels } });
    const { data: found } = await hub.query(
      `{ clusters(filter: { labelSelector: "constructor=a,toString in (b)" }) { totalCount } }`,
    );
    const unknown = await save('natural', { ...DENY, constructor: { a: 1 } });

    expect(data['registerCluster'].cluster.labels).toEqual(labels);
    expect(found['clusters'].totalCount).toBe(1);
    expect(unknown.data['saveBlueprintDraft'].problems[0].path).toBe('spec.constructor');
  });

  it.each([
    ['a list', []],
    ['a text', 'x'],
    ['a number', 7],
  ])('cannot stand for the parameters of an assignment: %s', async (_what, parameters) => {
    const { data } = await save(`p-${typeof parameters}-${Array.isArray(parameters)}`, DENY);
    const input = { name: 'params', blueprintId: data['saveBlueprintDraft'].id, version: 1 };

    const answer = await hub.query(CREATE, {
      input: { ...input, clusterSelector: {}, parameters },
    });

    expect(codesOf(answer)).toEqual(['INPUT_INVALID']);
  });
});

describe('names, numbers and cursors', () => {
  it.each([
    ['a long one', 'a'.repeat(64)],
    ['a very long one', 'a'.repeat(1_000_000)],
    ['an empty one', ''],
    ['capitals', 'Prod'],
    ['other letters', 'продакшн'],
    ['a letter that looks like another', 'pr\u043ed'],
    ['a line break', 'prod\n'],
    ['a path', '../prod'],
  ])('a name is refused, and the answer does not repeat all of it: %s', async (_what, name) => {
    const answers = await Promise.all([
      hub.query(REGISTER, { input: { name } }),
      save(name, DENY),
      hub.query(`mutation ($name: String!) { createProject(input: { name: $name }) { name } }`, {
        name,
      }),
    ]);

    for (const answer of answers) {
      expect(codesOf(answer)).toEqual(['INPUT_INVALID']);
      expect(answer.errors[0]?.message.length).toBeLessThanOrEqual(2_000);
    }
  });

  it.each([
    [2 ** 31 - 1, 'VERSION_MISSING'],
    [2 ** 31, 'BAD_REQUEST'],
    [-1, 'VERSION_MISSING'],
  ])('a version of %s is answered with %s', async (version, code) => {
    const { data } = await save(`version-${Math.abs(version)}`, DENY);
    const input = { blueprintId: data['saveBlueprintDraft'].id, version };

    const answer = await hub.query(
      `mutation ($input: ActivateBlueprintVersionInput!) { activateBlueprintVersion(input: $input) { version } }`,
      { input },
    );

    expect(codesOf(answer)).toEqual([code]);
  });

  it('a version beyond every integer column is one that does not exist', async () => {
    await save('big', DENY);
    const yaml = `apiVersion: picket.dev/v1alpha1\nkind: Assignment\nmetadata: { name: big }\nspec: { blueprint: big, version: 99999999999, clusterSelector: {} }\n---
apiVersion: picket.dev/v1alpha1\nkind: Blueprint\nmetadata: { name: bigger }\nspec: { includes: [{ blueprint: big, version: 99999999999 }] }\n`;

    const { data } = await hub.query(APPLY, { input: { yaml } });

    expect(data['applyDocuments'].problems.map(({ code }: Data) => code)).toEqual(
      expect.arrayContaining(['VERSION_MISSING', 'INCLUDE_MISSING']),
    );
  });

  it.each([
    ['clusters', 'k:a\u0000'],
    ['clusters', 'k:../..'],
    ['clusters', 'k:'],
    ['blueprints', `k:${'a'.repeat(500)}`],
    ['projects', 'nonsense'],
  ])('a cursor of %s that is not ours is refused', async (list, cursor) => {
    const after = Buffer.from(cursor).toString('base64url');

    const answer = await hub.query(
      `query ($after: String) { ${list}(after: $after) { totalCount } }`,
      {
        after,
      },
    );

    expect(codesOf(answer)).toEqual(['PAGE_INVALID']);
  });

  it('a selector has a bound', async () => {
    const values = Array.from({ length: 1_001 }, (_, index) => `v${index}`);

    const answer = await hub.query(
      `query ($s: JSON!) { previewAssignment(input: { clusterSelector: $s }) { totalCount } }`,
      { s: { matchExpressions: [{ key: 'a', operator: 'In', values }] } },
    );

    expect(codesOf(answer)).toEqual(['INPUT_INVALID']);
    expect(answer.errors[0]?.message).toContain('at most 1000');
  });
});

describe('a query that asks too much', () => {
  const aliases = (count: number, field: string): string =>
    `{ ${Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ')} }`;

  it.each([
    [
      'is too deep',
      `{ clusters { edges { node { ${'policySet { '.repeat(9)} digest ${'} '.repeat(13)}`,
      'BAD_REQUEST',
    ],
    ['has too many words', aliases(700, 'organization { id }'), 'BAD_REQUEST'],
    ['nests a million levels', '{a'.repeat(1_000_000), 'BAD_REQUEST'],
    [
      'multiplies pages',
      aliases(
        2,
        'clusters(first: 200) { edges { node { policySet { objects(first: 200) { edges { node { name } } } } } } }',
      ),
      'QUERY_TOO_COSTLY',
    ],
    [
      'multiplies pages by variables and fragments',
      `query ($n: Int) { ...a } fragment a on Query { x: clusters(first: $n) { ...b } y: clusters(first: $n) { ...b } }
       fragment b on ClusterConnection { edges { node { policySet { objects(first: $n) { edges { node { name } } } } } } }`,
      'QUERY_TOO_COSTLY',
    ],
    [
      'goes round in the schema',
      '{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }',
      'QUERY_TOO_COSTLY',
    ],
    [
      'has a fragment in itself',
      '{ ...a } fragment a on Query { ...a organization { id } }',
      'BAD_REQUEST',
    ],
  ])('is refused before it runs when it %s', async (_what, query, code) => {
    const answer = await hub.query(query);

    expect(answer.data).toEqual({});
    expect(codesOf(answer)).toContain(code);
  });

  it('is told from one that asks much: a full page of everything', async () => {
    const answer = await hub.query(
      `{ clusters(first: 200) { edges { node { name policySet { objects(first: 200) { edges { node { name } } } } } } } }`,
    );

    expect(answer.errors).toEqual([]);
  });

  it('is told from a tool that reads the schema', async () => {
    const ofType = (levels: number): string =>
      levels === 0 ? 'name' : `name ofType { ${ofType(levels - 1)} }`;
    const answer = await hub.query(
      `{ __schema { queryType { name } types { name fields { name args { name type { ${ofType(6)} } } type { ${ofType(6)} } } } } }`,
    );

    expect(answer.errors).toEqual([]);
  });

  it('cannot come as a batch, nor as a syntax tree', async () => {
    const batch = await post(
      '[{"query":"{ organization { id } }"},{"query":"{ organization { id } }"}]',
    );
    const trees = await Promise.all(
      ['{"kind":"Document","definitions":[]}', '{}', 'null', '[]'].map((tree) => hub.query(tree)),
    );

    expect(batch.body['data']).toBeNull();
    expect(batch.body['errors'][0].extensions.code).toBe('BAD_REQUEST');
    expect(trees.flatMap(codesOf)).toEqual(Array.from({ length: 4 }, () => 'QUERY_NOT_TEXT'));
  });
});

describe('a request', () => {
  const QUERY = '{ organization { id } }';

  it('without a token learns nothing, not even the schema', async () => {
    const answers = await Promise.all(
      ['{ __schema { types { name } } }', '{ __typename }', 'nonsense', QUERY].map((query) =>
        hub.query(query, {}, ''),
      ),
    );

    expect(answers.flatMap(codesOf)).toEqual(Array.from({ length: 4 }, () => 'UNAUTHENTICATED'));
  });

  it('by GET is refused, so no token or query of ours ends in a log of URLs', async () => {
    const response = await fetch(`${hub.url}/graphql?query=${encodeURIComponent(QUERY)}`, {
      headers: { authorization: `Bearer ${hub.adminToken}` },
    });

    expect(response.status).toBe(405);
    expect(((await response.json()) as Data)['errors'][0].extensions.code).toBe(
      'METHOD_NOT_ALLOWED',
    );
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of a type that a foreign page may send is refused: %s',
    async (type) => {
      const { body } = await post(JSON.stringify({ query: QUERY }), { 'content-type': type });

      expect(body).toMatchObject({ data: null, errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    },
  );

  it('gets no word for a browser of another origin', async () => {
    const response = await fetch(`${hub.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });

    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('with large headers is refused', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const ask = request(`${hub.url}/graphql`, {
        method: 'POST',
        headers: { 'x-large': 'x'.repeat(32_768) },
      });
      ask
        .on('response', ({ statusCode = 0 }) => resolve(statusCode))
        .on('error', reject)
        .end();
    });

    expect(status).toBe(431);
  });

  it('leaves no secret and no second line in the log', async () => {
    const { registerCluster } = await hub.ask(
      `mutation { registerCluster(input: { name: "logged" }) { joinToken cluster { id } } }`,
    );
    await hub.query('{ cluster(name: "x\\n{\\"level\\":50,\\"msg\\":\\"forged\\"}") { id } }');
    await fetch(`${hub.url}/agent/v1/%0a{"level":50,"msg":"forged"}`, { method: 'POST' });

    expect(hub.log).not.toContain(hub.adminToken);
    expect(hub.log).not.toContain(registerCluster.joinToken);
    for (const line of hub.log.split('\n').filter(Boolean))
      expect(JSON.parse(line)).not.toMatchObject({ msg: 'forged' });
  });
});
