import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FolderStore } from './state-store.ts';

describe('FolderStore', () => {
  let folder: string;
  let store: FolderStore;

  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), 'picket-state-')), 'deep');
    store = new FolderStore(folder);
  });
  afterEach(() => rm(path.dirname(folder), { recursive: true, force: true }));

  it('knows nothing at first, and reads back what was written last', async () => {
    const before = await store.read('identity');
    await store.write('identity', 'one');
    await store.write('identity', 'two ✓');

    expect(before).toBeUndefined();
    expect(await store.read('identity')).toBe('two ✓');
  });

  it('keeps secrets from other users, and leaves no draft behind', async () => {
    await store.write('identity', 'secret');

    expect((await stat(path.join(folder, 'identity'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readdir(folder)).toEqual(['identity']);
  });

  it('takes writes at the same time in the order of their asking', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);

    await Promise.all(texts.map((text) => store.write('spool', text)));

    expect(await readFile(path.join(folder, 'spool'), 'utf8')).toBe('19');
  });

  it('says when it cannot write, and can write again later', async () => {
    const blocked = new FolderStore('/dev/null/nowhere');

    await expect(blocked.write('set', 'x')).rejects.toThrow('ENOTDIR');
    await expect(blocked.write('set', 'x')).rejects.toThrow('ENOTDIR');
  });
});
