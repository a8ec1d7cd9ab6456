import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { eventually, TestHub } from '../support/hub/index.ts';
import { TestIssuer } from '../support/oidc/index.ts';
import { type Outcome, runPicket } from './run-picket.ts';
import { RunningProgram } from './running-program.ts';

jest.setTimeout(120_000);

let issuer: TestIssuer;
let hub: TestHub;
let home: string;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  issuer.people.set('jane', {
    email: 'jane@example.org',
    email_verified: true,
    groups: ['platform'],
  });
  hub = await TestHub.start({
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: TestIssuer.clientId,
    OIDC_CLIENT_ID: TestIssuer.clientId,
    OIDC_SCOPES: 'openid email groups offline_access',
  });
});
afterAll(async () => {
  await hub?.stop();
  await issuer?.down();
});
beforeEach(() => {
  issuer.ttl.IdToken = 3_600;
  issuer.ttl.DeviceCode = 600;
  home = mkdtempSync(join(tmpdir(), 'picket-home-'));
});

const picket = (...args: string[]): Promise<Outcome> =>
  runPicket(args, { env: { HOME: home }, cwd: home });
const kept = (): string => join(home, '.config', 'picket');
const signIn = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(kept(), 'sign-in.json'), 'utf8'));

/** `picket login` until it shows where to sign in. */
async function startLogin(): Promise<{ login: RunningProgram; address: string }> {
  const login = new RunningProgram(
    process.execPath,
    ['apps/cli/dist/picket.js', 'login', hub.url, '--sso'],
    { HOME: home, XDG_CONFIG_HOME: '' },
  );
  const address = await eventually(() => {
    const [found] = /http:\S+user_code=\S+/.exec(login.stderr) ?? [];
    if (!found) throw new Error(login.stderr);
    return found;
  });
  return { login, address };
}

async function logIn(): Promise<void> {
  const { login, address } = await startLogin();
  await issuer.approve(address, 'jane');
  expect(await login.ended()).toBe(0);
}

describe('picket login --sso', () => {
  it('signs a person in by a browser elsewhere, and remembers it for its owner alone', async () => {
    const { login, address } = await startLogin();
    await issuer.approve(address, 'jane');
    const code = await login.ended();
    const me = await picket('whoami', '-o', 'json');
    const table = await picket('whoami');

    expect({ code, stdout: login.stdout }).toEqual({
      code: 0,
      stdout: `Logged in to default at ${hub.url} as jane@example.org (${kept()}/connection.json)\n`,
    });
    expect(login.stderr).toContain(`Sign in at ${issuer.url} as ${TestIssuer.clientId}`);
    expect(JSON.parse(me.stdout)).toEqual({
      kind: 'USER',
      id: `${issuer.url}#jane`,
      name: 'jane@example.org',
      groups: ['platform'],
      organization: 'default',
    });
    expect(table.stdout).toMatch(/^KIND +NAME +ID +ORGANIZATION +GROUPS\nuser +jane@example\.org/);
    expect(readdirSync(kept()).toSorted()).toEqual(['connection.json', 'sign-in.json']);
    for (const file of readdirSync(kept()))
      expect(statSync(join(kept(), file)).mode & 0o777).toBe(0o600);
  });

  it('waits longer when the issuer says so', async () => {
    issuer.slowDowns = 1;

    await logIn();

    expect(issuer.slowDowns).toBe(0);
  });

  it('tells apart that a person refused, that nobody came, and that the issuer is away', async () => {
    const refused = await startLogin();
    await issuer.deny(refused.address);
    const refusedCode = await refused.login.ended();
    issuer.ttl.DeviceCode = 1;
    const late = await startLogin();
    const lateCode = await late.login.ended();
    await issuer.down();
    const away = await picket('login', hub.url, '--sso');
    await issuer.up();

    expect([refusedCode, refused.login.stderr]).toEqual([
      3,
      expect.stringContaining('The sign-in was refused (access_denied)'),
    ]);
    expect([lateCode, late.login.stderr]).toEqual([
      3,
      expect.stringContaining('Nobody confirmed the code in time'),
    ]);
    expect(away).toMatchObject({ code: 4, stderr: expect.stringContaining('ECONNREFUSED') });
    expect(() => readdirSync(kept())).toThrow('ENOENT');
  });

  it('says so where people cannot sign in', async () => {
    const plain = await TestHub.start();

    const outcome = await picket('login', plain.url, '--sso');

    expect(outcome).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no issuer to sign in at'),
    });
    await plain.stop();
  });
});

describe('a remembered sign-in', () => {
  it('is renewed before it ends, by one of many commands at once', async () => {
    issuer.ttl.IdToken = 90;
    await logIn();
    const first = signIn();
    issuer.ttl.IdToken = 3_600;
    rewrite({ endsAtMs: Date.now() + 30_000 });

    const renewals = (): number => (issuer.asked.get('/token') ?? 0) - before;
    const before = issuer.asked.get('/token') ?? 0;
    const { promise, resolve: release } = Promise.withResolvers<void>();
    issuer.held = promise;

    const running = [1, 2, 3, 4].map(() => picket('whoami'));
    await eventually(() => expect(renewals()).toBe(1));
    await sleep(2_000); // the others would have asked by now
    release();
    const outcomes = await Promise.all(running);
    const again = await picket('whoami');

    expect(renewals()).toBe(1);
    expect([...outcomes, again].map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(signIn()['idToken']).not.toBe(first['idToken']);
    expect(signIn()['refreshToken']).not.toBe(first['refreshToken']);
    expect(statSync(join(kept(), 'sign-in.json')).mode & 0o777).toBe(0o600);
  });

  it('that the issuer does not renew says to sign in again, and one that cannot be asked is away', async () => {
    await logIn();
    const { refreshToken } = signIn();
    rewrite({ endsAtMs: 0, refreshToken: 'stolen-and-used' });
    const refused = await picket('whoami');
    rewrite({ refreshToken: null });
    const without = await picket('whoami');
    rewrite({ refreshToken });
    await issuer.down();
    const away = await picket('whoami');
    await issuer.up();
    const back = await picket('whoami');

    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/has ended \(invalid_grant\)\. Sign in again: picket login/),
    });
    expect(without).toMatchObject({ code: 3, stderr: expect.stringContaining('Sign in again') });
    expect(away).toMatchObject({ code: 4, stderr: expect.stringContaining('ECONNREFUSED') });
    expect(back.code).toBe(0);
  });

  it('is refused when others can read it', async () => {
    await logIn();
    writeFileSync(join(kept(), 'copy'), readFileSync(join(kept(), 'sign-in.json')), {
      mode: 0o644,
    });
    rmSync(join(kept(), 'sign-in.json'));
    writeFileSync(join(kept(), 'sign-in.json'), readFileSync(join(kept(), 'copy')), {
      mode: 0o644,
    });

    expect(await picket('whoami')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`chmod 600 ${join(kept(), 'sign-in.json')}`),
    });
  });

  it('ends here and at the issuer by logout, and twice is as good', async () => {
    await logIn();
    const before = signIn();

    const first = await picket('logout');
    const second = await picket('logout');
    const after = await picket('whoami');

    expect([first.code, second.code]).toEqual([0, 0]);
    expect(second.stdout).toBe('Nobody was logged in.\n');
    expect(readdirSync(kept())).toEqual([]);
    expect(after.code).toBe(2);
    const renewed = await fetch(`${issuer.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: TestIssuer.clientId,
        grant_type: 'refresh_token',
        refresh_token: String(before['refreshToken']),
      }),
    });
    expect(await renewed.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('gives way to a token, and a token to it', async () => {
    await logIn();
    const tokenFile = join(home, 'admin');
    writeFileSync(tokenFile, hub.adminToken, { mode: 0o600 });

    const login = await picket('login', hub.url, '--token-file', tokenFile);
    const asToken = await picket('whoami', '-o', 'json');
    await logIn();
    const asPerson = await picket('whoami', '-o', 'json');

    expect(login.stdout).toContain('as first admin');
    expect(JSON.parse(asToken.stdout)).toMatchObject({ kind: 'TOKEN' });
    expect(JSON.parse(asPerson.stdout)).toMatchObject({ kind: 'USER' });
    expect(readdirSync(kept()).toSorted()).toEqual(['connection.json', 'sign-in.json']);
  });

  function rewrite(more: object): void {
    writeFileSync(join(kept(), 'sign-in.json'), JSON.stringify({ ...signIn(), ...more }));
  }
});
