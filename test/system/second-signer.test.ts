import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import ssh2 from 'ssh2';
import { parseAllDocuments } from 'yaml';

import { readSettings } from '../../agent/src/settings.ts';
import {
  bindAgentRole,
  type Data,
  documents,
  eventually,
  JoinedCluster,
  policies,
  TestHub,
} from '../support/hub/index.ts';
import { startSimulatedCluster, type TestCluster } from '../support/kube/index.ts';
import { describeWith, sshAgent } from '../support/services/describe-with.ts';
import { type Outcome, runPicket } from './run-picket.ts';

jest.setTimeout(120_000);

interface Member {
  readonly name: string;
  readonly cluster: TestCluster;
  readonly joined: JoinedCluster;
}

describe('a second signer', () => {
  let folder: string;
  let hub: TestHub;
  let database: pg.Client;
  /** Whose approvers came with the manifest, as a person applied it. */
  let guarded: Member;
  let twin: Member;
  /** Digest of a set that was approved and ran once. */
  let older: string;
  const members: Member[] = [];
  const at = (name: string): string => path.join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'picket-approvals-'));
    for (const name of ['alice', 'bob', 'eve']) {
      const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment: `${name}@laptop` });
      writeFileSync(at(name), pair.private, { mode: 0o600 });
      writeFileSync(at(`${name}.pub`), pair.public);
    }
    hub = await TestHub.start();
    database = new pg.Client({ connectionString: hub.databaseUrl });
    await database.connect();
    await picket('approvers', 'alice.pub', 'bob.pub');
    await hub.apply(documents('both'));
    guarded = await join('guarded');
    twin = await join('twin');
  }, 120_000);
  afterAll(async () => {
    for (const { joined, cluster } of members) {
      await joined.leave();
      await cluster.stop();
    }
    await database?.end();
    await hub?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function join(name: string): Promise<Member> {
    const cluster = await startSimulatedCluster();
    await bindAgentRole(cluster);
    await cluster.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { suite: 'both' } },
    });
    const joined = await JoinedCluster.join(hub, cluster, {
      name,
      labels: { suite: 'both' },
      approversOf: (manifest) => {
        const deployment = parseAllDocuments(manifest)
          .map((document) => document.toJS() as Data)
          .find(({ kind }) => kind === 'Deployment');
        const settings = readSettings(deployment?.['spec'].template.spec.containers[0].args);
        return typeof settings === 'string' ? undefined : settings.approvers;
      },
    });
    const member = { name, cluster, joined };
    members.push(member);
    return member;
  }
  function picket(...args: string[]): Promise<Outcome> {
    return runPicket(args, {
      cwd: folder,
      env: {
        PICKET_URL: hub.url,
        PICKET_TOKEN: hub.adminToken,
        SSH_AUTH_SOCK: at('ssh-agent'),
      },
    });
  }
  /** What the policies of the cluster allow now; undefined: there are none. */
  async function allowed({ name, cluster }: Member): Promise<string | undefined> {
    const { status, body } = await cluster.client.get(`${policies(name)}/both-allow`);
    if (status === 404) return undefined;
    return body['spec'].ingress[0].from[0].podSelector.matchLabels.app;
  }
  async function refused(member: Member, words: string): Promise<void> {
    await eventually(async () =>
      expect(await member.joined.read()).toMatchObject({
        status: { phase: 'FAILED', reason: expect.stringContaining(words) },
      }),
    );
  }
  async function runs(member: Member, allowFrom: string): Promise<void> {
    await eventually(async () => expect(await allowed(member)).toBe(allowFrom));
    await eventually(async () =>
      expect(await member.joined.read()).toMatchObject({ status: { phase: 'APPLIED' } }),
    );
  }
  async function change(allowFrom: string): Promise<string> {
    const before = (await guarded.joined.read())['policySet'].digest;
    await hub.apply(documents('both', { allowFrom }));
    return eventually(async () => {
      const { digest } = (await guarded.joined.read())['policySet'];
      expect(digest).not.toBe(before);
      return digest as string;
    });
  }

  it('is wanted by a cluster whose manifest names approvers; it applies nothing without them', async () => {
    await refused(guarded, 'The grant was refused: 0 of 1 approvals are there');

    await eventually(async () =>
      expect((await picket('approve')).stdout).toMatch(/guarded +\w{12} +- +0 of 1/),
    );
    expect(await allowed(guarded)).toBeUndefined();
  });

  it('sees the whole set, signs it, and the cluster runs it', async () => {
    await eventually(async () => expect((await picket('approve')).stdout).toContain('twin'));
    const approved = await picket('approve', '--all', '--key', 'alice', '--yes');

    expect(approved).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('+        name: both-allow'),
    });
    expect(approved.stderr).toContain('for guarded, twin');
    await runs(guarded, 'web');
    await runs(twin, 'web');
    expect((await picket('approve')).stdout).not.toContain('guarded');
  });

  it('sees only what differs from what they approved before', async () => {
    older = await change('api');
    await refused(guarded, '0 of 1 approvals');
    expect(await allowed(guarded)).toBe('web');

    const approved = await picket('approve', '--all', '--key', 'bob', '--yes');
    expect(approved.stderr).toContain('You have not approved what runs there');
    await runs(guarded, 'api');

    await change('shop');
    await eventually(async () =>
      expect((await picket('approve')).stdout).toMatch(/guarded.*0 of 1/),
    );
    const again = await picket('approve', '--all', '--key', 'bob', '--yes');
    expect(again.stdout).toMatch(/^-.*app: api\n\+.*app: shop$/m);
    expect(again.stdout).not.toContain('both-default-deny\n+');
    await runs(guarded, 'shop');
  });

  it('is not asked for a renewal, nor after a restart', async () => {
    await database.query(`UPDATE clusters SET desired_sequence = desired_sequence + 5`);
    await guarded.joined.stopAgent();
    await guarded.joined.startAgent();

    await eventually(() => expect(guarded.joined.agent?.running().sequence).toBeGreaterThan(5));
    expect(await allowed(guarded)).toBe('shop');
  });

  it('signs nothing that is not looked at: --yes, or somebody at the terminal', async () => {
    await change('unseen');
    await eventually(async () => expect((await picket('approve')).stdout).toContain('guarded'));

    expect(await picket('approve', 'guarded', '--key', 'alice')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--yes'),
    });
    expect(await picket('approve', 'guarded', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--key FILE'),
    });
    expect(await picket('approve', 'nobody', '--key', 'alice', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('does not wait'),
    });
    expect(await picket('approve', 'guarded', '--key', 'eve', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('APPROVAL_INVALID'),
    });
    expect(await allowed(guarded)).toBe('shop');
  });

  describe('cannot be replaced by a stolen hub', () => {
    it('with approvers of its own in the database', async () => {
      await picket('approvers', 'eve.pub');
      const forged = await picket('approve', 'guarded', '--key', 'eve', '--yes');

      expect(forged).toMatchObject({ code: 0 });
      await refused(guarded, 'not counted: one by a key that is not pinned');
      expect(await allowed(guarded)).toBe('shop');
      expect(await picket('approvers', 'alice.pub', 'bob.pub')).toMatchObject({ code: 0 });
    });

    it('with what was signed for another cluster', async () => {
      await picket('approve', 'twin', '--key', 'alice', '--yes');
      await runs(twin, 'unseen');
      await database.query(
        `INSERT INTO approvals SELECT $1, digest, public_key, signed_at_ms, not_after, signature FROM approvals
         WHERE cluster_id = $2 AND digest = (SELECT desired_digest FROM clusters WHERE id = $2)`,
        [guarded.joined.id, twin.joined.id],
      );
      guarded.joined.agent?.link.syncNow();

      await refused(guarded, 'whose signature is wrong');
      expect(await allowed(guarded)).toBe('shop');
    });

    it('with an older set that was approved once', async () => {
      await database.query(
        'UPDATE clusters SET desired_digest = $2, desired_sequence = desired_sequence + 1 WHERE id = $1',
        [guarded.joined.id, older],
      );
      guarded.joined.agent?.link.syncNow();

      await refused(guarded, 'bob@laptop’s, which is older than what runs');
      expect(await allowed(guarded)).toBe('shop');
      await eventually(async () => expect((await picket('approve')).stdout).toContain('guarded'));
    });

    it('and the approver can still go back', async () => {
      const approved = await picket('approve', 'guarded', '--key', 'alice', '--days', '1', '--yes');

      expect(approved.code).toBe(0);
      await runs(guarded, 'api');
    });
  });

  it('may be somebody who may change nothing; who may only look cannot sign', async () => {
    const tokenFor = async (role: string): Promise<string> => {
      const { createApiToken: made } = await hub.ask(
        `mutation ($name: String!) { createApiToken(input: { name: $name }) { secret apiToken { id } } }`,
        { name: role.toLowerCase() },
      );
      await hub.ask(
        `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
        { input: { role, subjectKind: 'TOKEN', subject: made.apiToken.id } },
      );
      return made.secret;
    };
    await hub.ask(
      `mutation { saveRole(input: { name: "approver", permissions: ["Approval:read", "Approval:write", "PolicySet:read"] }) { name } }`,
    );
    const [approver, auditor] = [await tokenFor('approver'), await tokenFor('Auditor')];
    await change('by-role');
    await refused(guarded, '0 of 1 approvals');
    await eventually(async () => expect((await picket('approve')).stdout).toContain('guarded'));
    const as = (token: string): Promise<Outcome> =>
      runPicket(['approve', 'guarded', '--key', 'alice', '--yes'], {
        cwd: folder,
        env: { PICKET_URL: hub.url, PICKET_TOKEN: token },
      });

    expect(await as(auditor)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('FORBIDDEN'),
    });
    expect(await as(approver)).toMatchObject({ code: 0 });

    await runs(guarded, 'by-role');
    const relabel = `mutation ($id: ID!) { labelCluster(input: { clusterId: $id, labels: {} }) { id } }`;
    const { errors } = await hub.query(relabel, { id: guarded.joined.id }, approver);
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('hands in nothing for a cluster that they may not see, as if it were not there', async () => {
    await hub.ask(`mutation { createProject(input: { name: "elsewhere" }) { name } }`);
    const { createApiToken: made } = await hub.ask(
      `mutation { createApiToken(input: { name: "stranger" }) { secret apiToken { id } } }`,
    );
    await hub.ask(
      `mutation ($input: CreateRoleBindingInput!) { createRoleBinding(input: $input) { id } }`,
      {
        input: {
          role: 'OrgAdmin',
          subjectKind: 'TOKEN',
          subject: made.apiToken.id,
          project: 'elsewhere',
        },
      },
    );
    const digest = 'f'.repeat(64);
    const ask = async (clusterId: string): Promise<unknown[]> => {
      const approval = {
        clusterId,
        digest,
        signedAtMs: 1,
        publicKey: 'x'.repeat(43),
        signature: 'AA',
      };
      const answers = [
        await hub.query(
          `mutation ($approvals: [ApprovalInput!]!) { approvePolicySets(input: { approvals: $approvals }) }`,
          { approvals: [approval] },
          made.secret,
        ),
        await hub.query(
          `query ($clusterId: ID!, $digest: String!) { policySetText(clusterId: $clusterId, digest: $digest) }`,
          { clusterId, digest },
          made.secret,
        ),
      ];
      return answers.map(({ errors }) => [
        errors[0]?.extensions['code'],
        errors[0]?.message.replace(clusterId, 'ID'),
      ]);
    };
    const listed = await hub.query(
      '{ pendingApprovals { totalCount edges { node { digest } } } }',
      {},
      made.secret,
    );

    expect(await ask(guarded.joined.id)).toEqual(await ask('00000000-0000-4000-8000-000000000000'));
    expect(listed).toEqual({
      data: { pendingApprovals: { totalCount: 0, edges: [] } },
      errors: [],
    });
  });

  it('may have a key in PEM', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(at('carol.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(at('carol.pub'), publicKey.export({ type: 'spki', format: 'pem' }));

    const said = await picket('approvers', 'carol.pub', 'alice.pub', '--needed', '2');

    expect(said.stdout).toMatch(/carol +SHA256:\S{43} +carol=\S{43}/);
    expect(said.stderr).toContain('2 of 2 must agree');
    await picket('approvers', 'alice.pub', 'bob.pub');
  });

  describeWith(sshAgent, 'with a key in an SSH agent', () => {
    let agent: ChildProcess;
    beforeAll(async () => {
      agent = spawn('ssh-agent', ['-D', '-a', at('ssh-agent')], { stdio: 'ignore' });
      await eventually(() => expect(existsSync(at('ssh-agent'))).toBe(true));
      for (const name of ['eve', 'bob'])
        execFileSync('ssh-add', ['-q', at(name)], {
          env: { ...process.env, SSH_AUTH_SOCK: at('ssh-agent') },
          stdio: 'ignore',
        });
    });
    afterAll(() => void agent.kill());

    it('signs with the one that approves for the project', async () => {
      await change('agents');
      await eventually(async () => expect((await picket('approve')).stdout).toContain('guarded'));

      expect(await picket('approve', '--all', '--ssh-agent', '--yes')).toMatchObject({ code: 0 });

      await runs(guarded, 'agents');
    });

    it('signs with no other', async () => {
      await picket('approvers', 'alice.pub');
      await change('others');
      await eventually(async () => expect((await picket('approve')).stdout).toContain('guarded'));

      expect(await picket('approve', '--all', '--ssh-agent', '--yes')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('None of the 2 keys'),
      });
    });
  });
});
