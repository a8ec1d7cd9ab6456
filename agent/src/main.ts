import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

import { KubeConfig } from '@kubernetes/client-node';
import { destination, pino } from 'pino';

import { serveHealth } from './health.ts';
import { LeaderLease } from './in-cluster/lease.ts';
import { SecretStore } from './in-cluster/secret-store.ts';
import { FolderStore } from './link/state-store.ts';
import { KubeApi } from './policy/kube-api.ts';
import { readSettings, type Settings, USAGE } from './settings.ts';
import { type Agent, startAgent } from './start-agent.ts';
import { AGENT_VERSION } from './version.ts';
import { wordsOf } from './words-of.ts';

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  if (settings === 'help') return void process.stdout.write(USAGE);
  if (settings === 'version') return void process.stdout.write(`${AGENT_VERSION}\n`);
  await run(settings);
}

async function run(settings: Settings): Promise<void> {
  const logger = pino(
    { level: settings['log-level'], base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination(2),
  );
  const kubeConfig = new KubeConfig();
  const isInCluster = settings.kubeconfig === undefined;
  if (settings.kubeconfig === undefined) kubeConfig.loadFromCluster();
  else kubeConfig.loadFromFile(settings.kubeconfig);

  const folder = new FolderStore(settings['state-dir']);
  const namespace = process.env['POD_NAMESPACE'] ?? 'picket-system';
  const api = new KubeApi(kubeConfig);
  let agent: Agent | undefined;
  const health = await serveHealth(settings.listen, () => agent);
  const lease = isInCluster
    ? new LeaderLease(api, namespace, process.env['POD_NAME'] ?? hostname(), logger)
    : undefined;

  let isStopping = false;
  const stop = async (code: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await agent?.stop();
    await lease?.release();
    await health.close();
    await api.close();
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0));

  // Who leads no more must not write another line: the process ends and comes back as the one that waits.
  await lease?.acquire(() => {
    logger.error('the lease is lost');
    process.exit(1);
  });
  if (isStopping) return;
  agent = await startAgent({
    hubUrl: settings.hub,
    joinToken: () => readToken(settings['token-file']),
    kubeConfig,
    store: isInCluster ? new SecretStore(api, namespace) : folder,
    spoolStore: folder,
    caFile: settings['ca-file'],
    approvers: settings.approvers,
    logger,
  });
  process.stdout.write(`${JSON.stringify({ ready: true, healthPort: health.port })}\n`);
}

/** The token is needed only once, so its file may be gone later, and there again when the cluster is to join anew. */
async function readToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${wordsOf(error)}\n`);
  process.exit(1);
});
