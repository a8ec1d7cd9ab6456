import { gunzipSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { PATHS, type SyncResponse } from '@picket/agent-protocol';

import {
  type Backends,
  type Data,
  describeShapes,
  eventually,
  plainCapabilities,
  ProtocolAgent,
  TestHub,
} from '../support/hub/index.ts';

jest.setTimeout(60_000);

function blueprint(name: string, port = 443): string {
  return `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec:
  namespacePolicies:
    - name: ${name}
      namespaceSelector: {}
      spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{ ports: [{ port: ${port} }] }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: { matchLabels: { suite: ${name} } } }
`;
}

const STATUS = `query ($id: ID!) {
  cluster(id: $id) { state agentVersion lastSeenAt status { phase appliedDigest counts { applied } } }
}`;

/** Two replicas of the hub on one database serve one fleet; agents speak to the second, people to the first. */
function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;
  let replica: TestHub;
  const agents: ProtocolAgent[] = [];

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start({ ...backends.env, SWEEP_MS: '2000' });
    replica = await hub.replica();
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await replica?.stop();
    await hub?.stop();
    await backends?.stop();
  });

  async function enrolled(
    name: string,
  ): Promise<{ agent: ProtocolAgent; id: string; joinToken: string }> {
    const { id, joinToken } = await hub.register(name, { suite: name });
    const agent = await ProtocolAgent.create(replica);
    agents.push(agent);
    await agent.enrol(joinToken);
    return { agent, id, joinToken };
  }
  /** An agent that has what `blueprint(name)` asks for. */
  async function settled(name: string): Promise<{ agent: ProtocolAgent; id: string }> {
    const { agent, id } = await enrolled(name);
    await hub.apply(blueprint(name));
    await eventually(async () => {
      const answer = await agent.sync();
      expect(answer.grant?.digest).toBeDefined();
      const text = await agent.client.policySet(answer.grant?.digest ?? '');
      expect(JSON.parse(text).templates).toHaveLength(1);
      await agent.follow(answer);
    });
    return { agent, id };
  }
  const status = async (id: string): Promise<Data> => (await hub.ask(STATUS, { id }))['cluster'];

  it('sends a small set along with its grant when the agent may have it so, and only what is new', async () => {
    const { agent } = await settled('inline');
    const ask = (more: object): Promise<SyncResponse> =>
      agent.client.sync({
        protocol: '1.0',
        agentVersion: '0.1.0',
        ...agent.held,
        capabilitiesHash: null,
        ...more,
      });
    const nothing = { digest: null, sequence: 0, notAfter: 0 };
    const text = await agent.client.policySet(agent.held.digest ?? '');

    const [inline, tooSmall, never, known] = [
      await ask({ ...nothing, inlineBytes: 16_384 }),
      await ask({ ...nothing, inlineBytes: 10 }),
      await ask(nothing),
      await ask({ notAfter: 0, inlineBytes: 16_384 }),
    ];

    expect(gunzipSync(Buffer.from(inline.set ?? '', 'base64')).toString()).toBe(text);
    expect([tooSmall.set, never.set, known.set]).toEqual([undefined, undefined, undefined]);
    expect(known.grant?.digest).toBe(agent.held.digest);
  });

  it('brings an edit to the agent of another replica by an event, and its report back', async () => {
    const { agent, id } = await settled('edit');
    await eventually(async () =>
      expect(await status(id)).toMatchObject({
        state: 'APPROVED',
        agentVersion: '0.1.0',
        status: { phase: 'APPLIED' },
      }),
    );
    const controller = new AbortController();
    const events = (await agent.client.stream(controller.signal))[Symbol.asyncIterator]();
    await events.next(); // "sync now" at the start

    await hub.apply(blueprint('edit', 8443));
    const { value } = await events.next();

    expect(Buffer.from(value as Uint8Array).toString()).toContain('event: sync');
    const before = agent.held;
    const report = await agent.follow(await agent.sync());
    expect(report.sequence).toBeGreaterThan(before.sequence);
    expect(report.digest).not.toBe(before.digest);
    await eventually(async () =>
      expect(await status(id)).toMatchObject({
        status: { phase: 'APPLIED', appliedDigest: report.digest },
      }),
    );
    controller.abort();
  });

  it('wakes only agents whose digest changed', async () => {
    const { agent: touched } = await settled('touched');
    const { agent: other, id } = await settled('other');
    const controller = new AbortController();
    const wakes = { touched: 0, other: 0 };
    const count = async (name: keyof typeof wakes, agent: ProtocolAgent): Promise<void> => {
      for await (const chunk of await agent.client.stream(controller.signal))
        wakes[name] +=
          Buffer.from(chunk as Uint8Array)
            .toString()
            .split('event: sync').length - 1;
    };
    const reading = [count('touched', touched), count('other', other)].map((each) =>
      each.catch(() => undefined),
    );
    await eventually(() => Promise.resolve(expect(wakes).toEqual({ touched: 1, other: 1 }))); // at the start

    await hub.apply(blueprint('touched', 8443));
    await eventually(() => Promise.resolve(expect(wakes.touched).toBe(2)));
    // Recomputed, with the same result; then a change of its own, after which no earlier wake can be under way.
    await hub.ask(
      `mutation ($id: ID!) { labelCluster(input: { clusterId: $id, labels: { suite: "other", more: "yes" } }) { id } }`,
      { id },
    );
    await eventually(async () =>
      expect(
        (
          await hub.ask(
            '{ clusters(filter: { nameContains: "other" }) { edges { node { status { phase } } } } }',
          )
        )['clusters'].edges[0].node.status.phase,
      ).toBe('APPLIED'),
    );
    await hub.apply(blueprint('other', 8443));
    await eventually(() => Promise.resolve(expect(wakes.other).toBe(2)));

    expect(wakes).toEqual({ touched: 2, other: 2 });
    controller.abort();
    await Promise.all(reading);
  });

  it('gives no second grant for what runs already, and renews none that is good', async () => {
    const { agent } = await settled('calm');

    expect((await agent.sync()).grant).toBeNull();
  });

  it('raises its sequence above what an agent has seen, as after a restore from a backup', async () => {
    const { agent } = await settled('restored');
    agent.held = { ...agent.held, sequence: agent.held.sequence + 100, digest: '0'.repeat(64) };

    const { grant } = await agent.sync();

    expect(grant?.sequence).toBeGreaterThan(agent.held.sequence);
  });

  it('raises it too when the agent has seen another digest under the same sequence', async () => {
    const { agent } = await settled('forked');
    agent.held = { ...agent.held, digest: '0'.repeat(64) };

    const { grant } = await agent.sync();

    expect(grant?.sequence).toBeGreaterThan(agent.held.sequence);
  });

  it('counts a repeated report once, also beside a newer one', async () => {
    const { agent, id } = await settled('twice');
    const sync = await (async () => {
      agent.held = { digest: null, sequence: 0, notAfter: 0 };
      return agent.sync();
    })();
    const report = await agent.follow(sync, { repairs: 3 });
    await agent.client.reportStatus(report);
    await eventually(async () => expect(await repairs(id)).toBe(3));
    await Promise.all([agent.client.reportStatus(report), agent.follow(sync, { repairs: 1 })]);

    await eventually(async () => expect(await repairs(id)).toBe(4));
    await agent.client.reportStatus(report);
    await agent.follow(sync, { repairs: 2 });
    await eventually(async () => expect(await repairs(id)).toBe(6));
  });
  const repairs = async (id: string): Promise<number> =>
    (await hub.ask(`query ($id: ID!) { cluster(id: $id) { status { repairs } } }`, { id }))[
      'cluster'
    ].status.repairs;

  it('gives a policy set only to clusters that are due it', async () => {
    const { agent } = await settled('mine');
    const { agent: other } = await settled('theirs');

    await expect(other.client.policySet(agent.held.digest ?? '')).rejects.toMatchObject({
      status: 404,
      code: 'NOT_DUE',
    });
  });

  it('cuts off a revoked agent: its stream at once, its next request too', async () => {
    const { agent, id } = await settled('revoked');
    const events = (await agent.client.stream(AbortSignal.timeout(20_000)))[Symbol.asyncIterator]();
    await events.next();

    await hub.ask(
      `mutation ($input: RevokeClusterInput!) { revokeCluster(input: $input) { state } }`,
      {
        input: { clusterId: id },
      },
    );

    const said: string[] = [];
    for (let next = await events.next(); !next.done; next = await events.next())
      said.push(Buffer.from(next.value).toString());
    expect(said.join('')).toContain('event: revoked');
    await expect(agent.sync()).rejects.toMatchObject({ status: 403, code: 'REVOKED' });
    await expect(agent.client.policySet(agent.held.digest ?? '')).rejects.toMatchObject({
      code: 'REVOKED',
    });
  });

  it('takes a join token once: the same agent may ask again, another may not', async () => {
    const { agent, joinToken, id } = await enrolled('once');
    const thief = await ProtocolAgent.create(replica);
    agents.push(thief);

    expect(await agent.enrol(joinToken)).toMatchObject({ clusterId: id });
    await expect(thief.enrol(joinToken)).rejects.toMatchObject({
      status: 403,
      code: 'JOIN_TOKEN_USED',
    });
    await expect(thief.enrol('x'.repeat(32))).rejects.toMatchObject({ code: 'JOIN_TOKEN_UNKNOWN' });
  });

  it('tells an agent with a wrong clock the time, and lets it in then', async () => {
    const { joinToken } = await hub.register('clock', { suite: 'clock' });
    const agent = await ProtocolAgent.create(replica, () => Date.now() - 3_600_000);
    agents.push(agent);
    await agent.enrol(joinToken);

    const { hubTimeMs } = await agent.sync();

    expect(Math.abs(agent.client.nowMs() - hubTimeMs)).toBeLessThan(5_000);
  });

  describe('refuses, and says why', () => {
    const post = async (path: string, body: Buffer | string, headers = {}): Promise<Data> => {
      const response = await fetch(`${replica.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      return { status: response.status, ...((await response.json()) as object) };
    };

    it('a zip bomb', async () => {
      const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
      expect(bomb.length).toBeLessThan(64 * 1_024);

      expect(await post(PATHS.enrol, bomb, { 'content-encoding': 'gzip' })).toMatchObject({
        status: 413,
        code: 'TOO_LARGE',
      });
    });

    it('a body of 50 MB', async () => {
      expect(await post(PATHS.enrol, Buffer.alloc(50_000_000, 'x'))).toMatchObject({
        status: 413,
        code: 'TOO_LARGE',
      });
      expect((await fetch(`${replica.url}/healthz`)).status).toBe(200);
    });

    it.each([
      ['no JSON', 'nonsense', { status: 400, code: 'INVALID', message: 'The body is not JSON' }],
      [
        'a missing field',
        '{"protocol":"1.0"}',
        { status: 400, code: 'INVALID', message: expect.stringContaining('joinToken') },
      ],
      [
        'another major version',
        '{"protocol":"2.0"}',
        { status: 400, code: 'UNSUPPORTED_PROTOCOL' },
      ],
    ])('%s', async (_what, body, answer) => {
      expect(await post(PATHS.enrol, body)).toMatchObject(answer);
    });

    it('a path of another major version', async () => {
      expect(await post('/agent/v9/sync', '{}')).toMatchObject({
        status: 400,
        code: 'UNSUPPORTED_PROTOCOL',
      });
    });

    it('a request without a token, and one with a forged token', async () => {
      expect(await post(PATHS.sync, '{}')).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
      const forged = { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' };
      expect(await post(PATHS.sync, '{}', forged)).toMatchObject({
        status: 401,
        code: 'UNAUTHENTICATED',
      });
    });
  });

  it('takes unknown fields of a newer minor version', async () => {
    const { agent } = await enrolled('newer');

    const newer = { protocol: '1.9', agentVersion: '9.9.9', somethingNew: { deep: true } };
    const known = { digest: null, sequence: 0, notAfter: 0, capabilitiesHash: null };
    const answer = await agent.client.sync({ ...newer, ...known });

    expect(answer.wantsFacts).toBe(true);
    await agent.client.reportFacts({ protocol: '1.9', capabilities: plainCapabilities });
  });
}

describeShapes('agent gateway', suite);

describe('a join token that has expired', () => {
  it('is refused; a new one can be had', async () => {
    const hub = await TestHub.start({ JOIN_TOKEN_TTL_S: '1' });
    const { id, joinToken } = await hub.register('late');
    const agent = await ProtocolAgent.create(hub);
    await new Promise((resolve) => setTimeout(resolve, 1_200));

    await expect(agent.enrol(joinToken)).rejects.toMatchObject({
      status: 403,
      code: 'JOIN_TOKEN_EXPIRED',
    });
    const { reissueJoinToken } = await hub.ask(
      `mutation ($input: ReissueJoinTokenInput!) { reissueJoinToken(input: $input) { joinToken } }`,
      { input: { clusterId: id } },
    );
    expect(await agent.enrol(reissueJoinToken.joinToken)).toMatchObject({ clusterId: id });
    await agent.close();
    await hub.stop();
  });
});
