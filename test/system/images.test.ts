import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { type Backends, describeShapes, eventually, type Data } from '../support/hub/index.ts';
import {
  type ImageProcess,
  ownerOf,
  readDockerfile,
  UnpackedImage,
} from '../support/images/index.ts';
import { startSimulatedCluster, type TestCluster } from '../support/kube/index.ts';
import { root } from './run-picket.ts';

jest.setTimeout(120_000);

const BLUEPRINT = `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: closed }
spec:
  namespacePolicies:
    - name: closed
      namespaceSelector: {}
      spec: { podSelector: {}, policyTypes: [Ingress] }
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: closed }
spec: { blueprint: closed, clusterSelector: {} }
`;

it.each(['hub', 'agent'])(
  'the image of the %s stands on the Node that the tests run on, as no root',
  async (name) => {
    const { devDependencies, version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));

    const spec = await readDockerfile(`${root}deploy/images/${name}.Dockerfile`);

    expect(spec.from).toBe(`node:${devDependencies.node}-bookworm-slim`);
    expect(spec.user).toBe('65532:65532');
    expect(spec.labels).toMatchObject({
      'org.opencontainers.image.title': `picket-${name}`,
      'org.opencontainers.image.version': version,
    });
  },
);

/** Both images, from their own files alone: a hub in two processes on real services, and an agent that joins it. */
describeShapes('the images', (start) => {
  let dir: string;
  let hub: UnpackedImage;
  let agent: UnpackedImage;
  let backends: Backends;
  let cluster: TestCluster;
  let settings: Record<string, string>;
  let owner: Record<string, string>;
  let adminToken: string;
  let url = '';
  const running: ImageProcess[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'picket-test-images-'));
    await chmod(dir, 0o755);
    [hub, agent, backends, cluster] = await Promise.all([
      UnpackedImage.unpack('hub'),
      UnpackedImage.unpack('agent'),
      start(),
      startSimulatedCluster(),
    ]);
    const keys = path.join(dir, 'keys');
    await promisify(execFile)('sh', [`${root}deploy/make-keys.sh`, keys]);
    adminToken = (await readFile(path.join(keys, 'admin-token'), 'utf8')).trim();
    for (const name of ['', 'signing-key.pem', 'token-secret', 'audit-key.pem', 'admin-token'])
      await chmod(path.join(keys, name), 0o555);
    const { MIGRATION_DATABASE_URL = '', ...env } = backends.env;
    owner = { MIGRATION_DATABASE_URL };
    settings = {
      ...env,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'warn',
      SIGNING_KEY_FILE: path.join(keys, 'signing-key.pem'),
      TOKEN_SECRET_FILE: path.join(keys, 'token-secret'),
    };
  });
  afterAll(async () => {
    for (const process of running) await process.stop();
    await Promise.all([hub?.remove(), agent?.remove(), cluster?.stop()]);
    await backends?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function ask(query: string, input: object): Promise<Data> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { input } }),
    });
    const { data, errors = [] } = (await response.json()) as { data: Data; errors?: unknown[] };
    expect(errors).toEqual([]);
    return data;
  }

  it('of the hub applies the migrations and ends, as often as it is asked', async () => {
    const asOwner = { ...settings, ...owner, LOG_LEVEL: 'info' };
    const first = hub.run(['main.migrate.mjs'], asOwner);
    const firstCode = await first.ended();
    const second = hub.run(['main.migrate.mjs'], asOwner);
    const secondCode = await second.ended();

    expect([firstCode, secondCode]).toEqual([0, 0]);
    expect(first.stderr).toContain('"applied":["0001-spine"');
    expect(second.stderr).toContain('"applied":[]');
  });

  it('of the hub runs the worker first and without a key of the agents’ door, then the API with the keys and the token that it is given', async () => {
    const worker = hub.run(['main.worker.mjs'], {
      ...settings,
      SIGNING_KEY_FILE: '/nonexistent/key',
      TOKEN_SECRET_FILE: '/nonexistent/secret',
      AUDIT_KEY_FILE: path.join(dir, 'keys/audit-key.pem'),
    });
    running.push(worker);
    const { url: workerUrl } = await worker.ready();
    const api = hub.run(hub.spec.cmd, {
      ...settings,
      BOOTSTRAP_TOKEN_FILE: path.join(dir, 'keys/admin-token'),
    });
    running.push(api);
    url = String((await api.ready())['url']);

    expect((await fetch(`${String(workerUrl)}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await hub.checkHealth({ PORT: new URL(url).port }).ended()).toBe(0);
    expect(await hub.checkHealth({ PORT: '1' }).ended()).toBe(1);
    const owner = await readFile(`/proc/${api.pid}/status`, 'utf8').catch(() => undefined);
    const { uid = process.getuid?.() } = ownerOf(hub.spec);
    if (owner !== undefined) expect(owner).toContain(`Uid:\t${uid}\t`);
    expect(api.stderr + worker.stderr).toBe('');
  });

  it('of the agent tells its usage and its version', async () => {
    const help = agent.run(agent.spec.cmd);
    const version = agent.run(['--version']);

    expect([await help.ended(), await version.ended()]).toEqual([0, 0]);
    expect(help.stdout).toContain('--token-file FILE');
    expect(version.stdout).toBe(`${agent.spec.labels['org.opencontainers.image.version']}\n`);
  });

  it('of the agent joins the hub and holds a blueprint on a cluster', async () => {
    const { registerCluster } = await ask(
      'mutation ($input: RegisterClusterInput!) { registerCluster(input: $input) { joinToken } }',
      { project: 'default', name: 'one', labels: {} },
    );
    await ask(
      'mutation ($input: ApplyDocumentsInput!) { applyDocuments(input: $input) { problems { message } } }',
      { yaml: BLUEPRINT, project: 'default' },
    );
    await cluster.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
    });
    await writeFile(path.join(dir, 'join'), registerCluster.joinToken, { mode: 0o444 });
    await writeFile(path.join(dir, 'kubeconfig'), cluster.kubeconfig(), { mode: 0o444 });
    await mkdir(path.join(dir, 'state'));
    const { uid, gid } = ownerOf(agent.spec);
    if (uid !== undefined && gid !== undefined) await chown(path.join(dir, 'state'), uid, gid);

    const options = {
      '--hub': url,
      '--token-file': path.join(dir, 'join'),
      '--kubeconfig': path.join(dir, 'kubeconfig'),
      '--state-dir': path.join(dir, 'state'),
    };
    const process = agent.run(Object.entries(options).flat());
    running.push(process);
    await process.ready();

    const policy = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/closed';
    await eventually(async () => expect((await cluster.client.get(policy)).status).toBe(200));
  });

  it('end in order when they are asked to', async () => {
    const codes = await Promise.all(running.splice(0).map((process) => process.stop()));

    expect(codes).toEqual([0, 0, 0]);
  });
});
