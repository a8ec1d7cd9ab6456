import type { KubeConfig } from '@kubernetes/client-node';
import type { Approvers } from '@picket/agent-protocol';
import type { Logger } from 'pino';

import { HubClient } from './link/hub-client.ts';
import { Identity } from './link/identity.ts';
import { Link } from './link/link.ts';
import { Spool } from './link/spool.ts';
import type { StateStore } from './link/state-store.ts';
import { Enforcer } from './policy/enforcer.ts';
import { KubeApi } from './policy/kube-api.ts';
import { AGENT_VERSION } from './version.ts';

export interface AgentOptions {
  readonly hubUrl: string;
  /** The join token that lies ready; asked for until the agent has enrolled, and again when the hub will not have it any more. */
  readonly joinToken?: () => Promise<string | undefined>;
  readonly kubeConfig: KubeConfig;
  /** Identity and last set. */
  readonly store: StateStore;
  /** Reports that wait; may be lost with the machine. */
  readonly spoolStore: StateStore;
  readonly caFile?: string | undefined;
  /** Whose approval another policy set needs besides the hub's grant; absent: nobody's. */
  readonly approvers?: Approvers | undefined;
  readonly logger: Logger;
  /** Milliseconds since the epoch by this machine's clock. */
  readonly nowMs?: () => number;
}

export interface Agent {
  readonly link: Pick<Link, 'state' | 'lastSyncMs' | 'waitingReports' | 'syncNow'>;
  readonly running: () => { readonly digest: string | null; readonly sequence: number };
  stop(): Promise<void>;
}

/** Wires an agent by hand and starts it: first what it enforced last, then the link to the hub. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const {
    hubUrl,
    joinToken = () => Promise.resolve(undefined),
    store,
    spoolStore,
    logger,
    caFile,
    nowMs = () => Date.now(),
  } = options;
  const identity = await Identity.load(store);
  const client = await HubClient.create({ hubUrl, identity, caFile, nowMs });
  const spool = await Spool.load(spoolStore, logger);
  const api = new KubeApi(options.kubeConfig);
  const enforcer: Enforcer = new Enforcer({
    api,
    store,
    logger,
    nowMs: () => client.nowMs(),
    report: (report) => link.report(report),
    onCapabilities: () => link.syncNow(),
  });
  const link: Link = new Link({
    client,
    identity,
    spool,
    runner: enforcer,
    logger,
    agentVersion: AGENT_VERSION,
    approvers: options.approvers,
    random: Math.random,
    joinToken,
  });
  await enforcer.start();
  link.start();
  return {
    link,
    running: () => enforcer.running(),
    async stop() {
      await link.stop();
      await enforcer.stop();
      await api.close();
    },
  };
}
