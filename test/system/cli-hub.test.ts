import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';

import { type Outcome, root, runPicket } from './run-picket.ts';
import { RunningProgram } from './running-program.ts';

jest.setTimeout(180_000);

const folder = mkdtempSync(join(tmpdir(), 'picket-cli-'));
const documents = join(folder, 'documents');
let hub: RunningProgram;

function picket(...args: string[]): Promise<Outcome> {
  return runPicket(args, { cwd: folder });
}

function write(description: string): void {
  writeFileSync(
    documents,
    `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: web }
spec:
  description: ${description}
  namespacePolicies:
    - name: default-deny
      namespaceSelector: {}
      spec: { podSelector: {}, policyTypes: [Ingress] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: everywhere }
spec: { blueprint: web, clusterSelector: { matchLabels: { tier: prod } } }
`,
  );
}

function shapeOf(outcome: Outcome | undefined): string[] {
  const [first] = JSON.parse(outcome?.stdout ?? '') as object[];
  return Object.keys(first ?? {}).toSorted();
}

/** Bash, whose `pipefail` tells what each end of a pipe came to. */
function inShell(script: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      'bash',
      ['-o', 'pipefail', '-c', script],
      { cwd: folder, env: { PATH: process.env['PATH'], HOME: '/nonexistent' } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

beforeAll(async () => {
  const stateDir = join(folder, '.picket');
  hub = new RunningProgram(process.execPath, [
    'apps/cli/dist/picket.js',
    'up',
    '--state-dir',
    stateDir,
  ]);
  await hub.says('Ctrl-C stops it');
});

afterAll(async () => {
  hub.pressCtrlC();
  await hub.ended();
  rmSync(folder, { recursive: true, force: true });
});

describe('picket, with a hub', () => {
  it('applies documents once, and tells what differs before and after', async () => {
    write('first');
    const before = await picket('diff', '-f', documents);
    const dryRun = await picket('apply', '-f', documents, '--dry-run');
    const applied = await picket('apply', '-f', documents);
    const again = await picket('apply', '-f', documents, '-o', 'json');
    const none = await picket('diff', '-f', documents);
    write('second');
    const after = await picket('diff', '-f', documents);

    expect(before).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('+  description: first'),
    });
    expect(dryRun.stdout).toMatch(/WOULD BE[^]*web +created[^]*everywhere +created/);
    expect(applied).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/web +created[^]*everywhere +created/),
    });
    expect(applied.stderr).toMatch(/warning: Assignment\/everywhere: /);
    expect(JSON.parse(again.stdout)).toMatchObject([
      { action: 'UNCHANGED' },
      { action: 'UNCHANGED' },
    ]);
    expect(none).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(after.code).toBe(1);
    expect(after.stdout).toContain('-  description: first\n+  description: second\n');
  });

  it('lists every problem of every document and applies nothing', async () => {
    const bad = join(folder, 'bad.yaml');
    writeFileSync(
      bad,
      `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: good }
spec: { description: fine }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: Bad_Name }
spec: { blueprint: web, clusterSelector: { matchLabel: {} } }
`,
    );

    const { code, stderr } = await picket('apply', '-f', bad);
    const blueprints = await picket('get', 'blueprints', '-o', 'json');

    expect(code).toBe(2);
    expect(stderr).toMatch(/bad\.yaml:8: Assignment\/Bad_Name metadata\.name: /);
    expect(stderr).toMatch(/bad\.yaml:9: Assignment\/Bad_Name spec\.clusterSelector/);
    expect(stderr).toContain('Nothing was applied.');
    expect(blueprints.stdout).not.toContain('"good"');
  });

  it('registers a cluster once, with a manifest for kubectl and labels to select by', async () => {
    const registered = await picket(
      'cluster',
      'register',
      'prod-eu-1',
      '-l',
      'tier=prod',
      '-l',
      'region=eu',
    );
    const twice = await picket('cluster', 'register', 'prod-eu-1');
    const token = await picket('cluster', 'register', 'prod-eu-1', '--reissue', '-o', 'token');
    const selected = await picket(
      'get',
      'clusters',
      '-l',
      'tier=prod,region in (eu)',
      '-o',
      'json',
    );
    const others = await picket('get', 'clusters', '-l', 'tier!=prod', '-o', 'json');

    expect(registered.stdout).toMatch(/^kind: Deployment$/m);
    expect(registered.stderr).toContain('works once, until');
    expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining('CLUSTER_EXISTS') });
    expect(token.stdout).toMatch(/^picket_join_\S+\n$/);
    expect(JSON.parse(selected.stdout)).toMatchObject([
      { name: 'prod-eu-1', labels: { tier: 'prod', region: 'eu' } },
    ]);
    expect(JSON.parse(others.stdout)).toEqual([]);
  });

  it('reads lists that are longer than a page', async () => {
    const names = Array.from(
      { length: 205 },
      (_, index) => `many-${String(index).padStart(3, '0')}`,
    );
    const { url, tokenFile } = JSON.parse(
      readFileSync(join(folder, '.picket/connection.json'), 'utf8'),
    );
    const mutations = names.map(
      (name, index) => `c${index}: registerCluster(input: { name: "${name}" }) { expiresAt }`,
    );
    while (mutations.length > 0)
      await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ query: `mutation { ${mutations.splice(0, 5).join(' ')} }` }),
      });

    const { stdout } = await picket('get', 'clusters', '-o', 'json');

    const found = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
    expect(found.filter((name) => name.startsWith('many-'))).toEqual(names);
  });

  it('keeps the shapes that scripts read', async () => {
    const [clusters, blueprints, assignments, status] = await Promise.all(
      ['clusters', 'blueprints', 'assignments', 'status'].map((what) =>
        picket('get', what, '-o', 'json'),
      ),
    );
    const yaml = await picket('get', 'assignments', '-o', 'yaml');

    expect(shapeOf(clusters)).toEqual([
      'agentVersion',
      'id',
      'labels',
      'lastSeenAt',
      'name',
      'project',
      'state',
      'status',
    ]);
    expect(shapeOf(blueprints)).toEqual(['name', 'newestVersion', 'project']);
    expect(shapeOf(assignments)).toEqual([
      'blueprint',
      'clusterSelector',
      'name',
      'parameters',
      'project',
      'version',
    ]);
    expect(shapeOf(status)).toEqual(['lastSeenAt', 'name', 'project', 'status']);
    expect(JSON.parse(status?.stdout ?? '')[0].status).toEqual({
      phase: 'UNKNOWN',
      reason: null,
      desiredDigest: null,
      appliedDigest: null,
      counts: { applied: 0, pending: 0, failed: 0, drifted: 0 },
      problems: [],
    });
    expect(parse(yaml.stdout)).toEqual(JSON.parse(assignments?.stdout ?? ''));
  });

  it('does not mind a reader that goes early, and has no colours to leave out', async () => {
    const { code, stdout, stderr } = await inShell(
      `'${process.execPath}' '${root}apps/cli/dist/picket.js' get clusters -o json | head -n 1`,
    );

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '[\n', stderr: '' });
    expect((await picket('get', 'clusters')).stdout).not.toContain('\u001b');
  });

  it('tells apart what a script must tell apart', async () => {
    expect(await picket('get', 'status', 'prod-eu-1')).toMatchObject({ code: 0 });
    expect(await picket('get', 'status', 'prod-eu-1', '--wait', '1')).toMatchObject({ code: 1 });
    expect(await picket('get', 'status', 'nowhere')).toMatchObject({ code: 3 });
    expect(await picket('policy-set', 'nowhere')).toMatchObject({ code: 3 });
    expect(await picket('get', 'clusters', '-l', 'tier in (')).toMatchObject({ code: 2 });
    expect(await picket('cluster', 'revoke', 'prod-eu-1')).toMatchObject({
      code: 0,
      stdout: 'Cluster prod-eu-1 is revoked\n',
    });
  });

  it('remembers a login that the hub accepts, and no other', async () => {
    const { url, tokenFile } = JSON.parse(
      readFileSync(join(folder, '.picket/connection.json'), 'utf8'),
    );
    const home = mkdtempSync(join(tmpdir(), 'picket-home-'));
    const env = { HOME: home };

    const refused = await runPicket(['login', url], { env, input: 'picket_wrong\n' });
    const before = await runPicket(['get', 'blueprints'], { env, cwd: home });
    const accepted = await runPicket(['login', url, '--token-file', tokenFile], { env });
    const after = await runPicket(['get', 'blueprints'], { env, cwd: home });

    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('UNAUTHENTICATED') });
    expect(before.code).toBe(2);
    expect(accepted.code).toBe(0);
    expect(after).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web +v1 +active/m) });
  });
});
