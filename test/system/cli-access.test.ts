import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';

import { TestHub } from '../support/hub/index.ts';
import { type Outcome, runPicket } from './run-picket.ts';

jest.setTimeout(120_000);

let hub: TestHub;
const folder = mkdtempSync(join(tmpdir(), 'picket-access-'));

beforeAll(async () => {
  hub = await TestHub.start();
  await hub.ask('mutation { createProject(input: { name: "shop" }) { name } }');
  await hub.register('shop-1', { tier: 'prod' }, 'shop');
});
afterAll(() => hub?.stop());

const picket = (args: string, token = hub.adminToken): Promise<Outcome> =>
  runPicket(args.split(' '), {
    env: { PICKET_URL: hub.url, PICKET_TOKEN: token },
    cwd: folder,
  });
const json = async (args: string): Promise<Record<string, unknown>[]> =>
  JSON.parse((await picket(`${args} -o json`)).stdout);

describe('picket token', () => {
  it('makes a token whose secret is printed once, lists it and revokes it by name', async () => {
    const made = await picket('token create ci --expires-in 90d');
    const secret = made.stdout.trim();
    const me = await picket('whoami -o json', secret);
    const [listed] = (await json('token list')).filter(({ name }) => name === 'ci');
    const table = await picket('token list');
    const revoked = await picket('token revoke ci');
    const after = await picket('whoami', secret);

    expect(made.stdout).toMatch(/^picket_\S+\n$/);
    expect(made.stderr).not.toContain(secret);
    expect(JSON.parse(me.stdout)).toMatchObject({ kind: 'TOKEN', name: 'ci' });
    const days = (Date.parse(String(listed?.['expiresAt'])) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
    expect(table.stdout).toMatch(/^NAME +ID +CREATED +EXPIRES +LAST USED$/m);
    expect(table.stdout).not.toContain(secret);
    expect(revoked).toMatchObject({ code: 0, stdout: 'Token ci is revoked\n' });
    expect(after).toMatchObject({ code: 3, stderr: expect.stringContaining('UNAUTHENTICATED') });
  });

  it('writes a secret into a new file of its owner alone, which is a token file', async () => {
    const made = await picket('token create filed --out filed-token');
    const me = await runPicket(['whoami', '-o', 'yaml'], {
      env: { PICKET_URL: hub.url, PICKET_TOKEN_FILE: 'filed-token' },
      cwd: folder,
    });

    expect(made).toMatchObject({ code: 0, stdout: '' });
    expect(statSync(join(folder, 'filed-token')).mode & 0o777).toBe(0o600);
    expect(parse(me.stdout)).toMatchObject({ name: 'filed' });
  });

  it('makes no token whose secret could not be kept, and no file for a token that was not made', async () => {
    writeFileSync(join(folder, 'mine'), 'precious');

    const taken = await picket('token create lost --out mine');
    const nowhere = await picket('token create lost --out no/such/folder');
    const refused = await picket('token create Not_A_Name --out not-made');

    expect([taken.code, nowhere.code, refused.code]).toEqual([2, 2, 2]);
    expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('precious');
    expect(() => statSync(join(folder, 'not-made'))).toThrow('ENOENT');
    expect((await json('token list')).filter(({ name }) => name === 'lost')).toEqual([]);
  });

  it('wants an id where a name is not enough', async () => {
    await picket('token create twin');
    await picket('token create twin');
    const [first, second] = (await json('token list')).filter(({ name }) => name === 'twin');

    const unclear = await picket('token revoke twin');
    const clear = await picket(`token revoke ${String(first?.['id'])}`);
    const nobody = await picket('token revoke nobody');

    expect(unclear).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(String(second?.['id'])),
    });
    expect([clear.code, nobody.code]).toEqual([0, 3]);
  });
});

describe('picket role', () => {
  it('saves a role, gives it, shows who has it and what it allows, and takes it away', async () => {
    const saved = await picket('role save viewer Organization:read Project:read Cluster:read');
    const secret = (await picket('token create reader')).stdout.trim();
    const bound = await picket('role bind viewer --token reader --project shop -l tier=prod');
    const clusters = await picket('get clusters --project shop -o json', secret);
    const permissions = await picket('permissions', secret);
    const [binding] = (await json('role bindings')).filter(({ role }) => role === 'viewer');
    const unbound = await picket(`role unbind ${String(binding?.['id'])}`);
    const after = await picket('permissions', secret);
    const deleted = await picket('role delete viewer');

    expect(saved.stdout).toBe('Role viewer allows Organization:read Project:read Cluster:read\n');
    expect(bound.stdout).toContain(
      'is viewer (project shop, clusters {"matchLabels":{"tier":"prod"}}), binding ',
    );
    expect(JSON.parse(clusters.stdout)).toMatchObject([{ name: 'shop-1' }]);
    expect(permissions.stdout).toMatch(/^Cluster:read +project shop, clusters \{/m);
    expect(binding).toMatchObject({ subjectKind: 'TOKEN', project: 'shop', claim: null });
    expect([unbound.code, deleted.code]).toEqual([0, 0]);
    expect(after).toMatchObject({ code: 3, stderr: expect.stringContaining('FORBIDDEN') });
    expect((await json('role list')).map(({ name }) => name)).not.toContain('viewer');
  });

  it('gives roles to people and groups, and tells who can do something', async () => {
    await picket('role bind PlatformAdmin --user jane@example.org --project shop');
    await picket('role bind Auditor --group auditors --organization');

    const writers = await json('whocan Cluster:write --project shop');
    const toOne = await json('whocan Cluster:write --project shop --cluster shop-1');
    const readers = await picket('whocan Cluster:read');

    expect(writers).toContainEqual({ subjectKind: 'USER', subject: 'jane@example.org' });
    expect(toOne).toEqual(writers);
    expect(readers.stdout).toMatch(/^group +auditors$/m);
    expect(readers.stdout).not.toContain('jane');
  });

  it.each([
    ['role bind Auditor --organization', 2, 'Say who'],
    ['role bind Auditor --organization --user a --group b', 2, 'Say who'],
    ['role bind Auditor --user a', 2, 'Say where'],
    ['role bind Auditor --user a --organization --project shop', 2, 'Say where'],
    ['role bind King --user a --organization', 3, 'ROLE_MISSING'],
    ['role bind Auditor --token nobody --organization', 3, 'There is no token nobody'],
    ['role bind Auditor --user a --project nowhere', 3, 'PROJECT_MISSING'],
    ['role save viewer Cluster:fly', 2, 'INPUT_INVALID'],
    ['role delete Auditor', 3, 'ROLE_MISSING'],
    ['role unbind 00000000-0000-0000-0000-000000000000', 3, 'ROLE_BINDING_MISSING'],
    ['whocan Cluster:fly', 2, 'INPUT_INVALID'],
    ['whocan Cluster:read --cluster nowhere', 3, 'CLUSTER_MISSING'],
    ['token create ci --expires-in soon', 2, '12h, 90d or 52w'],
  ])('answers "%s" with exit code %i', async (args, code, message) => {
    expect(await picket(args)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });
});
