import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from '@jest/globals';

import { ChildService } from './child-service.ts';

function start(source: string): { service: ChildService; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'picket-child-'));
  const script = join(folder, 'service.mjs');
  writeFileSync(script, source);
  const service = new ChildService({
    title: 'The service',
    script: pathToFileURL(script),
    env: { ...process.env, PLACE: folder },
    logFile: join(folder, 'service.log'),
  });
  return { service, folder };
}

const lasting = `
  import { writeFileSync } from 'node:fs';
  process.on('SIGTERM', () => { writeFileSync(process.env.PLACE + '/stopped', ''); process.exit(0); });
  setInterval(() => {}, 60_000);
  console.log('a line before');
  console.log(JSON.stringify({ ready: true, url: 'http://here' }));`;

describe('ChildService', () => {
  it('answers what the process says when it is ready, and stops it gently', async () => {
    const { service, folder } = start(lasting);

    const answer = await service.ready(30_000);
    await service.stop();

    expect(answer).toMatchObject({ url: 'http://here' });
    expect(existsSync(join(folder, 'stopped'))).toBe(true);
    expect(readFileSync(join(folder, 'service.log'), 'utf8')).toContain('a line before');
  });

  it('tells the last words of a process that ends before it is ready', async () => {
    const { service } = start(`console.error('no port'); process.exit(3);`);

    await expect(service.ready(30_000)).rejects.toThrow(
      /The service ended by itself \(3\)[^]*no port/,
    );
  });

  it('tells when a process that was ready ends by itself', async () => {
    const { service } = start(
      `console.log('{"ready":true}'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);`,
    );

    await service.ready(30_000);

    await expect(service.died).resolves.toContain('The service ended by itself (SIGKILL)');
  });
});
