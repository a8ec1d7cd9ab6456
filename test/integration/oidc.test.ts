import { createHmac, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createLocalJWKSet, exportSPKI, importJWK, type JWTPayload } from 'jose';

import { type Answer, eventually, ProtocolAgent, TestHub } from '../support/hub/index.ts';
import { certificateFor } from '../support/kube-simulator/certificate.ts';
import { TestIssuer } from '../support/oidc/index.ts';

jest.setTimeout(60_000);

const ME = '{ me { kind id name groups organization } }';
const codesOf = ({ errors }: Answer): unknown[] =>
  errors.map(({ extensions }) => extensions['code']);

let issuer: TestIssuer;
let hub: TestHub;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  issuer.people.set('jane', {
    email: 'jane@example.org',
    email_verified: true,
    groups: ['platform', 'on call'],
  });
  hub = await TestHub.start(settings(issuer));
});
afterAll(async () => {
  await hub?.stop();
  await issuer?.down();
});

function settings({ url }: TestIssuer): Record<string, string> {
  return {
    OIDC_ISSUER: url,
    OIDC_AUDIENCE: `another, ${TestIssuer.clientId}`,
    OIDC_CLIENT_ID: TestIssuer.clientId,
  };
}
const nowS = (): number => Math.floor(Date.now() / 1_000);

describe('a token of the issuer', () => {
  it('says who somebody is, who may do nothing yet', async () => {
    const token = await issuer.tokenOf('jane');

    const me = await hub.query(ME, {}, token);
    const clusters = await hub.query('{ clusters { totalCount } }', {}, token);

    expect(me).toEqual({
      errors: [],
      data: {
        me: {
          kind: 'USER',
          id: `${issuer.url}#jane`,
          name: 'jane@example.org',
          groups: ['platform', 'on call'],
          organization: 'default',
        },
      },
    });
    expect(codesOf(clusters)).toEqual(['FORBIDDEN']);
  });

  it('is no need for API tokens, which say who they are too', async () => {
    expect((await hub.ask(ME))['me']).toMatchObject({
      kind: 'TOKEN',
      name: 'first admin',
      groups: [],
      organization: 'default',
    });
  });

  it.each<[string, JWTPayload]>([
    ['with a clock ahead of ours', { nbf: nowS() + 20, iat: nowS() + 20 }],
    ['with a clock behind ours', { exp: nowS() - 20 }],
    ['for others too', { aud: ['somebody', TestIssuer.clientId] }],
    ['for another of our audiences', { aud: 'another' }],
    ['with one group as a text', { groups: 'platform' }],
    ['with as many groups as are looked at', { groups: manyGroups(200) }],
  ])('is taken %s', async (_what, claims) => {
    const token = await issuer.sign({ sub: 'jane', ...claims });

    expect((await hub.query(ME, {}, token)).errors).toEqual([]);
  });

  it.each<[string, JWTPayload]>([
    ['without the username claim', {}],
    ['with an address that nobody verified', { email: 'jane@example.org' }],
    ['with an address that is not verified', { email: 'j@example.org', email_verified: false }],
    ['with a verification that is a text', { email: 'j@example.org', email_verified: 'true' }],
    ['with a name that is no text', { email: ['jane@example.org'], email_verified: true }],
    ['with an empty name', { email: '', email_verified: true }],
    ['with a name that nobody can see whole', { email: 'a\u0000b', email_verified: true }],
  ])('%s names somebody by the id', async (_what, claims) => {
    const { data } = await hub.query(ME, {}, await issuer.sign({ sub: 'x', ...claims }));

    expect(data['me'].name).toBe(`${issuer.url}#x`);
  });

  it('cannot name somebody like another person’s id', async () => {
    const email = `${issuer.url}#root`;

    const token = await issuer.sign({ sub: 'x', email, email_verified: true });

    expect((await hub.query(ME, {}, token)).data['me'].name).toBe(`${issuer.url}#x`);
  });

  it('may name groups that no role binding could name', async () => {
    const token = await issuer.sign({ sub: 'x', groups: ['a\u0000', 'b\ud800', '', 'ops'] });

    expect((await hub.query(ME, {}, token)).data['me'].groups).toEqual(['ops']);
  });

  it('leaves a sign-in in the audit log, as who was refused does', async () => {
    const sub = crypto.randomUUID();
    await hub.query(ME, {}, await issuer.sign({ sub }));
    await hub.query(ME, {}, await issuer.sign({ sub, groups: manyGroups(201) }));
    const db = new pg.Client({ connectionString: hub.databaseUrl });
    await db.connect();

    await eventually(async () => {
      const { rows } = await db.query('SELECT body::jsonb AS event FROM audit_events');
      const events = rows.map(({ event }) => event);
      expect(events).toContainEqual(
        expect.objectContaining({
          operation: 'signIn',
          outcome: 'DONE',
          actor: expect.objectContaining({ kind: 'USER', id: `${issuer.url}#${sub}` }),
        }),
      );
      expect(events).toContainEqual(
        expect.objectContaining({ operation: 'signIn', code: 'TOO_MANY_GROUPS' }),
      );
    });
    await db.end();
  });

  it('of somebody in too many groups is refused with the reason', async () => {
    const answers = [
      await hub.query(ME, {}, await issuer.sign({ sub: 'x', groups: manyGroups(201) })),
      await hub.query(
        ME,
        {},
        await issuer.sign({ sub: 'x', _claim_names: { groups: 'src1' }, _claim_sources: {} }),
      ),
    ];

    expect(answers.flatMap(codesOf)).toEqual(['TOO_MANY_GROUPS', 'TOO_MANY_GROUPS']);
  });
});

function manyGroups(count: number): string[] {
  return Array.from({ length: count }, () => crypto.randomUUID());
}

/** What a token looks like that nobody signed, or that was signed with a secret. */
function unsigned(header: object, claims: object, secret?: string): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${secret === undefined ? '' : createHmac('sha256', secret).update(text).digest('base64url')}`;
}

describe('nobody gets in', () => {
  const good = (): JWTPayload => ({
    iss: issuer.url,
    aud: TestIssuer.clientId,
    sub: 'jane',
    exp: nowS() + 300,
  });
  const publicKey = async (): Promise<string> => {
    const { keys } = (await (await fetch(`${issuer.url}/jwks`)).json()) as {
      keys: Parameters<typeof createLocalJWKSet>[0]['keys'];
    };
    return exportSPKI((await importJWK(keys[0]!, 'RS256')) as Parameters<typeof exportSPKI>[0]);
  };
  const another = (): object =>
    generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ format: 'jwk' });

  it.each<[string, () => Promise<string> | string]>([
    ['for another audience', () => issuer.sign({ sub: 'jane', aud: 'somebody' })],
    ['for nobody', () => issuer.sign({ sub: 'jane', aud: undefined })],
    ['of another issuer', () => issuer.sign({ sub: 'jane', iss: 'https://issuer.example' })],
    ['of no issuer', () => issuer.sign({ sub: 'jane', iss: undefined })],
    ['that has ended', () => issuer.sign({ sub: 'jane', exp: nowS() - 40 })],
    ['that never ends', () => issuer.sign({ sub: 'jane', exp: undefined })],
    ['that has not begun', () => issuer.sign({ sub: 'jane', nbf: nowS() + 60 })],
    ['of nobody', () => issuer.sign({})],
    ['of an empty name', () => issuer.sign({ sub: '' })],
    ['of a name with a NUL', () => issuer.sign({ sub: 'a\u0000b' })],
    ['of a name without end', () => issuer.sign({ sub: 'x'.repeat(256) })],
    ['of a number', () => issuer.sign({ sub: 7 as unknown as string })],
    ['with groups that are none', () => issuer.sign({ sub: 'jane', groups: [7] })],
    ['of another kind', () => issuer.sign({ sub: 'jane' }, { typ: 'logout+jwt' })],
    ['of a key that the issuer does not have', () => issuer.sign({ sub: 'jane' }, { kid: 'x' })],
    ['of a stranger’s key', () => issuer.sign({ sub: 'jane' }, {}, another())],
    ['that nobody signed', () => unsigned({ alg: 'none' }, good())],
    [
      'that nobody signed, with a key',
      () => unsigned({ alg: 'none', kid: issuer.key.kid }, good()),
    ],
    [
      'that took the public key for a secret',
      async () => unsigned({ alg: 'HS256', kid: issuer.key.kid }, good(), await publicKey()),
    ],
    [
      'that brings its key along',
      () => issuer.sign({ sub: 'jane' }, { kid: undefined, jwk: another() }, another()),
    ],
    ['that was changed', async () => changed(await issuer.tokenOf('jane'))],
    ['that is too long', () => issuer.sign({ sub: 'jane', more: 'x'.repeat(11_000) })],
    ['of an agent', agentsToken],
  ])('with a token %s', async (_what, make) => {
    const token = await make();

    const response = await fetch(`${hub.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: ME }),
    });

    expect(response.status).toBe(401);
    expect(await response.json()).toEqual(await nobodysAnswer());
  });

  it('and the log says why, once per reason', async () => {
    for (const sub of ['a', 'b', 'c'])
      await hub.query(ME, {}, await issuer.sign({ sub, exp: nowS() - 100 }));

    await eventually(() => expect(hub.log).toContain('"reason":"\\"exp\\" claim timestamp check'));
    expect(hub.log).toContain('unexpected \\"aud\\" claim value');
    expect(hub.log.split('\\"exp\\" claim timestamp').length).toBeLessThan(4);
    const metrics = await (await fetch(`${hub.url}/metrics`)).text();
    expect(metrics).toMatch(/^picket_access_refused_tokens_total [1-9]/m);
  });

  const changed = (token: string): string => {
    const [header, payload = '', signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const more = Buffer.from(JSON.stringify({ ...claims, groups: ['admins'] }));
    return [header, more.toString('base64url'), signature].join('.');
  };
  async function agentsToken(): Promise<string> {
    const { joinToken } = await hub.register(`c-${crypto.randomUUID().slice(0, 8)}`);
    const agent = await ProtocolAgent.create(hub);
    await agent.enrol(joinToken);
    return agent.accessToken(hub);
  }
  async function nobodysAnswer(): Promise<unknown> {
    const response = await fetch(`${hub.url}/graphql`, { method: 'POST' });
    return response.json();
  }
});

describe('an issuer', () => {
  it('may be away when the hub starts, and come back', async () => {
    const away = await TestIssuer.start();
    const token = await away.sign({ sub: 'jane' });
    await away.down();
    const late = await TestHub.start(settings(away));

    const before = await late.query(ME, {}, token);
    const ready = await fetch(`${late.url}/readyz`);
    await late.ask(ME);
    await away.up();

    expect(codesOf(before)).toEqual(['UNAUTHENTICATED']);
    expect(late.log).toContain('the issuer did not give its keys');
    expect(late.log).toContain('ECONNREFUSED');
    expect(ready.status).toBe(200);
    await eventually(async () => expect((await late.query(ME, {}, token)).errors).toEqual([]));
    await late.stop();
    await away.down();
  });

  it('changes its key, and the hub takes the new one and forgets the old one', async () => {
    const old = await issuer.sign({ sub: 'jane', name: 'old' });
    expect((await hub.query(ME, {}, old)).errors).toEqual([]);

    await issuer.rotate();

    await eventually(async () => {
      const fresh = await issuer.sign({ sub: 'jane' });
      expect((await hub.query(ME, {}, fresh)).errors).toEqual([]);
    });
    await eventually(async () =>
      expect(codesOf(await hub.query(ME, {}, old))).toEqual(['UNAUTHENTICATED']),
    );
  });

  it('with a certificate of its own authority is believed by that authority alone', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'picket-test-ca-'));
    const ca = path.join(dir, 'ca.pem');
    const tls = await certificateFor('issuer.test');
    await writeFile(ca, tls.cert);
    const encrypted = await TestIssuer.start({ tls });
    const token = await encrypted.sign({ sub: 'jane' });
    const [knows, knowsNot] = await Promise.all([
      TestHub.start({ ...settings(encrypted), OIDC_CA_FILE: ca }),
      TestHub.start(settings(encrypted)),
    ]);

    const answers = [await knows.query(ME, {}, token), await knowsNot.query(ME, {}, token)];

    expect(answers.map(codesOf)).toEqual([[], ['UNAUTHENTICATED']]);
    expect(knowsNot.log).toContain('self-signed certificate');
    await Promise.all([knows.stop(), knowsNot.stop(), rm(dir, { recursive: true })]);
    await encrypted.down();
  });

  it('is named, with the client to sign in as, to whoever asks', async () => {
    const response = await fetch(`${hub.url}/.well-known/picket`);

    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(await response.json()).toEqual({
      oidc: {
        issuer: issuer.url,
        clientId: TestIssuer.clientId,
        scopes: ['openid', 'email', 'profile', 'offline_access'],
      },
    });
  });
});
