import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { lockState } from './state-lock.ts';

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'picket-lock-'));
}

describe('lockState', () => {
  it('refuses a second holder and names the first', async () => {
    const folder = temporaryFolder();
    const lock = await lockState(folder);

    await expect(lockState(folder)).rejects.toThrow(`process ${process.pid}`);

    lock.release();
  });

  it('can be taken again after it was released', async () => {
    const folder = temporaryFolder();
    (await lockState(folder)).release();

    const lock = await lockState(folder);

    lock.release();
  });

  it('is free again when its holder was killed', async () => {
    const folder = temporaryFolder();
    const source = `
      const { lockState } = await import(${JSON.stringify(import.meta.resolve('./state-lock.ts'))});
      await lockState(${JSON.stringify(folder)});
      process.send('locked');
      setInterval(() => {}, 60_000);`;
    const holder = fork('data:text/javascript,0', {
      execArgv: ['--input-type=module', '--eval', source],
    });
    await once(holder, 'message');
    await expect(lockState(folder)).rejects.toThrow(`process ${holder.pid}`);

    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const lock = await lockState(folder);

    lock.release();
  });
});
