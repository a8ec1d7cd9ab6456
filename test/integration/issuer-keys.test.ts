import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { pino } from 'pino';

import { IssuerAway, IssuerKeys } from '../../apps/control-plane/src/access/issuer-keys.ts';
import { eventually } from '../support/hub/eventually.ts';
import { TestIssuer } from '../support/oidc/index.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const DISCOVERY = '/.well-known/openid-configuration';

let issuer: TestIssuer;
let keys: IssuerKeys;

beforeEach(async () => {
  issuer = await TestIssuer.start();
  keys = new IssuerKeys(issuer.url, undefined, pino({ level: 'silent' }));
});
afterEach(async () => {
  await issuer.down();
  await keys.close();
});

/** Looks for the key of a token, so long after the start. */
async function find(token: string, nowMs: number): Promise<unknown> {
  const [, payload = '', signature = ''] = token.split('.');
  return keys.find(
    nowMs,
    { alg: 'RS256', ...decodeProtectedHeader(token) },
    { payload, signature },
  );
}
const asked = (): number => issuer.asked.get(DISCOVERY) ?? 0;

it('asks once for many tokens, at once or one after the other', async () => {
  const token = await issuer.sign({ sub: 'jane' });

  await Promise.all([find(token, 0), find(token, 0), find(token, 1)]);
  await find(token, 60 * SECOND);

  expect(asked()).toBe(1);
});

it('asks an issuer that is away once in ten seconds, and finds it when it is back', async () => {
  const token = await issuer.sign({ sub: 'jane' });
  await issuer.down();

  await expect(find(token, 0)).rejects.toThrow(IssuerAway);
  await issuer.up();
  await expect(find(token, 9 * SECOND)).rejects.toThrow('ECONNREFUSED');
  await find(token, 10 * SECOND);

  expect(asked()).toBe(1);
});

it('asks for keys that it does not know once in ten seconds, whatever many tokens claim', async () => {
  await find(await issuer.sign({ sub: 'jane' }), 0);
  const forged = await issuer.sign({ sub: 'jane' }, { kid: 'forged' });

  for (const nowMs of [1, 2, 10 * SECOND, 10 * SECOND + 1, 19 * SECOND])
    await expect(find(forged, nowMs)).rejects.toThrow('no applicable key');

  expect(asked()).toBe(2);
});

it('finds a new key, and forgets an old one with it', async () => {
  const old = await issuer.sign({ sub: 'jane' });
  await find(old, 0);
  await issuer.rotate();

  await find(await issuer.sign({ sub: 'jane' }), 10 * SECOND);

  await expect(find(old, 10 * SECOND)).rejects.toThrow('no applicable key');
});

it('forgets a key that the issuer has withdrawn, without a token of a newer one', async () => {
  const old = await issuer.sign({ sub: 'jane' });
  await find(old, 0);
  await issuer.rotate();

  await find(old, 301 * SECOND); // asks beside it
  await eventually(() => expect(asked()).toBe(2));

  await eventually(() => expect(find(old, 302 * SECOND)).rejects.toThrow('no applicable key'));
});

it('keeps its keys for a day while the issuer is away', async () => {
  const token = await issuer.sign({ sub: 'jane' });
  await find(token, 0);
  await issuer.down();

  await find(token, DAY);

  await expect(find(token, DAY + 11 * SECOND)).rejects.toThrow(IssuerAway);
});

it('goes on when the clock was set back', async () => {
  const token = await issuer.sign({ sub: 'jane' });
  await issuer.down();
  await expect(find(token, DAY)).rejects.toThrow(IssuerAway);
  await issuer.up();

  await find(token, 0);
});

it('takes nobody for the issuer who calls himself otherwise', async () => {
  keys = new IssuerKeys(`${issuer.url}/`, undefined, pino({ level: 'silent' }));

  await expect(find(await issuer.sign({ sub: 'jane' }), 0)).rejects.toThrow('it calls itself');
});
