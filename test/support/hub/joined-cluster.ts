import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { KubeConfig } from '@kubernetes/client-node';
import { AGENT_CLUSTER_RULES, type Approvers } from '@picket/agent-protocol';
import { pino } from 'pino';

import { FolderStore, startAgent, type Agent } from '../../../agent/src/index.ts';
import type { TestCluster } from '../kube/index.ts';
import { keepLog } from '../logs/kept-logs.js';
import type { Data, TestHub } from './test-hub.ts';

const LEVEL = process.env['PICKET_TEST_LOG'];
const LOGGER = LEVEL ? pino({ level: LEVEL }) : pino({ level: 'debug' }, { write: keepLog });

/** Binds exactly the rules of the shipped manifest to the agent's user, so that a test fails when one is missing. */
export async function bindAgentRole({ client, agentUser }: TestCluster): Promise<void> {
  const at = '/apis/rbac.authorization.k8s.io/v1';
  const metadata = { name: 'picket-agent' };
  await client.create(`${at}/clusterroles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata,
    rules: AGENT_CLUSTER_RULES,
  });
  await client.create(`${at}/clusterrolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'picket-agent' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: agentUser }],
  });
}

/** A cluster that is registered, with its agent in this process. */
export class JoinedCluster {
  readonly #hub: TestHub;
  readonly #cluster: TestCluster;
  /** What lies in the agent's token file now. */
  joinToken: string;
  readonly #dir: string;
  readonly #nowMs: () => number;
  readonly #approvers: Approvers | undefined;
  readonly id: string;
  agent: Agent | undefined;

  private constructor(
    hub: TestHub,
    cluster: TestCluster,
    parts: {
      id: string;
      joinToken: string;
      dir: string;
      nowMs: () => number;
      approvers: Approvers | undefined;
    },
  ) {
    const { id, joinToken, dir, nowMs, approvers } = parts;
    this.#approvers = approvers;
    this.#nowMs = nowMs;
    this.#hub = hub;
    this.#cluster = cluster;
    this.id = id;
    this.joinToken = joinToken;
    this.#dir = dir;
  }

  /** Registers a cluster and starts its agent. */
  static async join(
    hub: TestHub,
    cluster: TestCluster,
    input: {
      project?: string;
      name: string;
      labels: Readonly<Record<string, string>>;
      /** The agent's clock; right by default. */
      nowMs?: () => number;
      /** Reads from the manifest whose approval the agent wants. */
      approversOf?: (manifest: string) => Approvers | undefined;
    },
  ): Promise<JoinedCluster> {
    const { id, joinToken, manifest } = await hub.register(input.name, input.labels, input.project);
    const joined = new JoinedCluster(hub, cluster, {
      id,
      joinToken,
      dir: await mkdtemp(path.join(tmpdir(), 'picket-test-agent-')),
      nowMs: input.nowMs ?? ((): number => Date.now()),
      approvers: input.approversOf?.(manifest),
    });
    await joined.startAgent();
    return joined;
  }

  async startAgent(): Promise<void> {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromString(this.#cluster.kubeconfig(this.#cluster.agentToken));
    const store = new FolderStore(this.#dir);
    this.agent = await startAgent({
      hubUrl: this.#hub.url,
      joinToken: () => Promise.resolve(this.joinToken),
      kubeConfig,
      store,
      spoolStore: store,
      nowMs: this.#nowMs,
      approvers: this.#approvers,
      logger: LOGGER,
    });
  }

  async stopAgent(): Promise<void> {
    await this.agent?.stop();
    this.agent = undefined;
  }

  /** What the hub knows of this cluster. */
  async read(): Promise<Data> {
    const { cluster } = await this.#hub.ask(
      `query ($id: ID!) {
        cluster(id: $id) {
          state
          status {
            phase appliedDigest desiredDigest reason
            counts { applied pending failed drifted }
            problems { kind namespace name state message }
          }
          policySet { digest losses blocked }
        }
      }`,
      { id: this.id },
    );
    return cluster;
  }

  async leave(): Promise<void> {
    await this.stopAgent();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
