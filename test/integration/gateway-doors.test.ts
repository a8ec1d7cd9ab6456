import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PATHS } from '@picket/agent-protocol';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import fastify, { type FastifyInstance } from 'fastify';
import pg from 'pg';
import { pino } from 'pino';

import { GatewayKeys } from '../../apps/control-plane/src/agent-gateway/keys.ts';
import { loadConfig } from '../../apps/control-plane/src/config/config.ts';
import {
  createDataSource,
  StatementCounter,
} from '../../apps/control-plane/src/platform/database.ts';
import { createServices } from '../../apps/control-plane/src/services.ts';
import { HandMadeAgent, hs256, jwt, knock, post } from '../support/hub/hand-made-agent.ts';
import { type Data, eventually, plainCapabilities, TestHub } from '../support/hub/index.ts';

jest.setTimeout(60_000);

const SECRET = randomBytes(32).toString('base64url');
const nowS = (): number => Math.floor(Date.now() / 1_000);

let folder: string;
let hub: TestHub;
let replica: TestHub;

async function enrolled(name: string, project = 'default'): Promise<HandMadeAgent> {
  const agent = new HandMadeAgent();
  const { joinToken } = await hub.register(name, { suite: name }, project);
  await agent.enrol(hub.url, joinToken);
  return agent;
}
/** Registered, enrolled, and due a policy set of its own. */
async function settled(
  name: string,
): Promise<{ agent: HandMadeAgent; token: string; digest: string }> {
  const agent = await enrolled(name);
  await hub.apply(`
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec: { namespacePolicies: [{ name: ${name}, namespaceSelector: {}, spec: { podSelector: {} } }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: { matchLabels: { suite: ${name} } } }
`);
  const token = await agent.accessToken(hub.url);
  await post(`${hub.url}${PATHS.facts}`, FACTS, `Bearer ${token}`);
  const digest = await eventually(async () => {
    const { body } = await post(`${hub.url}${PATHS.sync}`, sync(), `Bearer ${token}`);
    expect(body['grant']).not.toBeNull();
    return body['grant'].digest as string;
  });
  return { agent, token, digest };
}

const FACTS = { protocol: '1.0', capabilities: plainCapabilities };
const sync = (): object => ({
  protocol: '1.0',
  agentVersion: '0.1.0',
  digest: null,
  sequence: 0,
  notAfter: 0,
  capabilitiesHash: sha256Hex(canonicalJson(plainCapabilities as unknown as Json)),
});
const report = (more: object = {}): object => ({
  protocol: '1.0',
  epoch: randomUUID(),
  reportSequence: 1,
  sequence: 1,
  digest: '0'.repeat(64),
  running: null,
  phase: 'failed',
  counts: { applied: 0, pending: 0, failed: 0, drifted: 0 },
  outcomes: [],
  outcomesDropped: 0,
  repairs: 0,
  reportsDropped: 0,
  atMs: Date.now(),
  reason: null,
  ...more,
});

let own: Awaited<ReturnType<typeof settled>>;
let other: Awaited<ReturnType<typeof settled>>;
let revoked: HandMadeAgent;
let removed: HandMadeAgent;
let replaced: HandMadeAgent;
let pending: HandMadeAgent;
/** Access tokens that were good once, and join tokens in the state that their name says. */
const tokens: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'picket-doors-'));
  const TOKEN_SECRET_FILE = path.join(folder, 'token-secret');
  await writeFile(TOKEN_SECRET_FILE, SECRET);
  hub = await TestHub.start({ TOKEN_SECRET_FILE });
  replica = await hub.replica();
  own = await settled('own');
  other = await settled('other');
  await hub.ask(
    `mutation { createProject(input: { name: "careful", requiresApproval: true }) { name } }`,
  );
  pending = await enrolled('pending', 'careful');

  const change = (mutation: string, { id }: { id: string }): Promise<Data> =>
    hub.ask(`mutation ($id: ID!) { ${mutation} }`, { id });
  revoked = await enrolled('revoked');
  tokens['revoked'] = await revoked.accessToken(hub.url);
  await change('revokeCluster(input: { clusterId: $id }) { id }', revoked);
  removed = await enrolled('removed');
  tokens['removed'] = await removed.accessToken(hub.url);
  await change('removeCluster(input: { clusterId: $id })', removed);
  replaced = await enrolled('replaced');
  tokens['replaced'] = await replaced.accessToken(hub.url);
  const again = await change('reissueJoinToken(input: { clusterId: $id }) { joinToken }', replaced);
  tokens['used'] = again['reissueJoinToken'].joinToken;
  await new HandMadeAgent().enrol(hub.url, tokens['used'] ?? '');

  const invited = await hub.register('invited');
  tokens['withdrawn'] = invited.joinToken;
  const anew = await change('reissueJoinToken(input: { clusterId: $id }) { joinToken }', invited);
  tokens['unused'] = anew['reissueJoinToken'].joinToken;
  const late = await hub.register('late');
  tokens['expired'] = late.joinToken;
  const cut = await hub.register('cut');
  tokens['cut'] = cut.joinToken;
  await change('revokeCluster(input: { clusterId: $id }) { id }', cut);
  const database = new pg.Client({ connectionString: hub.databaseUrl });
  await database.connect();
  await database.query(
    `UPDATE join_tokens SET expires_at = now() - interval '1 s' WHERE cluster_id = $1`,
    [late.id],
  );
  await database.end();
});
afterAll(async () => {
  await replica?.stop();
  await hub?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Routes that want an access token: how each is asked for what is its cluster's own. */
const BEHIND_A_TOKEN: Readonly<Record<string, (authorization?: string) => Promise<string>>> = {
  [`POST ${PATHS.sync}`]: (as) => asked('POST', PATHS.sync, as, sync()),
  [`POST ${PATHS.status}`]: (as) => asked('POST', PATHS.status, as, report()),
  [`POST ${PATHS.facts}`]: (as) => asked('POST', PATHS.facts, as, FACTS),
  [`GET ${PATHS.policySet(':digest')}`]: (as) => asked('GET', PATHS.policySet(own.digest), as),
  [`GET ${PATHS.stream}`]: (as) => asked('GET', PATHS.stream, as),
  'ANY /agent/*': (as) => asked('DELETE', '/agent/v1/elsewhere', as),
};
async function asked(method: string, at: string, as?: string, body?: object): Promise<string> {
  const { answer } = await knock(`${replica.url}${at}`, {
    method,
    headers: { ...(as !== undefined && { authorization: as }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return answer;
}

const FORGED = '401 UNAUTHENTICATED';
const CUT_OFF = '403 REVOKED';

/** What each token gets at each route, as they stand in BEHIND_A_TOKEN. */
const ANSWERS = `
token                    | sync                 | status               | facts                | policy set           | stream               | elsewhere
its own                  | 200                  | 202                  | 202                  | 200                  | 200                  | 404 NOT_FOUND
another cluster’s        | 200                  | 202                  | 202                  | 404 NOT_DUE          | 200                  | 404 NOT_FOUND
expired                  | 401 TOKEN_EXPIRED    | 401 TOKEN_EXPIRED    | 401 TOKEN_EXPIRED    | 401 TOKEN_EXPIRED    | 401 TOKEN_EXPIRED    | 404 NOT_FOUND
without an end           | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
of a revoked cluster     | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 404 NOT_FOUND
of a removed cluster     | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 404 NOT_FOUND
of a replaced identity   | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 404 NOT_FOUND
of a cluster that waits  | 403 PENDING_APPROVAL | 403 PENDING_APPROVAL | 403 PENDING_APPROVAL | 403 PENDING_APPROVAL | 403 PENDING_APPROVAL | 404 NOT_FOUND
of a cluster elsewhere   | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 403 REVOKED          | 404 NOT_FOUND
with another secret      | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
with its cluster changed | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
without a signature      | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
for another audience     | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
an assertion             | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
none                     | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
its own, as a password   | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
an administrator’s       | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
a join token             | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 401 UNAUTHENTICATED  | 404 NOT_FOUND
`;

const [, ...ROWS] = ANSWERS.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()) as [string, ...string[]]);

const TOKENS: Readonly<Record<string, () => string | undefined>> = {
  'its own': () => `Bearer ${own.token}`,
  'another cluster’s': () => `Bearer ${other.token}`,
  expired: () => `Bearer ${own.agent.minted(SECRET, { exp: nowS() - 1 })}`,
  'without an end': () => `Bearer ${own.agent.minted(SECRET, { exp: undefined })}`,
  'of a revoked cluster': () => `Bearer ${tokens['revoked']}`,
  'of a removed cluster': () => `Bearer ${tokens['removed']}`,
  'of a replaced identity': () => `Bearer ${tokens['replaced']}`,
  'of a cluster that waits': () => `Bearer ${pending.minted(SECRET)}`,
  'of a cluster elsewhere': () => `Bearer ${own.agent.minted(SECRET, { sub: randomUUID() })}`,
  'with another secret': () => `Bearer ${own.agent.minted('x'.repeat(43))}`,
  'with its cluster changed': () => `Bearer ${withClaims(own.token, { sub: other.agent.id })}`,
  'without a signature': () => `Bearer ${jwt({ alg: 'none' }, own.agent.accessClaims(), () => '')}`,
  'for another audience': () => `Bearer ${own.agent.minted(SECRET, { aud: 'picket-hub' })}`,
  'an assertion': () => `Bearer ${own.agent.assertion()}`,
  none: () => undefined,
  'its own, as a password': () => `Basic ${own.token}`,
  'an administrator’s': () => `Bearer ${hub.adminToken}`,
  'a join token': () => `Bearer ${tokens['unused']}`,
};

function withClaims(token: string, more: object): string {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const changed = {
    ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object),
    ...more,
  };
  return `${header}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${signature}`;
}

/** What is traded for an access token, and what comes of it. */
const ASSERTIONS: readonly (readonly [what: string, answer: string, assertion: () => string])[] = [
  ['its own', '200', () => own.agent.assertion()],
  [
    'its own with a clock that is a little behind',
    '200',
    () => own.agent.assertion({ iat: nowS() - 80, exp: nowS() - 20 }),
  ],
  [
    'one by the key of another cluster',
    FORGED,
    () => jwt({ alg: 'EdDSA' }, own.agent.claims(), other.agent.signed),
  ],
  ['one for two clusters', FORGED, () => own.agent.assertion({ sub: other.agent.id })],
  [
    'one that expired',
    '401 CLOCK_SKEW',
    () => own.agent.assertion({ iat: nowS() - 200, exp: nowS() - 100 }),
  ],
  [
    'one of the future',
    '401 CLOCK_SKEW',
    () => own.agent.assertion({ iat: nowS() + 100, exp: nowS() + 160 }),
  ],
  ['one that lives for long', FORGED, () => own.agent.assertion({ exp: nowS() + 3_600 })],
  ['one without an end', FORGED, () => own.agent.assertion({ exp: undefined })],
  ['one without an id', FORGED, () => own.agent.assertion({ jti: undefined })],
  ['one whose id is no text', FORGED, () => own.agent.assertion({ jti: { $ne: 1 } })],
  ['one for another audience', FORGED, () => own.agent.assertion({ aud: 'picket-agent' })],
  ['one of a revoked cluster', CUT_OFF, () => revoked.assertion()],
  ['one of a removed cluster', FORGED, () => removed.assertion()],
  ['one of a replaced identity', FORGED, () => replaced.assertion()],
  ['one of a cluster that waits for approval', '403 PENDING_APPROVAL', () => pending.assertion()],
  ['one without a signature', FORGED, () => jwt({ alg: 'none' }, own.agent.claims(), () => '')],
  [
    'one signed with the public key as a secret',
    FORGED,
    () => jwt({ alg: 'HS256' }, own.agent.claims(), hs256(own.agent.publicKey)),
  ],
  ['an access token', '400 INVALID', () => own.token],
  ["an administrator's token", '400 INVALID', () => hub.adminToken],
  ['a join token', '400 INVALID', () => tokens['unused'] ?? ''],
];

/** What is given for an identity, by whom, and what comes of it. */
const ENROLMENTS: readonly (readonly [what: string, answer: string, body: () => Data])[] = [
  [
    'a join token that another agent used',
    '403 JOIN_TOKEN_USED',
    () => new HandMadeAgent().enrolment(tokens['used'] ?? ''),
  ],
  [
    'one that was withdrawn',
    '403 JOIN_TOKEN_UNKNOWN',
    () => new HandMadeAgent().enrolment(tokens['withdrawn'] ?? ''),
  ],
  [
    'one that expired',
    '403 JOIN_TOKEN_EXPIRED',
    () => new HandMadeAgent().enrolment(tokens['expired'] ?? ''),
  ],
  ['one of a revoked cluster', CUT_OFF, () => new HandMadeAgent().enrolment(tokens['cut'] ?? '')],
  [
    'one that nobody made',
    '403 JOIN_TOKEN_UNKNOWN',
    () => new HandMadeAgent().enrolment('x'.repeat(32)),
  ],
  [
    'the proof of another key',
    '400 INVALID',
    () => ({
      ...new HandMadeAgent().enrolment(tokens['unused'] ?? ''),
      publicKey: new HandMadeAgent().publicKey,
    }),
  ],
  [
    'a proof for another join token',
    '400 INVALID',
    () => ({ ...new HandMadeAgent().enrolment('x'.repeat(32)), joinToken: tokens['unused'] }),
  ],
  ['an access token', '403 JOIN_TOKEN_UNKNOWN', () => new HandMadeAgent().enrolment(own.token)],
  [
    "an administrator's token",
    '403 JOIN_TOKEN_UNKNOWN',
    () => new HandMadeAgent().enrolment(hub.adminToken),
  ],
  [
    'a join token that is unused',
    '200',
    () => new HandMadeAgent().enrolment(tokens['unused'] ?? ''),
  ],
];

it('knows every route of the door', () => {
  const config = loadConfig({
    DATABASE_URL: 'postgres://nowhere/none',
    SIGNING_KEY_FILE: '-',
    TOKEN_SECRET_FILE: '-',
  });
  const logger = pino({ level: 'silent' });
  const statements = new StatementCounter();
  const dataSource = createDataSource(config, logger, statements);
  const keys = new GatewayKeys(generateKeyPairSync('ed25519').privateKey, Buffer.from(SECRET));
  const app = fastify() as unknown as FastifyInstance;
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    routes.push(`${Array.isArray(method) ? 'ANY' : method} ${url}`);
  });
  const gateway = createServices(config, dataSource, statements, logger).gateway(keys);

  gateway.routes(app);

  expect(routes.toSorted()).toEqual(
    [...Object.keys(BEHIND_A_TOKEN), `POST ${PATHS.enrol}`, `POST ${PATHS.token}`].toSorted(),
  );
  return gateway.close();
});

describe.each(ROWS)('token: %s', (who, ...answers) => {
  it.each(Object.keys(BEHIND_A_TOKEN).map((route, index) => [route, answers[index]] as const))(
    '%s answers %s',
    async (route, answer) => {
      expect(await BEHIND_A_TOKEN[route]?.(TOKENS[who]?.())).toBe(answer);
    },
  );
});

it('has a token for each row of the table', () => {
  expect(ROWS.map(([who]) => who)).toEqual(Object.keys(TOKENS));
});

it.each(ASSERTIONS)('an access token for %s: %s', async (_what, answer, assertion) => {
  const { answer: said } = await post(`${replica.url}${PATHS.token}`, { assertion: assertion() });

  expect(said).toBe(answer);
});

it.each(ENROLMENTS)('an identity for %s: %s', async (_what, answer, body) => {
  const { answer: said } = await post(`${replica.url}${PATHS.enrol}`, body());

  expect(said).toBe(answer);
});

describe('an assertion', () => {
  const trade = async (assertion: string, at = hub): Promise<string> =>
    (await post(`${at.url}${PATHS.token}`, { assertion })).answer;

  it('is traded once, whatever replica is asked', async () => {
    const assertion = own.agent.assertion();

    const answers = await Promise.all(
      [hub, replica, hub, replica].map((at) => trade(assertion, at)),
    );

    expect(answers.toSorted()).toEqual(['200', FORGED, FORGED, FORGED]);
    expect(await trade(assertion)).toBe(FORGED);
  });

  it('with the same id is the same, whatever else it says', async () => {
    const jti = randomUUID();

    expect(await trade(own.agent.assertion({ jti }))).toBe('200');
    expect(await trade(own.agent.assertion({ jti, exp: nowS() + 100 }))).toBe(FORGED);
    expect(await trade(other.agent.assertion({ jti }))).toBe('200');
  });

  it('of an agent that trades without end waits, and the others do not', async () => {
    const hasty = await enrolled('hasty');

    const answers: string[] = [];
    for (let count = 0; count < 40; count++) answers.push(await trade(hasty.assertion()));

    expect(answers.slice(0, 32)).toEqual(Array(32).fill('200'));
    expect(new Set(answers.slice(32))).toEqual(new Set(['503 OVERLOADED']));
    expect(await trade(other.agent.assertion())).toBe('200');
  });
});

describe('another cluster’s token', () => {
  const read = (id: string): Promise<Data> =>
    hub.ask(`query ($id: ID!) { cluster(id: $id) { status { repairs } } }`, { id });

  it('brings the grant, the report and the facts of its own cluster alone', async () => {
    const as = `Bearer ${other.token}`;
    const before = await read(own.agent.id);

    const { body } = await post(
      `${hub.url}${PATHS.sync}`,
      { ...sync(), clusterId: own.agent.id },
      as,
    );
    await post(`${hub.url}${PATHS.status}`, report({ repairs: 7, clusterId: own.agent.id }), as);

    expect(body['grant']).toMatchObject({ clusterId: other.agent.id, digest: other.digest });
    await eventually(async () =>
      expect((await read(other.agent.id))['cluster'].status.repairs).toBe(7),
    );
    expect(await read(own.agent.id)).toEqual(before);
  });
});
