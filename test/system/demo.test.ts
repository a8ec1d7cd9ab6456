import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it, jest } from '@jest/globals';

import { runPicket } from './run-picket.ts';

jest.setTimeout(180_000);

const folder = mkdtempSync(join(tmpdir(), 'picket-demo-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('picket demo', () => {
  it('tells what came of a blueprint on three clusters, and finds its state the second time', async () => {
    const first = await runPicket(['demo', '--once'], { cwd: folder });
    const second = await runPicket(['demo', '--once'], { cwd: folder });

    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toContain('Blueprint zero-trust-baseline: created');
    for (const [cluster, where] of [
      ['prod-eu-1', '8 policies in payments, shop'],
      ['prod-us-1', '4 policies in shop'],
      ['staging-1', '8 policies in sandbox, shop'],
    ])
      expect(first.stdout).toMatch(
        new RegExp(String.raw`${cluster} +\S+ +applied +[0-9a-f]{12} +6 policies +${where}\n`),
      );
    expect(first.stdout).toMatch(/was back after \d+ ms/);
    expect(first.stdout).toMatch(/had its policies after \d+ ms/);

    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).toContain('Blueprint zero-trust-baseline: unchanged');
    expect(second.stdout).toMatch(/staging-1 .+ applied .+ 8 policies in sandbox, shop\n/);
  });
});
