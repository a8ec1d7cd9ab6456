import { PROTOCOL_VERSION, type Capabilities, type SignedGrant } from '@picket/agent-protocol';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import type { Logger } from 'pino';

import { backoffMs } from './backoff.ts';
import { HubRefused, type HubClient } from './hub-client.ts';
import type { Identity } from './identity.ts';
import type { Report, Spool } from './spool.ts';
import { grantFault } from './verify-grant.ts';

/** What the link needs to know of what runs here, and whom it tells what shall run. */
export interface Runner {
  /** What is applied now, and the last grant that was accepted. */
  running(): {
    readonly digest: string | null;
    readonly sequence: number;
    readonly notAfter: number;
  };
  capabilities(): Promise<Capabilities>;
  /** Runs a verified grant. `text` is absent when the digest is what runs already. Resolves when it is tried, whatever came of it. */
  run(grant: SignedGrant, text: string | undefined): Promise<void>;
}

interface Parts {
  readonly client: HubClient;
  readonly identity: Identity;
  readonly spool: Spool;
  readonly runner: Runner;
  readonly logger: Logger;
  readonly agentVersion: string;
  readonly random: () => number;
}

const HEARTBEAT_MS = 30_000;

/** Keeps this cluster in touch with its hub. Level-triggered: each round says what runs and learns what shall; events only make it sooner. */
export class Link {
  readonly #parts: Parts;
  readonly #abort = new AbortController();
  #wake: (() => void) | undefined;
  #isWoken = false;
  #rounds: Promise<void> = Promise.resolve();
  #listening: Promise<void> = Promise.resolve();
  /** For readiness: when the hub last answered a sync. */
  lastSyncMs = 0;
  state: 'starting' | 'pending' | 'synced' | 'away' | 'revoked' = 'starting';
  #flushing: Promise<void> | undefined;
  #isListening = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Reports that the hub has not acknowledged. */
  get waitingReports(): number {
    return this.#parts.spool.size;
  }

  start(joinToken: string | undefined): void {
    this.#rounds = this.#keepSyncing(joinToken);
  }

  /** A round now instead of at the next heartbeat. */
  syncNow(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Puts a report into the spool and sends it as soon as it can be sent. */
  async report(report: Report): Promise<void> {
    await this.#parts.spool.add(report);
    this.#flush();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake?.();
    await Promise.all([this.#rounds, this.#listening]);
    await this.#parts.client.close();
  }

  async #keepSyncing(joinToken: string | undefined): Promise<void> {
    const { logger, random } = this.#parts;
    let failures = 0;
    let heartbeatMs = HEARTBEAT_MS;
    while (!this.#abort.signal.aborted) {
      this.#isWoken = false;
      let waitMs: number;
      try {
        await this.#enrolOnce(joinToken);
        heartbeatMs = await this.#round();
        this.#listen();
        failures = 0;
        // A tenth of jitter keeps a fleet that started together from beating together.
        waitMs = heartbeatMs * (0.95 + 0.1 * random());
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        if (error instanceof HubRefused && this.#isFinal(error)) return;
        const refused = error instanceof HubRefused ? error : undefined;
        this.state = refused?.code === 'PENDING_APPROVAL' ? 'pending' : 'away';
        waitMs =
          refused?.retryAfterMs ??
          (this.state === 'pending'
            ? Math.min(heartbeatMs, 5_000) * (0.5 + random())
            : backoffMs(failures++, random()));
        logger.warn(
          { error: String(error), waitMs: Math.round(waitMs) },
          'the hub did not answer as it should; what runs here goes on',
        );
      }
      await this.#sleep(waitMs);
    }
  }

  /** Refusals that no retry mends. The cluster keeps enforcing what it has. */
  #isFinal({ code, message }: HubRefused): boolean {
    const isFinal = [
      'REVOKED',
      'JOIN_TOKEN_USED',
      'JOIN_TOKEN_EXPIRED',
      'JOIN_TOKEN_UNKNOWN',
      'UNSUPPORTED_PROTOCOL',
    ].includes(code);
    if (isFinal) {
      this.state = 'revoked';
      this.#parts.logger.error(
        { code, error: message },
        'the hub will not have this agent; what runs here goes on',
      );
    }
    return isFinal;
  }

  async #enrolOnce(joinToken: string | undefined): Promise<void> {
    const { identity, client, agentVersion, logger } = this.#parts;
    if (identity.clusterId !== null) return;
    if (joinToken === undefined) throw new Error('Not enrolled yet, and no join token was given');
    const { clusterId, hubKeys, state } = await client.enrol(joinToken, agentVersion);
    await identity.enrolled(clusterId, hubKeys);
    logger.info({ clusterId, state }, 'enrolled');
  }

  /** One round; returns the heartbeat that the hub asks for. */
  async #round(): Promise<number> {
    const { client, runner, agentVersion, logger } = this.#parts;
    const capabilities = await runner.capabilities();
    const capabilitiesHash = sha256Hex(canonicalJson(capabilities as unknown as Json));
    const held = runner.running();
    const { grant, wantsFacts, heartbeatMs } = await client.sync({
      protocol: PROTOCOL_VERSION,
      agentVersion,
      ...held,
      capabilitiesHash,
    });
    this.lastSyncMs = Date.now();
    this.state = 'synced';
    if (wantsFacts) await client.reportFacts({ protocol: PROTOCOL_VERSION, capabilities });
    if (grant) await this.#follow(grant, held);
    this.#flush();
    if (wantsFacts) logger.info({ capabilitiesHash }, 'facts reported');
    return heartbeatMs;
  }

  async #follow(grant: SignedGrant, held: ReturnType<Runner['running']>): Promise<void> {
    const { client, identity, runner, logger } = this.#parts;
    const { sequence, digest } = held;
    const fault = grantFault(grant, {
      clusterId: identity.clusterId ?? '',
      hubKeys: identity.hubKeys,
      sequence,
      digest,
      nowMs: client.nowMs(),
    });
    if (fault !== undefined) return this.#refuse(grant, `The grant was refused: ${fault}`);
    if (grant.digest === digest) return runner.run(grant, undefined);
    const text = await client.policySet(grant.digest);
    if (sha256Hex(text) !== grant.digest)
      return this.#refuse(grant, 'The policy set was refused: it is not what its digest says');
    logger.info({ sequence: grant.sequence, digest: grant.digest }, 'a new policy set is due');
    return runner.run(grant, text);
  }

  async #refuse(grant: SignedGrant, reason: string): Promise<void> {
    this.#parts.logger.error({ sequence: grant.sequence, reason }, 'a grant was refused');
    const counts = { applied: 0, pending: 0, failed: 0, drifted: 0 };
    const { sequence, digest } = grant;
    await this.report({
      sequence,
      digest,
      running: this.#parts.runner.running().digest,
      phase: 'refused',
      counts,
      outcomes: [],
      outcomesDropped: 0,
      repairs: 0,
      atMs: this.#parts.client.nowMs(),
      reason,
    });
  }

  #flush(): void {
    if (this.#flushing || this.state !== 'synced') return;
    this.#flushing = this.#parts.spool
      .flush((report) => this.#parts.client.reportStatus(report))
      .catch((error: unknown) =>
        this.#parts.logger.warn({ error: String(error) }, 'a report waits in the spool'),
      )
      .finally(() => (this.#flushing = undefined));
  }

  /** Holds the one long-lived connection. When it breaks the next round opens it again, after a jittered wait. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#listening = this.#readEvents()
      .catch((error: unknown) =>
        this.#parts.logger.debug({ error: String(error) }, 'the stream broke'),
      )
      .finally(() => {
        this.#isListening = false;
        if (this.#abort.signal.aborted) return;
        const { random } = this.#parts;
        setTimeout(() => this.syncNow(), backoffMs(2, random())).unref();
      });
  }

  async #readEvents(): Promise<void> {
    const events = await this.#parts.client.stream(this.#abort.signal);
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of events) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      // A line never grows without bound: events have no data that we read.
      rest = (lines.pop() ?? '').slice(-1_024);
      if (lines.some((line) => line === 'event: sync' || line === 'event: revoked')) this.syncNow();
    }
  }

  #sleep(ms: number): Promise<void> {
    if (this.#isWoken || this.#abort.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
