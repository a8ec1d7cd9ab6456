import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { certificateFor } from '../support/kube-simulator/certificate.ts';
import { bindAgentRole, eventually, JoinedCluster, TestHub } from '../support/hub/index.ts';
import { startSimulatedCluster, type TestCluster } from '../support/kube/index.ts';
import { type ConnectProxy, startConnectProxy } from '../support/services/connect-proxy.ts';
import { RunningProgram } from './running-program.ts';

jest.setTimeout(120_000);

/** No name server knows it: only the proxy does. */
const HOST = 'hub.picket.test';

/** The agent as it is shipped, in a process of its own, and the ways on which it reaches its hub. */
describe('the agent reaches its hub', () => {
  let hub: TestHub;
  /** The same hub, over TLS with a certificate of an authority of its own. */
  let secure: TestHub;
  let cluster: TestCluster;
  let proxy: ConnectProxy;
  let dir: string;
  let count = 0;
  let agent: RunningProgram | undefined;

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'picket-test-connection-'));
    const { cert, key } = await certificateFor(HOST);
    await writeFile(path.join(dir, 'ca.pem'), cert);
    await writeFile(path.join(dir, 'key.pem'), key);
    [hub, cluster, proxy] = await Promise.all([
      TestHub.start(),
      startSimulatedCluster(),
      startConnectProxy({ [HOST]: '127.0.0.1' }),
    ]);
    secure = await hub.replica({
      TLS_CERT_FILE: path.join(dir, 'ca.pem'),
      TLS_KEY_FILE: path.join(dir, 'key.pem'),
    });
    await bindAgentRole(cluster);
    await writeFile(path.join(dir, 'kubeconfig'), cluster.kubeconfig(cluster.agentToken));
  });
  afterEach(async () => {
    agent?.kill('SIGTERM');
    await agent?.ended();
    agent = undefined;
  });
  afterAll(async () => {
    await Promise.all([secure?.stop(), proxy?.stop(), cluster?.stop()]);
    await hub?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** Registers a cluster, starts its agent, and answers what the agent says of itself now. */
  async function join(
    url: string,
    { env = {}, args = [] }: { env?: Record<string, string>; args?: string[] } = {},
  ): Promise<() => Promise<{ state: string }>> {
    const name = `c${(count += 1)}`;
    const { joinToken } = await hub.register(name);
    const token = path.join(dir, `${name}-token`);
    await writeFile(token, joinToken);
    const state = path.join(dir, name);
    agent = new RunningProgram(
      process.execPath,
      ['agent/dist/main.js', '--hub', url, '--token-file', token, '--state-dir', state].concat(
        ['--kubeconfig', path.join(dir, 'kubeconfig')],
        args,
      ),
      env,
    );
    await agent.says('"ready":true');
    const { healthPort } = JSON.parse(agent.stdout) as { healthPort: number };
    return async () => {
      const response = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
      return (await response.json()) as { state: string };
    };
  }
  const ca = (): string[] => ['--ca-file', path.join(dir, 'ca.pem')];
  const throughProxy = (): string => secure.url.replace('127.0.0.1', HOST);

  it('over TLS, with a certificate of an authority that it was given', async () => {
    const read = await join(secure.url, { args: ca() });

    await eventually(async () => expect(await read()).toMatchObject({ state: 'synced' }));
  });

  it('not at all when it was not given that authority, and says why', async () => {
    const read = await join(secure.url);

    await eventually(() => Promise.resolve(expect(agent?.stderr).toContain('self-signed')));
    expect(await read()).toMatchObject({ state: 'away' });
  });

  it('through HTTPS_PROXY and on no other way: short requests and the stream', async () => {
    const before = proxy.asked.length;

    const read = await join(throughProxy(), { args: ca(), env: { HTTPS_PROXY: proxy.url } });

    await eventually(async () => expect(await read()).toMatchObject({ state: 'synced' }));
    await eventually(() => Promise.resolve(expect(proxy.asked.length - before).toBe(2)));
    expect(new Set(proxy.asked.slice(before))).toEqual(new Set([new URL(throughProxy()).host]));
  });

  it('directly where NO_PROXY says so', async () => {
    const before = proxy.asked.length;

    const read = await join(secure.url, {
      args: ca(),
      env: { HTTPS_PROXY: proxy.url, NO_PROXY: 'example.com,127.0.0.1' },
    });

    await eventually(async () => expect(await read()).toMatchObject({ state: 'synced' }));
    expect(proxy.asked).toHaveLength(before);
  });

  it.each([
    ['behind', -3_600_000],
    ['ahead', 3_600_000],
  ])('with a clock that is an hour %s: the hub tells it the time', async (_what, offMs) => {
    const name = `c${(count += 1)}`;
    const member = await JoinedCluster.join(hub, cluster, {
      name,
      labels: { suite: name },
      nowMs: () => Date.now() + offMs,
    });
    await hub.apply(`
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec: { namespacePolicies: [] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: { matchLabels: { suite: ${name} } } }
`);

    // Grants end after a day by default: an hour is told by the assertion, which lives for two minutes.
    await eventually(async () =>
      expect(await member.read()).toMatchObject({ status: { phase: 'APPLIED' } }),
    );

    await member.leave();
  });

  it('never over plain HTTP, except on its own machine', async () => {
    agent = new RunningProgram(process.execPath, [
      'agent/dist/main.js',
      '--hub',
      'http://hub.test',
    ]);

    expect(await agent.ended()).toBe(1);
    expect(agent.stderr).toContain('--hub: must be an https URL');
  });
});
