import { KubeConfig } from '@kubernetes/client-node';
import type { SignedGrant } from '@picket/agent-protocol';
import type { PolicySet } from '@picket/compiler';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import { pino } from 'pino';

import { MemoryStore } from '../../../agent/src/link/memory-store.fake.ts';
import type { Report } from '../../../agent/src/link/spool.ts';
import { Enforcer } from '../../../agent/src/policy/enforcer.ts';
import { KubeApi, KubeRefused } from '../../../agent/src/policy/kube-api.ts';
import type { TestCluster } from '../kube/index.ts';
import { policies } from './agent-scenes.ts';
import { bindAgentRole } from './joined-cluster.ts';

/** An API server that takes some objects and not others. */
class PickyKubeApi extends KubeApi {
  refuses: (path: string) => boolean = () => false;

  override async apply(...args: Parameters<KubeApi['apply']>): ReturnType<KubeApi['apply']> {
    if (!args[2].dryRun && this.refuses(args[0]))
      throw new KubeRefused(403, 'Forbidden', 'admission webhook: not now');
    return super.apply(...args);
  }
}

/** The enforcing half of an agent in a cluster, and no hub at all. */
export class LoneAgent {
  /** How far the hub's clock, as the agent knows it, is ahead of ours. */
  skewMs = 0;
  reports: Report[] = [];
  readonly #cluster: TestCluster;
  #api: PickyKubeApi | undefined;
  #enforcer: Enforcer | undefined;
  #store = new MemoryStore();
  #sequence = 0;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  static async in(cluster: TestCluster): Promise<LoneAgent> {
    await bindAgentRole(cluster);
    return new LoneAgent(cluster);
  }

  /** Writes to these paths are refused from now on, but no dry runs. */
  refuse(refuses: (path: string) => boolean): void {
    if (this.#api) this.#api.refuses = refuses;
  }

  async start(): Promise<void> {
    const config = new KubeConfig();
    config.loadFromString(this.#cluster.kubeconfig(this.#cluster.agentToken));
    this.#api = new PickyKubeApi(config);
    this.#enforcer = new Enforcer({
      api: this.#api,
      store: this.#store,
      logger: pino({ level: 'silent' }),
      nowMs: () => Date.now() + this.skewMs,
      report: (report) => Promise.resolve(void this.reports.push(report)),
      onCapabilities: () => undefined,
    });
    await this.#enforcer.start();
  }

  async stop(): Promise<void> {
    await this.#enforcer?.stop();
    await this.#api?.close();
    this.#enforcer = undefined;
    this.#api = undefined;
  }

  async run(set: PolicySet): Promise<void> {
    const text = canonicalJson(set as unknown as Json);
    const grant: SignedGrant = {
      clusterId: '11111111-1111-4111-8111-111111111111',
      sequence: (this.#sequence += 1),
      digest: sha256Hex(text),
      notAfter: 1, // ended long ago: what runs goes on
      keyId: 'k',
      signature: `c2ln${String(this.#sequence).padStart(4, '0')}`,
    };
    await this.#enforcer?.run(grant, { text, approvedAtMs: 0 });
  }

  /** A new namespace, with its own name as the label `suite`, and an agent that remembers nothing. */
  async scene(): Promise<string> {
    this.#store = new MemoryStore();
    this.reports = [];
    this.skewMs = 0;
    const name = `x${(this.#sequence += 1)}`;
    await this.createNamespace(name);
    await this.start();
    return name;
  }

  async createNamespace(name: string): Promise<void> {
    await this.#cluster.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { suite: name } },
    });
  }

  /** Names of the NetworkPolicies in the namespace. */
  async names(namespace: string): Promise<string[]> {
    const { body } = await this.#cluster.client.get(policies(namespace));
    return body['items'].map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  }
}
