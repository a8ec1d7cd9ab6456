import { generateKeyPairSync } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  bindAgentRole,
  type Data,
  documents,
  eventually,
  JoinedCluster,
  policies,
  ProtocolAgent,
  TestHub,
} from '../support/hub/index.ts';
import { startSimulatedCluster, type TestCluster } from '../support/kube/index.ts';
import { type Outcome, runPicket } from './run-picket.ts';

jest.setTimeout(120_000);

/** Of a real agent on a cluster of its own. */
interface Member {
  readonly name: string;
  readonly cluster: TestCluster;
  readonly joined: JoinedCluster;
}

describe('the key that signs grants is rotated', () => {
  let folder: string;
  let hub: TestHub;
  let near: Member;
  let dark: Member;
  /** Speaks protocol 1.0 as it was before there were key statements. */
  let old: ProtocolAgent;
  const members: Member[] = [];
  const at = (name: string): string => path.join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'picket-rotation-'));
    hub = await TestHub.start({ SIGNING_KEY_FILE: at('signing-key.pem') });
    [near, dark] = await Promise.all([join('near'), join('dark')]);
    old = await ProtocolAgent.create(hub);
    await old.enrol((await hub.register('old')).joinToken);
    await old.sync();
  }, 120_000);
  afterAll(async () => {
    await old?.close();
    for (const { joined, cluster } of members) {
      await joined.leave();
      await cluster.stop();
    }
    await hub?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function join(name: string): Promise<Member> {
    const cluster = await startSimulatedCluster();
    await bindAgentRole(cluster);
    await cluster.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { suite: name } },
    });
    const joined = await JoinedCluster.join(hub, cluster, { name, labels: { suite: name } });
    const member = { name, cluster, joined };
    members.push(member);
    await change(member, 'web');
    return member;
  }
  /** A change that has come to the cluster. */
  async function change(member: Member, allowFrom: string): Promise<void> {
    await hub.apply(documents(member.name, { allowFrom }));
    await eventually(async () => expect(await allowed(member)).toBe(allowFrom));
  }
  async function allowed({ name, cluster }: Member): Promise<string> {
    const { body } = await cluster.client.get(`${policies(name)}/${name}-allow`);
    return body['spec'].ingress[0].from[0].podSelector.matchLabels.app;
  }
  function picket(...args: string[]): Promise<Outcome> {
    return runPicket(['hub', 'keys', ...args], {
      cwd: folder,
      env: { PICKET_URL: hub.url, PICKET_TOKEN: hub.adminToken },
    });
  }
  async function restartHub(): Promise<void> {
    await hub.down('SIGKILL');
    await hub.up();
    for (const { joined } of members) joined.agent?.link.syncNow();
  }
  async function keysOf({ joined: { id } }: Member): Promise<Data> {
    const { cluster, hubKeys } = await hub.ask(
      `query ($id: ID!) { cluster(id: $id) { keysCounter keysFault } hubKeys { counter keyId keys { keyId } } }`,
      { id },
    );
    return { ...cluster, hubKeys };
  }
  const signedBy = async (): Promise<string | undefined> => {
    old.held = { digest: null, sequence: 0, notAfter: 0 };
    return eventually(async () => {
      const { grant } = await old.sync();
      expect(grant).not.toBeNull();
      return grant?.keyId;
    });
  };

  it('first the next one is announced: agents that follow statements accept it, those of before go on', async () => {
    for (const member of [dark, near])
      await eventually(async () => expect(await keysOf(member)).toMatchObject({ keysCounter: 0 }));
    await dark.joined.stopAgent();
    const first = (await keysOf(near))['hubKeys'].keyId;

    const announced = await picket('announce', 'signing-key.pem', '--next', 'next-key.pem');
    await restartHub();

    expect(announced).toMatchObject({ code: 0, stdout: expect.stringContaining('Statement 1') });
    expect((await stat(at('next-key.pem'))).mode & 0o777).toBe(0o600);
    await eventually(async () =>
      expect(await keysOf(near)).toMatchObject({
        keysCounter: 1,
        keysFault: null,
        hubKeys: { counter: 1, keyId: first, keys: [{ keyId: first }, {}] },
      }),
    );
    expect(await signedBy()).toBe(first);
    await eventually(async () => {
      const { code, stdout } = await picket('status');
      expect(code).toBe(1);
      expect(stdout).toContain('2 of 3 clusters are not as far');
      expect(stdout).toMatch(/default\/old +- .*follows no statements/);
      expect(stdout).toMatch(/default\/dark +0 /);
      expect(stdout).not.toContain('near');
    });
  });

  it('then it signs, and agents take its grants; one that enrols now pins both', async () => {
    await copyFile(at('signing-key.pem'), at('stolen-key.pem'));
    await copyFile(at('next-key.pem'), at('signing-key.pem'));

    await restartHub();

    await change(near, 'api');
    const late = await join('late');
    await eventually(async () => expect(await keysOf(late)).toMatchObject({ keysCounter: 1 }));
  });

  it('then the old one is retired: agents refuse it, report that, and go on with what they have', async () => {
    const retired = await picket('retire', 'signing-key.pem');
    await restartHub();
    await eventually(async () => expect(await keysOf(near)).toMatchObject({ keysCounter: 2 }));
    expect(retired.stdout).toContain('Statement 2');

    await copyFile(at('signing-key.pem'), at('good-key.pem'));
    await copyFile(at('stolen-key.pem'), at('signing-key.pem'));
    await restartHub();
    await hub.apply(documents('near', { allowFrom: 'thief' }));

    await eventually(async () =>
      expect(await near.joined.read()).toMatchObject({
        status: { phase: 'FAILED', reason: expect.stringContaining('is not pinned') },
      }),
    );
    expect(await allowed(near)).toBe('api');
  });

  it('a statement of somebody else is refused, and the hub hears why', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFile(at('forged.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    for (const _ of [1, 2, 3]) {
      await rm(at('forged-next.pem'), { force: true });
      await picket('announce', 'forged.pem', '--next', 'forged-next.pem');
    }
    await copyFile(at('forged.pem'), at('signing-key.pem'));

    await restartHub();

    await eventually(async () =>
      expect(await keysOf(near)).toMatchObject({
        keysCounter: 2,
        keysFault: expect.stringMatching(/statement 3 is signed with key \w+, which is not pinned/),
      }),
    );
    expect((await picket('status')).stdout).toMatch(/default\/near +2 .*which is not pinned/);
  });

  it('an agent that was away for all of it follows the whole chain, and so do the others', async () => {
    await copyFile(at('good-key.pem'), at('signing-key.pem'));
    await picket('announce', 'signing-key.pem', '--next', 'third-key.pem', '--at-once');
    await copyFile(at('third-key.pem'), at('signing-key.pem'));
    await restartHub();

    await dark.joined.startAgent();
    await change(dark, 'third');
    await change(near, 'third');

    for (const member of [dark, near])
      await eventually(async () =>
        expect(await keysOf(member)).toMatchObject({ keysCounter: 3, keysFault: null }),
      );
    await near.joined.stopAgent();
    await near.joined.startAgent();
    await change(near, 'after-a-restart');
  });

  it('a hub whose file agents could not follow does not start', async () => {
    const lines = (await readFile(at('signing-key.pem'), 'utf8')).split('\n');
    const gap = lines.filter((line) => !line.includes('"counter":2'));
    const unannounced = generateKeyPairSync('ed25519').privateKey;
    const pem = unannounced.export({ type: 'pkcs8', format: 'pem' }).toString();
    const broken = {
      'does not come after 1': gap.join('\n'),
      'does not name': [pem.trim(), ...lines.filter((line) => line.startsWith('{'))].join('\n'),
      'no private key': lines.filter((line) => line.startsWith('{')).join('\n'),
    };

    for (const [words, text] of Object.entries(broken))
      await expect(hub.replica({ SIGNING_KEY_FILE: '', SIGNING_KEY: text })).rejects.toThrow(words);
  });
});
