import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import { sha256Hex } from '@picket/kernel';

import { MemoryStore } from '../link/memory-store.fake.ts';
import { type Owned, readLastSet, writeLastSet } from './last-set.ts';

const text = '{"format":1,"objects":[],"templates":[]}';
const grant = {
  clusterId: '11111111-1111-4111-8111-111111111111',
  sequence: 3,
  digest: sha256Hex(text),
  notAfter: 1,
  keyId: 'k',
  signature: 'c2ln',
};

describe('the last set', () => {
  it('is read back whole, also when its grant has ended long ago', async () => {
    const store = new MemoryStore();
    const owned: Owned[] = [
      ['b', 'desired', 'live'],
      ['a', '', ''],
    ];
    const last = { grant, text, owned, atMs: 17, approvedAtMs: 5 };

    await writeLastSet(store, last);

    expect(await readLastSet(store)).toEqual(last);
  });

  it('is none when there is none, or when its text is not what the grant names', async () => {
    const store = new MemoryStore();
    const before = await readLastSet(store);
    await writeLastSet(store, { grant, text: `${text} `, owned: [], atMs: 0, approvedAtMs: 0 });

    expect(before).toBeUndefined();
    expect(await readLastSet(store)).toBeUndefined();
  });

  it('is read as an agent of before left it, without the time', async () => {
    const store = new MemoryStore();
    const plain = JSON.stringify({ grant, text, owned: [] });
    await store.write('set', gzipSync(plain).toString('base64'));

    expect(await readLastSet(store)).toEqual({ grant, text, owned: [], atMs: 0, approvedAtMs: 0 });
  });

  it('says so when it is damaged', async () => {
    const store = new MemoryStore();
    await store.write('set', 'bm9uc2Vuc2U=');

    await expect(readLastSet(store)).rejects.toThrow('incorrect header check');
  });

  it('packs the inventory of a large cluster', async () => {
    const store = new MemoryStore();
    const owned = Array.from({ length: 30_000 }, (_, index): Owned => {
      const print = sha256Hex(`${index % 3}`);
      return [`networking.k8s.io/v1/NetworkPolicy namespace-${index % 10_000}/deny`, print, print];
    });

    await writeLastSet(store, { grant, text, owned, atMs: 0, approvedAtMs: 0 });

    expect(store.texts.get('set')?.length).toBeLessThan(1_000_000);
  });
});
