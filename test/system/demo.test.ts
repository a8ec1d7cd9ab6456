import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, describe, expect, it, jest } from '@jest/globals';

import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';
import { eventually } from '../support/hub/index.ts';
import { type Outcome, root, runPicket } from './run-picket.ts';
import { RunningProgram } from './running-program.ts';

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

    const people = first.stdout.slice(first.stdout.indexOf('Three people'));
    expect(people).toMatch(/^ +platform +\S.* 3 +[0-9a-f]{12} +yes +FORBIDDEN$/m);
    expect(people).toMatch(/^ +shop +\S.* 2 +FORBIDDEN +FORBIDDEN +FORBIDDEN$/m);
    expect(people).toMatch(/^ +auditor +\S.* 3 +[0-9a-f]{12} +FORBIDDEN +\d+ events$/m);
    expect(people).toMatch(/had the policy after \d+ ms/);
    expect(people).toMatch(/0\.0\.0\.0\/0: refused/);
    expect(people).toContain('shop saveNamespacePolicy shop/web-to-cart done');
    expect(people).toContain('shop labelCluster refused (FORBIDDEN)');

    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).toContain('Blueprint zero-trust-baseline: unchanged');
    expect(second.stdout).toMatch(/staging-1 .+ applied .+ 8 policies in sandbox, shop\n/);
  });
});

// The kubectl that comes with the real API server.
describeWith(kubeApiserver, 'what the demo says to try next', () => {
  it('works as it is printed', async () => {
    const stateDir = join(folder, "somebody's state");
    const env = { HOME: folder };
    const demo = new RunningProgram(
      process.execPath,
      ['apps/cli/dist/picket.js', 'demo', '--state-dir', stateDir],
      env,
    );
    await demo.says('Ctrl-C stops it');
    const commands = demo.stdout.split('\n').filter((line) => line.startsWith('    '));

    const outcomes = new Map<string, Outcome>();
    for (const command of commands) outcomes.set(command, await runInShell(command, env));
    const last = commands.at(-1) ?? '';
    await eventually(async () => {
      expect((await runInShell(last, env)).stdout).toMatch(/picket-default-deny/);
    });
    demo.pressCtrlC();
    await demo.ended();

    expect(commands).toHaveLength(10);
    for (const [command, { code, stdout, stderr }] of outcomes)
      expect([command, code, stdout === '' ? stderr : '']).toEqual([command, 0, '']);
    const printed = [...outcomes.values()].map(({ stdout }) => stdout).join('');
    expect(printed).toMatch(/^prod-eu-1 +applied +15 /m);
    expect(printed).toMatch(/^ClusterNetworkPolicy .+ tenant-isolation-shop /m);
    expect(printed).toMatch(/^payments +picket-default-deny +<none> /m);
    expect(printed).toContain('networkpolicy.networking.k8s.io "picket-default-deny" deleted');
    expect(printed).toContain('namespace/cart labeled');
    expect(printed).toMatch(/^NamespacePolicy:write .*shop/m);
    expect(printed).toMatch(/web-to-cart/);
    expect(printed).toMatch(/saveNamespacePolicy/);
  });
});

function runInShell(command: string, env: Readonly<Record<string, string>>): Promise<Outcome> {
  const path = [
    `${root}node_modules/.bin`,
    process.env['PICKET_TEST_KUBE_ASSETS'],
    process.env['PATH'],
  ];
  return new Promise((resolve) => {
    execFile(
      '/bin/sh',
      ['-c', command],
      { cwd: root, env: { ...env, PATH: path.join(delimiter) } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}
