import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { endWithUs } from '../../../apps/cli/src/embedded/end-with-us.ts';
import { freePort } from '../services/free-port.ts';
import { clusterNetworkPolicyCrd } from './cluster-network-policy-crd.ts';
import { findKubeAssets } from './kube-assets.ts';
import { AGENT_USER, newToken, testCluster } from './test-cluster.ts';
import type { ClusterOptions, TestCluster } from './test-cluster.ts';

const START_DEADLINE_MS = 120_000;

/** A kube-apiserver with etcd and controllers of its own, in a temporary folder, on loopback. */
export async function startRealCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const assets = await findKubeAssets();
  const dir = await mkdtemp(path.join(tmpdir(), 'picket-test-kube-'));
  const programs: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const program of programs.toReversed()) await end(program);
    await rm(dir, { recursive: true, force: true });
  };
  const start = (name: string, args: Record<string, string>): void => {
    const log = openSync(path.join(dir, `${name}.log`), 'w');
    const flags = Object.entries(args).map(([flag, value]) => `--${flag}=${value}`);
    const program = spawn(path.join(assets, name), flags, {
      cwd: dir,
      stdio: ['ignore', log, log],
    });
    endWithUs(program);
    programs.push(program);
  };

  try {
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const etcd = `http://127.0.0.1:${etcdPort}`;
    start('etcd', {
      'data-dir': path.join(dir, 'etcd'),
      'listen-client-urls': etcd,
      'advertise-client-urls': etcd,
      'listen-peer-urls': `http://127.0.0.1:${peerPort}`,
    });

    const [adminToken, agentToken] = [newToken(), newToken()];
    const tokens = `${adminToken},admin,admin,system:masters\n${agentToken},${AGENT_USER},${AGENT_USER}\n`;
    await writeFile(path.join(dir, 'tokens.csv'), tokens, { mode: 0o600 });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' });
    await writeFile(path.join(dir, 'sa.key'), pem, { mode: 0o600 });
    start('kube-apiserver', {
      'etcd-servers': etcd,
      'bind-address': '127.0.0.1',
      'secure-port': `${port}`,
      'cert-dir': path.join(dir, 'certs'),
      'token-auth-file': path.join(dir, 'tokens.csv'),
      'authorization-mode': 'RBAC',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': path.join(dir, 'sa.key'),
      'service-account-signing-key-file': path.join(dir, 'sa.key'),
      'service-cluster-ip-range': '10.0.0.0/24',
      'endpoint-reconciler-type': 'none',
    });

    const url = `https://127.0.0.1:${port}`;
    const certificate = path.join(dir, 'certs', 'apiserver.crt');
    await until('the certificate', programs, dir, () => Promise.resolve(existsSync(certificate)));
    const ca = await readFile(certificate, 'utf8');
    const cluster = testCluster({ kind: 'real', url, ca, adminToken, agentToken, stop });
    const answers = (at: string) => (): Promise<boolean> =>
      cluster.client.get(at).then(
        ({ status }) => status === 200,
        () => false,
      );
    await until('the API server', programs, dir, answers('/readyz'));

    if (existsSync(path.join(assets, 'kube-controller-manager'))) {
      await writeFile(path.join(dir, 'kubeconfig'), cluster.kubeconfig(), { mode: 0o600 });
      start('kube-controller-manager', {
        kubeconfig: path.join(dir, 'kubeconfig'),
        controllers: 'namespace,garbagecollector,serviceaccount,serviceaccount-token',
        'service-account-private-key-file': path.join(dir, 'sa.key'),
        'leader-elect': 'false',
        port: '0',
        'secure-port': '0',
      });
    }
    for (const crd of options.crds ?? [clusterNetworkPolicyCrd]) {
      const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      const { status, body } = await cluster.client.create(crds, crd);
      if (status !== 201) throw new Error(`${crd.metadata.name}: ${String(body['message'])}`);
      const { group, versions, names } = body['spec'];
      const groupVersion = `/apis/${group}/${versions[0].name}`;
      // The objects are served a moment before the list of kinds tells of them.
      await until(crd.metadata.name, programs, dir, async () => {
        const { status: served } = await cluster.client.get(`${groupVersion}/${names.plural}`);
        const { body: list } = await cluster.client.get(groupVersion);
        return served === 200 && Boolean(list['resources']?.length);
      });
    }
    return cluster;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function until(
  what: string,
  programs: readonly ChildProcess[],
  dir: string,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await isReady())) {
    const dead = programs.find(
      ({ exitCode, signalCode }) => exitCode !== null || signalCode !== null,
    );
    if (dead || Date.now() > deadline) {
      const name = path.basename((dead ?? programs.at(-1))?.spawnfile ?? '');
      const log = await readFile(path.join(dir, `${name}.log`), 'utf8');
      throw new Error(
        `${what} did not come up. The end of what ${name} said:\n${log.slice(-2000)}`,
      );
    }
    await sleep(50);
  }
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const exited = new Promise((resolve) => program.once('exit', resolve));
  program.kill('SIGKILL'); // nothing of it is kept
  await exited;
}
