import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it, jest } from '@jest/globals';

import { startPostgres } from '../../apps/cli/src/embedded/postgres.ts';
import { eventually, ProtocolAgent, TestHub } from '../support/hub/index.ts';
import { describeWith, redis } from '../support/services/describe-with.ts';
import { startTestRedis } from '../support/services/redis.ts';

jest.setTimeout(180_000);

/** Long enough that every client has failed and tries again; PICKET_TEST_OUTAGE_MS=60000 makes it the minute of the requirement. */
const OUTAGE_MS = Number(process.env['PICKET_TEST_OUTAGE_MS'] ?? 4_000);

function blueprint(port: number): string {
  return `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: web }
spec:
  namespacePolicies:
    - name: web
      namespaceSelector: {}
      spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{ ports: [{ port: ${port} }] }] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: web }
spec: { blueprint: web, clusterSelector: {} }
`;
}

async function enrolled(hub: TestHub, name: string): Promise<{ id: string; agent: ProtocolAgent }> {
  const { id, joinToken } = await hub.register(name);
  const agent = await ProtocolAgent.create(hub);
  await agent.enrol(joinToken);
  await agent.sync();
  return { id, agent };
}

/** Follows whatever is granted until the cluster has all of it by the hub's word; a change that is still being compiled is not there yet. */
async function converge(
  hub: TestHub,
  { id, agent }: { id: string; agent: ProtocolAgent },
): Promise<string> {
  return eventually(async () => {
    const answer = await agent.sync();
    if (answer.grant) await agent.follow(answer);
    const { cluster } = await hub.ask(
      `query ($id: ID!) { cluster(id: $id) { status { phase appliedDigest desiredDigest } } }`,
      { id },
    );
    expect(cluster.status).toMatchObject({
      phase: 'APPLIED',
      appliedDigest: cluster.status.desiredDigest,
    });
    return cluster.status.appliedDigest as string;
  });
}

describeWith(redis, 'for a while', () => {
  it.concurrent('PostgreSQL is away: that costs patience, and neither the hub nor a report', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'picket-outage-'));
    const first = await startPostgres({ dataDir: folder, durable: false });
    const hub = await TestHub.start({
      DATABASE_URL: first.appUrl,
      MIGRATION_DATABASE_URL: first.url,
      SWEEP_MS: '1000',
    });
    const member = await enrolled(hub, 'patient');
    await hub.apply(blueprint(80));
    const before = await converge(hub, member);
    await first.stop();

    await expect(member.agent.sync()).rejects.toMatchObject({ status: 503, code: 'OVERLOADED' });
    const ready = await fetch(`${hub.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      database: 'unavailable',
      migrations: 'unavailable',
      queue: 'unavailable',
    });
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200);
    const metrics = await fetch(`${hub.url}/metrics`);
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toContain('picket_agent_gateway_streams 0');
    const refused = await hub.query('{ clusters(first: 1) { totalCount } }');
    expect(refused.errors[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE' });
    await sleep(OUTAGE_MS);
    const second = await startPostgres({ dataDir: folder, durable: false, port: first.port });

    await eventually(async () => expect((await fetch(`${hub.url}/readyz`)).status).toBe(200));
    await hub.apply(blueprint(81));
    expect(await converge(hub, member)).not.toBe(before);
    await member.agent.close();
    await hub.stop();
    await second.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.concurrent('Redis is away: changes and reports get through by the sweep', async () => {
    const first = await startTestRedis();
    const hub = await TestHub.start({ REDIS_URL: first.url, SWEEP_MS: '1000' });
    const member = await enrolled(hub, 'patient');
    await hub.apply(blueprint(80));
    const before = await converge(hub, member);
    await first.stop();

    await hub.apply(blueprint(81));
    const during = await converge(hub, member);
    await sleep(OUTAGE_MS);
    const second = await startTestRedis(Number(new URL(first.url).port));
    await eventually(async () => expect((await fetch(`${hub.url}/readyz`)).status).toBe(200));
    await hub.apply(blueprint(82));
    const after = await converge(hub, member);

    expect(new Set([before, during, after]).size).toBe(3);
    await member.agent.close();
    await hub.stop();
    await second.stop();
  });
});
