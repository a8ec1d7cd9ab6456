import { randomUUID } from 'node:crypto';

import {
  type Capabilities,
  type EnrolResponse,
  PATHS,
  type StatusReport,
  type SyncResponse,
  type TokenResponse,
} from '@picket/agent-protocol';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';

import { HubClient } from '../../../agent/src/link/hub-client.ts';
import { Identity } from '../../../agent/src/link/identity.ts';
import type { TestHub } from './test-hub.ts';

/** What a cluster says of itself that has both policy kinds and tells no schema. */
export const plainCapabilities: Capabilities = {
  kubernetesVersion: 'v1.33.0',
  cni: null,
  apis: {
    'networking.k8s.io/v1/NetworkPolicy': { enforced: null, fields: null },
    'policy.networking.k8s.io/v1alpha2/ClusterNetworkPolicy': { enforced: null, fields: null },
  },
};

/** An agent that speaks the real protocol, step by step, and has no cluster behind it. */
export class ProtocolAgent {
  readonly client: HubClient;
  readonly #epoch = randomUUID();
  readonly #identity: Identity;
  #reports = 0;
  held = { digest: null as string | null, sequence: 0, notAfter: 0 };

  private constructor(client: HubClient, identity: Identity) {
    this.client = client;
    this.#identity = identity;
  }

  static async create(
    hub: Pick<TestHub, 'url'>,
    nowMs: () => number = () => Date.now(),
  ): Promise<ProtocolAgent> {
    const texts = new Map<string, string>();
    const identity = await Identity.load({
      read: (name) => Promise.resolve(texts.get(name)),
      write: (name, text) => Promise.resolve(void texts.set(name, text)),
    });
    return new ProtocolAgent(
      await HubClient.create({ hubUrl: hub.url, identity, nowMs }),
      identity,
    );
  }

  async enrol(joinToken: string): Promise<EnrolResponse> {
    const answer = await this.client.enrol(joinToken, '0.1.0');
    await this.#identity.enrolled(answer);
    return answer;
  }

  /** An access token of its own, for a test to misuse. */
  async accessToken(hub: Pick<TestHub, 'url'>): Promise<string> {
    const response = await fetch(`${hub.url}${PATHS.token}`, {
      method: 'POST',
      body: JSON.stringify({ assertion: this.#identity.assertion(Date.now()) }),
    });
    return ((await response.json()) as TokenResponse).accessToken;
  }

  /** One heartbeat; facts are told when they are asked for. */
  async sync(capabilities: Capabilities = plainCapabilities): Promise<SyncResponse> {
    const answer = await this.client.sync({
      protocol: '1.0',
      agentVersion: '0.1.0',
      ...this.held,
      capabilitiesHash: sha256Hex(canonicalJson(capabilities as unknown as Json)),
    });
    if (answer.wantsFacts) await this.client.reportFacts({ protocol: '1.0', capabilities });
    return answer;
  }

  /** Follows the grant that `sync` gave and says that it is applied. Returns the report. */
  async follow({ grant }: SyncResponse, more: Partial<StatusReport> = {}): Promise<StatusReport> {
    if (!grant) throw new Error('There is no grant to follow');
    const { digest, sequence, notAfter } = grant;
    this.held = { digest, sequence, notAfter };
    const report: StatusReport = {
      protocol: '1.0',
      epoch: this.#epoch,
      reportSequence: (this.#reports += 1),
      sequence,
      digest,
      running: digest,
      phase: 'applied',
      counts: { applied: 1, pending: 0, failed: 0, drifted: 0 },
      outcomes: [],
      outcomesDropped: 0,
      repairs: 0,
      reportsDropped: 0,
      atMs: Date.now(),
      reason: null,
      ...more,
    };
    await this.client.reportStatus(report);
    return report;
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
