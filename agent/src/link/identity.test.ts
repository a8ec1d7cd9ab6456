import { createPublicKey, verify } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { Identity } from './identity.ts';
import { MemoryStore } from './memory-store.fake.ts';

const clusterId = '11111111-1111-4111-8111-111111111111';
const hubKeys = [{ keyId: 'k', publicKey: 'p' }];

function isSigned(identity: Identity, text: string, signature: string): boolean {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: identity.publicKey },
    format: 'jwk',
  });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}

describe('Identity', () => {
  it('makes a key once, and is the same after a restart', async () => {
    const store = new MemoryStore();
    const first = await Identity.load(store);
    await first.enrolled({ clusterId, hubKeys }, 'join-token');

    const second = await Identity.load(store);

    expect(second).toMatchObject({ publicKey: first.publicKey, clusterId });
    expect(second.pinned).toEqual({ keys: hubKeys, counter: null });
    expect(second.isFrom('join-token')).toBe(true);
    expect(second.isFrom('another-token')).toBe(false);
  });

  it('proves that it holds the key: for a join token, and for a minute', async () => {
    const identity = await Identity.load(new MemoryStore());
    await identity.enrolled({ clusterId, hubKeys });

    const proof = identity.proofFor('join-token');
    const [header = '', claims = '', signature = ''] = identity.assertion(5_000_500).split('.');

    const joined = `picket.enrol.v1\njoin-token\n${identity.publicKey}`;
    expect(isSigned(identity, joined, proof)).toBe(true);
    expect(isSigned(identity, `${header}.${claims}`, signature)).toBe(true);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      iss: clusterId,
      sub: clusterId,
      aud: 'picket-hub',
      iat: 5_000,
      exp: 5_060,
    });
  });

  it('keeps neither the join token nor anything of the old identity when it is renewed', async () => {
    const store = new MemoryStore();
    const identity = await Identity.load(store);
    const old = identity.publicKey;
    await identity.enrolled({ clusterId, hubKeys }, 'join-token');
    const stored = store.texts.get('identity');

    await identity.renew();

    expect(stored).not.toContain('join-token');
    expect(identity.publicKey).not.toBe(old);
    expect(identity).toMatchObject({ clusterId: null, pinned: { keys: [], counter: null } });
    expect((await Identity.load(store)).publicKey).toBe(identity.publicKey);
  });

  it('pins other keys, also after a restart; one that cannot keep them goes on with the old ones', async () => {
    const store = new MemoryStore();
    const identity = await Identity.load(store);
    await identity.enrolled({ clusterId, hubKeys, keysCounter: 3 }, 'join-token');
    const next = { keys: [{ keyId: 'next', publicKey: 'n' }], counter: 4 };

    store.write = () => Promise.reject(new Error('full'));
    await expect(identity.pin(next)).rejects.toThrow('full');
    expect(identity.pinned).toEqual({ keys: hubKeys, counter: 3 });
    store.write = MemoryStore.prototype.write.bind(store);
    await identity.pin(next);

    expect((await Identity.load(store)).pinned).toEqual(next);
    expect(identity.isFrom('join-token')).toBe(true);
  });

  it('of before key statements is read, and knows not where it stands', async () => {
    const store = new MemoryStore();
    const identity = await Identity.load(store);
    await identity.enrolled({ clusterId, hubKeys, keysCounter: 3 });
    const { keysCounter: _later, ...before } = JSON.parse(store.texts.get('identity') ?? '');
    await store.write('identity', JSON.stringify(before));

    expect((await Identity.load(store)).pinned).toEqual({ keys: hubKeys, counter: null });
  });

  it.each(['', '{}', '{"privateKey":"x","clusterId":null,"hubKeys":[]}'])(
    'says what to do when the stored one is %j, and makes no new one by itself',
    async (text) => {
      const store = new MemoryStore();
      await store.write('identity', text);

      await expect(Identity.load(store)).rejects.toThrow('Delete it and give the agent a new join');
      expect(store.texts.get('identity')).toBe(text);
    },
  );
});
