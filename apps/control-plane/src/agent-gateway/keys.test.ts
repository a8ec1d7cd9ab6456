import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { grantBytes } from '@picket/agent-protocol';

import { loadConfig } from '../config/config.ts';
import { type GatewayKeys, loadKeys } from './keys.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'picket-keys-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const at = (name: string): string => path.join(dir, name);
const load = (): Promise<GatewayKeys> =>
  loadKeys(
    loadConfig({
      DATABASE_URL: 'postgres://db/x',
      SIGNING_KEY_FILE: at('signing.pem'),
      TOKEN_SECRET_FILE: at('secret'),
    }),
  );

describe('the keys of the agents’ door', () => {
  it('are made once, readable by their owner alone, and found again; also by replicas that start at once', async () => {
    const all = await Promise.all([load(), load(), load()]);
    const again = await load();

    expect(new Set([...all, again].map(({ keyId }) => keyId)).size).toBe(1);
    expect(
      new Set([...all, again].map(({ tokenSecret }) => Buffer.from(tokenSecret).toString())).size,
    ).toBe(1);
    for (const name of ['signing.pem', 'secret'])
      expect((await stat(at(name))).mode & 0o777).toBe(0o600);
    expect((await readdir(dir)).toSorted()).toEqual(['secret', 'signing.pem']);
  });

  it('are never read half written, whoever makes them', async () => {
    for (let round = 0; round < 50; round++) {
      await Promise.all(['signing.pem', 'secret'].map((name) => rm(at(name), { force: true })));

      const all = await Promise.all(Array.from({ length: 16 }, load));

      expect(new Set(all.map(({ keyId }) => keyId)).size).toBe(1);
    }
  });

  it('are taken from a variable that a secret store fills, and no file is made', async () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    const { keyId, keys, counter } = await loadKeys(
      loadConfig({
        DATABASE_URL: 'postgres://db/x',
        SIGNING_KEY: pem.toString(),
        TOKEN_SECRET_FILE: at('secret'),
      }),
    );

    expect({ keys: keys.map((key) => key.keyId), counter }).toEqual({ keys: [keyId], counter: 0 });
    expect(await readdir(dir)).toEqual(['secret']);
  });

  it('sign exactly the bytes of a grant', async () => {
    const keys = await load();
    const { signature, ...grant } = keys.sign({
      clusterId: '7d0f4a3e-7c33-4a35-9b6a-111111111111',
      sequence: 3,
      digest: 'a'.repeat(64),
      notAfter: 9,
    });
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: keys.publicKey },
      format: 'jwk',
    });
    const holds = (value: typeof grant): boolean =>
      verify(null, Buffer.from(grantBytes(value)), key, Buffer.from(signature, 'base64url'));

    expect(holds(grant)).toBe(true);
    expect(holds({ ...grant, sequence: 4 })).toBe(false);
  });

  it.each([
    [
      'another kind of key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
      'x'.repeat(48),
      'no Ed25519',
    ],
    [
      'a short secret',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'short',
      'less than 32 bytes',
    ],
  ])('are refused, and left alone: %s', async (_what, pem, secret, words) => {
    await writeFile(at('signing.pem'), pem);
    await writeFile(at('secret'), secret);

    await expect(load()).rejects.toThrow(words);
    expect(await readFile(at('secret'), 'utf8')).toBe(secret);
  });
});
