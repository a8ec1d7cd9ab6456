import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  type Answer,
  type Backends,
  describeShapes,
  eventually,
  TestHub,
} from '../support/hub/index.ts';
import { describeWith, redis } from '../support/services/describe-with.ts';
import { startTestRedis } from '../support/services/redis.ts';

jest.setTimeout(60_000);

const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);
const QUERY = '{ organization { id } }';

describe('a hub as it is set by default', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await TestHub.start();
  });
  afterAll(() => hub?.stop());

  it.each(['{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }'])(
    'tells nobody its schema: %s',
    async (query) => {
      expect(codesOf(await hub.query(query))).toEqual(['INTROSPECTION_OFF']);
    },
  );

  it('has no explorer', async () => {
    expect((await fetch(`${hub.url}/graphiql`)).status).toBe(404);
  });

  it.each([
    ['more aliases than a person writes', `{ ${aliases(31)} }`],
    [
      'aliases behind fragments',
      `query { ${aliases(16)} ...more } fragment more on Query { ${aliases(16, 'b')} }`,
    ],
    [
      'many changes at once',
      `mutation { ${Array.from({ length: 6 }, (_, n) => `m${n}: createProject(input: { name: "p-${n}" }) { name }`).join(' ')} }`,
    ],
  ])('refuses %s', async (_what, query) => {
    expect(codesOf(await hub.query(query))).toContain('QUERY_TOO_WIDE');
    const { projects } = await hub.ask('{ projects { totalCount } }');
    expect(projects.totalCount).toBe(1);
  });

  it('answers as many aliases as it allows', async () => {
    expect(codesOf(await hub.query(`{ ${aliases(30)} }`))).toEqual([]);
  });

  it('takes no cookie for a token', async () => {
    const response = await fetch(`${hub.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        cookie: `token=${hub.adminToken}; authorization=Bearer ${hub.adminToken}`,
      },
      body: JSON.stringify({ query: QUERY }),
    });

    expect(response.status).toBe(401);
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it.each(['/graphql', '/healthz', '/nothing-here'])(
    'lets no page frame, sniff or store what %s answers',
    async (path) => {
      const { headers } = await fetch(hub.url + path, {
        method: path === '/graphql' ? 'POST' : 'GET',
      });

      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
      expect(headers.get('strict-transport-security')).toBeNull();
    },
  );

  it('does not start on a network without TLS', async () => {
    await expect(TestHub.start({ HOST: '0.0.0.0' })).rejects.toThrow('TLS_TERMINATED');
  });
});

function aliases(count: number, prefix = 'a'): string {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}: organization { id }`).join(' ');
}

/** Asks until somebody says that it is too much. */
async function ask(hub: TestHub, token: string, headers: object = {}): Promise<Response> {
  return fetch(`${hub.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: QUERY }),
  });
}
const statuses = async (count: number, once: () => Promise<Response>): Promise<number[]> => {
  const seen: number[] = [];
  for (let n = 0; n < count; n++) seen.push((await once()).status);
  return seen;
};
const LIMITS = { RATE_REQUESTS_MAX: '3', RATE_FAILED_SIGN_INS_MAX: '2' };

function limited(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;
  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start({ ...backends.env, ...LIMITS, TRUSTED_PROXIES: '127.0.0.1' });
  });
  afterAll(async () => {
    await hub?.stop();
    await backends?.stop();
  });

  it('answers 429 to one who asks too much, and says when to come back', async () => {
    await eventually(async () => expect((await ask(hub, hub.adminToken)).status).toBe(429));
    const response = await ask(hub, hub.adminToken);

    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'RATE_LIMITED', kind: 'unavailable' } }],
    });
  });

  it('counts sign-ins that fail by address, as a trusted proxy tells it', async () => {
    const guess = (from: string) => () => ask(hub, 'picket_guess', { 'x-forwarded-for': from });

    expect(await statuses(3, guess('192.0.2.1'))).toEqual([401, 401, 429]);
    expect(await statuses(1, guess('192.0.2.2'))).toEqual([401]);
    expect(await statuses(1, guess('198.51.100.1, 192.0.2.1'))).toEqual([429]);
  });
}
describeShapes('rate limits', limited);

describeWith(redis, 'rate limits of several replicas', () => {
  it('are counted together in Redis, and by each alone while Redis is away', async () => {
    let queue = await startTestRedis();
    const one = await TestHub.start({ ...LIMITS, REDIS_URL: queue.url });
    const two = await one.replica();
    try {
      const guesses = [
        ...(await statuses(2, () => ask(one, 'picket_guess'))),
        ...(await statuses(1, () => ask(two, 'picket_guess'))),
      ];
      expect(guesses).toEqual([401, 401, 429]);

      await queue.stop();

      await eventually(async () => expect((await ask(two, two.adminToken)).status).toBe(200));
      await eventually(async () => expect((await ask(two, two.adminToken)).status).toBe(429));

      // A hub waits for a queue that is away before it gives up its last jobs.
      queue = await startTestRedis(Number(new URL(queue.url).port));
    } finally {
      await two.stop();
      await one.stop();
      await queue.stop();
    }
  });
});
