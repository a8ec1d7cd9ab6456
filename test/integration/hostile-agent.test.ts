import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PATHS } from '@picket/agent-protocol';

import { type Data, eventually, ProtocolAgent, TestHub } from '../support/hub/index.ts';

jest.setTimeout(60_000);

const BLUEPRINT = `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: web }
spec: { namespacePolicies: [{ name: web, namespaceSelector: {}, spec: { podSelector: {} } }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: web }
spec: { blueprint: web, clusterSelector: {} }
`;

let hub: TestHub;
let honest: { id: string; agent: ProtocolAgent };
/** Somebody who has the access token of one agent, and nothing else. */
let stolen: string;
let victim: { id: string; agent: ProtocolAgent };

beforeAll(async () => {
  hub = await TestHub.start({ SWEEP_MS: '2000' });
  await hub.apply(BLUEPRINT);
  honest = await settled('honest');
  victim = await settled('victim');
  stolen = await victim.agent.accessToken(hub);
});
afterAll(async () => {
  await Promise.all([honest, victim].map((each) => each?.agent.close()));
  await hub?.stop();
});

async function settled(name: string): Promise<{ id: string; agent: ProtocolAgent }> {
  const { id, joinToken } = await hub.register(name);
  const agent = await ProtocolAgent.create(hub);
  await agent.enrol(joinToken);
  await eventually(async () => void (await agent.follow(await agent.sync())));
  return { id, agent };
}
async function post(path: string, body: unknown, token = stolen): Promise<Data> {
  const response = await fetch(`${hub.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : (JSON.parse(text) as object)) };
}
let reports = 0;
const report = (more: object = {}): object => ({
  protocol: '1.0',
  epoch: randomUUID(),
  reportSequence: ++reports,
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
const sync = (more: object = {}): object => ({
  protocol: '1.0',
  agentVersion: '0.1.0',
  digest: null,
  sequence: 0,
  notAfter: 0,
  capabilitiesHash: null,
  ...more,
});
/** What a person sees of the honest cluster, in a list with all others. */
async function seen(): Promise<Data> {
  const { clusters } = await hub.ask(
    `{ clusters(first: 50) { edges { node { id agentVersion status { phase repairs reason counts { applied } } } } } }`,
  );
  return clusters.edges.find(({ node }: Data) => node.id === honest.id).node;
}

describe('one stolen token', () => {
  it.each([
    ['a NUL in a reason', { reason: 'a\u0000b' }],
    ['half of a surrogate pair', { reason: '\ud83d' }],
    [
      'a NUL in an outcome',
      { outcomes: [{ kind: 'x', namespace: null, name: 'y', state: 'failed', message: '\u0000' }] },
    ],
    ['a count beyond 32 bits', { counts: { applied: 2 ** 40, pending: 0, failed: 0, drifted: 0 } }],
    ['a number of dropped outcomes beyond 32 bits', { outcomesDropped: 2 ** 40 }],
    ['repairs beyond 32 bits', { repairs: Number.MAX_SAFE_INTEGER }],
    ['a sequence that is no integer', { reportSequence: 1.5 }],
    ['an epoch that is no UUID', { epoch: '-'.repeat(36) }],
  ])('cannot spoil the reports of others: %s', async (_what, more) => {
    const before = (await seen())['status'].repairs;
    const { id: _id, agent } = honest;
    agent.held = { digest: null, sequence: 0, notAfter: 0 };
    const granted = await agent.sync();

    const [answer] = await Promise.all([
      post(PATHS.status, report(more)),
      agent.follow(granted, { repairs: 1 }),
    ]);

    expect(answer).toMatchObject({ status: 400, code: 'INVALID' });
    await eventually(async () => expect((await seen())['status'].repairs).toBe(before + 1));
  });

  it('cannot spoil the heartbeats of others', async () => {
    const answers = await Promise.all([
      post(PATHS.sync, sync({ agentVersion: 'a\u0000b' })),
      honest.agent.sync(),
    ]);

    expect(answers[0]).toMatchObject({ status: 400, code: 'INVALID' });
    expect(await seen()).toMatchObject({ agentVersion: '0.1.0' });
  });

  it('cannot count so far that no grant can follow', async () => {
    const beyond = await post(PATHS.sync, sync({ sequence: Number.MAX_SAFE_INTEGER }));
    const { grant } = await post(PATHS.sync, sync({ sequence: 2 ** 40 }));
    victim.agent.held = { digest: null, sequence: grant.sequence, notAfter: 0 };
    const next = await victim.agent.sync();

    expect(beyond).toMatchObject({ status: 400, code: 'INVALID' });
    expect(grant.sequence).toBe(2 ** 40 + 1);
    expect(next.grant?.sequence).toBe(2 ** 40 + 1);
  });

  it.each([
    ['a body that nests thirty thousand levels', `${'['.repeat(3e4)}${']'.repeat(3e4)}`],
    ['a key that JavaScript reads', '{"__proto__":{"protocol":"1.0"}}'],
    ['null', 'null'],
    ['a list', '[]'],
    ['nothing', ''],
  ])('gets a clear refusal for %s', async (_what, body) => {
    for (const path of [PATHS.sync, PATHS.status, PATHS.facts])
      expect(await post(path, body)).toMatchObject({ status: 400, code: 'INVALID' });
  });

  it.each([PATHS.sync, PATHS.status, PATHS.facts])(
    'gets a clear refusal for 50 MB and for a zip bomb at %s',
    async (path) => {
      const large = await post(path, 'x'.repeat(50_000_000));
      const bomb = await fetch(`${hub.url}${path}`, {
        method: 'POST',
        headers: { 'content-encoding': 'gzip', authorization: `Bearer ${stolen}` },
        body: gzipSync(Buffer.alloc(50_000_000, ' ')),
      });
      const unknown = await fetch(`${hub.url}${path}`, {
        method: 'POST',
        headers: { 'content-encoding': 'br', authorization: `Bearer ${stolen}` },
        body: '{}',
      });

      expect(large).toMatchObject({ status: 413, code: 'TOO_LARGE' });
      expect(bomb.status).toBe(413);
      expect(await bomb.json()).toMatchObject({ code: 'TOO_LARGE' });
      expect(await unknown.json()).toMatchObject({
        code: 'INVALID',
        message: expect.stringContaining('gzip'),
      });
    },
  );

  it('opens nothing for people', async () => {
    expect(
      (await hub.query('{ organization { id } }', {}, stolen)).errors[0]?.extensions,
    ).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('reads no policy set but its own', async () => {
    const response = await fetch(`${hub.url}${PATHS.policySet('f'.repeat(64))}`, {
      headers: { authorization: `Bearer ${stolen}` },
    });

    expect(await response.json()).toMatchObject({ code: 'NOT_DUE' });
  });
});

describe('somebody without any token', () => {
  it('cannot make the requests of others fail by an id that is none', async () => {
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const assertion = `${part({ alg: 'EdDSA' })}.${part({ iss: '-'.repeat(36) })}.x`;

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 2 === 0 ? post(PATHS.token, { assertion }, '') : post(PATHS.sync, sync()),
      ),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 200]));
  });

  it('gets a token by no assertion of his own', async () => {
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      iss: victim.id,
      sub: victim.id,
      aud: 'picket-hub',
      iat: 1,
      exp: 9_999_999_999,
      jti: 'x',
    };

    for (const alg of ['none', 'HS256', 'EdDSA'])
      expect(
        await post(PATHS.token, { assertion: `${part({ alg })}.${part(claims)}.` }, ''),
      ).toMatchObject({
        status: 401,
        code: 'UNAUTHENTICATED',
      });
  });
});

describe('a cluster that is removed while its agent reports', () => {
  it('stops neither the reports of others nor the list', async () => {
    const leaving = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => settled(`leaving-${name}`)),
    );
    const before = (await seen())['status'].repairs;
    const answers = await Promise.allSettled(
      leaving.flatMap(({ id, agent }) => [
        agent.client.reportStatus(report({ phase: 'applied' }) as never),
        agent.sync(),
        hub.ask(`mutation ($id: ID!) { removeCluster(input: { clusterId: $id }) }`, { id }),
        agent.client.reportStatus(report({ phase: 'applied' }) as never),
      ]),
    );
    honest.agent.held = { digest: null, sequence: 0, notAfter: 0 };
    await honest.agent.follow(await honest.agent.sync(), { repairs: 1 });

    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'REVOKED' });
    await eventually(async () => expect((await seen())['status'].repairs).toBe(before + 1));
    await Promise.all(leaving.map(({ agent }) => agent.close()));
  });
});
