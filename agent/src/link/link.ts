import {
  type Approvers,
  type Capabilities,
  countApprovals,
  type Counted,
  followKeys,
  INLINE_BYTES_MAX,
  type KeyStatement,
  PROTOCOL_VERSION,
  type SignedApproval,
  type SignedGrant,
  type SyncResponse,
} from '@picket/agent-protocol';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import type { Logger } from 'pino';

import { wordsOf } from '../words-of.ts';
import { backoffMs } from './backoff.ts';
import { HubRefused, inlineSet, type HubClient } from './hub-client.ts';
import type { Identity } from './identity.ts';
import { isSigned } from './is-signed.ts';
import type { Report, Spool } from './spool.ts';
import { grantFault } from './verify-grant.ts';

/** What the link needs to know of what runs here, and whom it tells what shall run. */
export interface Runner {
  /** What is applied now, and the last grant that was accepted. */
  running(): {
    readonly digest: string | null;
    readonly sequence: number;
    readonly notAfter: number;
    /** When approvers let this cluster run it (ms); 0: nobody was asked. */
    readonly approvedAtMs: number;
  };
  capabilities(): Promise<Capabilities>;
  /** Runs a verified grant. `next` is absent when the digest is what runs already. Resolves when it is tried, whatever came of it. */
  run(grant: SignedGrant, next?: { text: string; approvedAtMs: number }): Promise<void>;
}

interface Parts {
  readonly client: HubClient;
  readonly identity: Identity;
  readonly spool: Spool;
  readonly runner: Runner;
  readonly logger: Logger;
  readonly agentVersion: string;
  /** Whose approval another digest needs; none: nobody's. Given with the agent, never by the hub. */
  readonly approvers: Approvers | undefined;
  readonly random: () => number;
  /** The join token that lies ready now, if any: another one may come while the agent runs. */
  readonly joinToken: () => Promise<string | undefined>;
}

const HEARTBEAT_MS = 30_000;
/** How often a refused agent looks whether a new join token has come. It asks nobody but its own disk. */
const TOKEN_POLL_MS = 2_000;
/** A hub of another protocol version will not change its mind soon, but it may be upgraded. */
const OTHER_PROTOCOL_MS = 300_000;
const RETRY_AFTER_MAX_MS = 300_000;
/** A stream that lived this long was a good one. */
const GOOD_STREAM_MS = 60_000;

/** Refusals that no retry mends (see RefusalCode): only a new join token does. */
const FINAL = ['REVOKED', 'JOIN_TOKEN_USED', 'JOIN_TOKEN_EXPIRED', 'JOIN_TOKEN_UNKNOWN'];
/** Refusals after which a join token that was not used yet is tried: besides those, a hub that never heard of this cluster. */
const REJOIN = [...FINAL, 'UNAUTHENTICATED'];

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
  #badStreams = 0;
  #badFlushes = 0;
  /** Join token that the hub refused last. */
  #refusedToken: string | undefined;
  /** Sequence and reason of the refusal that was reported last: said once, not with every heartbeat. */
  #refusal = '';
  /** Why the last key statement was refused. The hub hears it with each heartbeat. */
  #keysFault: string | null = null;
  /** A set that was fetched and could not be made effective: the next round tries it again without fetching it again. */
  #fetched: { readonly digest: string; readonly text: string } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Reports that the hub has not acknowledged. */
  get waitingReports(): number {
    return this.#parts.spool.size;
  }

  start(): void {
    this.#rounds = this.#keepSyncing();
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

  /** Ends now: what waits for the hub is given up. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake?.();
    await this.#parts.client.close();
    await Promise.all([this.#rounds, this.#listening, this.#flushing]);
  }

  async #keepSyncing(): Promise<void> {
    const { random } = this.#parts;
    let failures = 0;
    let heartbeatMs = HEARTBEAT_MS;
    while (!this.#abort.signal.aborted) {
      this.#isWoken = false;
      try {
        await this.#enrolOnce();
        heartbeatMs = await this.#round();
        this.#listen();
        failures = 0;
        // A tenth of jitter keeps a fleet that started together from beating together.
        await this.#sleep(heartbeatMs * (0.95 + 0.1 * random()));
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        const refused = error instanceof HubRefused ? error : undefined;
        if (refused && REJOIN.includes(refused.code) && (await this.#takeNewToken())) continue;
        if (refused && FINAL.includes(refused.code)) await this.#untilNewToken(refused);
        else await this.#sleep(this.#waitAfter(error, failures++, heartbeatMs));
      }
    }
  }

  /** How long to wait after a failed round, in ms; says what went wrong. */
  #waitAfter(error: unknown, failures: number, heartbeatMs: number): number {
    const { logger, random } = this.#parts;
    const refused = error instanceof HubRefused ? error : undefined;
    this.state = refused?.code === 'PENDING_APPROVAL' ? 'pending' : 'away';
    const asked = Math.min(refused?.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS) * (1 + random() / 2);
    let waitMs = Math.max(asked, backoffMs(failures, random()));
    if (this.state === 'pending') waitMs = Math.min(heartbeatMs, 5_000) * (0.5 + random());
    if (refused?.code === 'UNSUPPORTED_PROTOCOL') waitMs = OTHER_PROTOCOL_MS * (1 + random());
    logger.warn(
      { error: wordsOf(error), waitMs: Math.round(waitMs) },
      'the hub did not answer as it should; what runs here goes on',
    );
    return waitMs;
  }

  /** The hub will not have this agent: it is asked no more. The cluster keeps enforcing what it has. */
  async #untilNewToken({ code, message }: HubRefused): Promise<void> {
    this.state = 'revoked';
    this.#parts.logger.error(
      { code, error: message },
      'the hub will not have this agent; what runs here goes on until a new join token comes',
    );
    while (!this.#abort.signal.aborted && !(await this.#takeNewToken())) {
      this.#isWoken = false;
      await this.#sleep(TOKEN_POLL_MS);
    }
  }

  /** Becomes ready to enrol with a join token that was not tried yet, if there is one. */
  async #takeNewToken(): Promise<boolean> {
    const { identity, joinToken, logger } = this.#parts;
    const token = await joinToken().catch((error: unknown) => {
      logger.warn({ error: wordsOf(error) }, 'the join token cannot be read');
      return undefined;
    });
    if (token === undefined || token === this.#refusedToken || identity.isFrom(token)) return false;
    await identity.renew();
    return true;
  }

  async #enrolOnce(): Promise<void> {
    const { identity, client, agentVersion, logger, joinToken } = this.#parts;
    if (identity.clusterId !== null) return;
    const token = await joinToken();
    if (token === undefined) throw new Error('Not enrolled yet, and no join token was given');
    const enrolled = await client.enrol(token, agentVersion).catch((error: unknown) => {
      if (error instanceof HubRefused && FINAL.includes(error.code)) this.#refusedToken = token;
      throw error;
    });
    await identity.enrolled(enrolled, token);
    this.#keysFault = null;
    const { clusterId, state } = enrolled;
    logger.info({ clusterId, state }, 'enrolled');
  }

  /** One round; returns the heartbeat that the hub asks for. */
  async #round(): Promise<number> {
    const { client, identity, runner, agentVersion, approvers, logger } = this.#parts;
    const capabilities = await runner.capabilities();
    const capabilitiesHash = sha256Hex(canonicalJson(capabilities as unknown as Json));
    const { approvedAtMs: _ours, ...held } = runner.running();
    const answer = await client.sync({
      protocol: PROTOCOL_VERSION,
      agentVersion,
      ...held,
      capabilitiesHash,
      keys: { counter: identity.pinned.counter ?? 0, fault: this.#keysFault },
      ...(approvers && { wantsApprovals: true }),
      ...(!this.#fetched && { inlineBytes: INLINE_BYTES_MAX }),
    });
    const { grant, keyStatements, wantsFacts, heartbeatMs } = answer;
    this.lastSyncMs = Date.now();
    this.state = 'synced';
    if (wantsFacts) await client.reportFacts({ protocol: PROTOCOL_VERSION, capabilities });
    if (keyStatements) await this.#followKeys(keyStatements);
    if (grant) await this.#follow(grant, answer);
    this.#flush();
    if (wantsFacts) logger.info({ capabilitiesHash }, 'facts reported');
    return heartbeatMs;
  }

  /** Pins what the hub's key statements lead to, as far as each is signed by a key that was pinned before it. */
  async #followKeys(statements: readonly KeyStatement[]): Promise<void> {
    const { identity, logger } = this.#parts;
    const { keys, counter, fault } = followKeys(identity.pinned, statements, isSigned);
    const isFurther = counter !== identity.pinned.counter;
    if (isFurther) {
      await identity.pin({ keys, counter });
      logger.info({ counter, keys: keys.map(({ keyId }) => keyId) }, 'other hub keys are pinned');
    }
    const isNewFault = fault !== this.#keysFault;
    if (isNewFault && fault !== null) logger.error({ fault }, 'a key statement was refused');
    this.#keysFault = fault;
    // The hub hears at once where this agent stands.
    if (isFurther || isNewFault) this.syncNow();
  }

  async #follow(
    grant: SignedGrant,
    { set, approvals = [] }: Pick<SyncResponse, 'set' | 'approvals'>,
  ): Promise<void> {
    const { client, identity, runner, logger } = this.#parts;
    const { sequence, digest, approvedAtMs } = runner.running();
    const fault = grantFault(grant, {
      clusterId: identity.clusterId ?? '',
      hubKeys: identity.pinned.keys,
      sequence,
      digest,
      nowMs: client.nowMs(),
    });
    if (fault !== undefined) return this.#refuse(grant, `The grant was refused: ${fault}`);
    if (grant.digest === digest) return runner.run(grant);
    const counted = this.#count(approvals, grant, approvedAtMs);
    if (counted.fault !== undefined)
      return this.#refuse(grant, `The grant was refused: ${counted.fault}`);
    const known = this.#fetched?.digest === grant.digest ? this.#fetched.text : undefined;
    const text = known ?? (set && (await inlineSet(set))) ?? (await client.policySet(grant.digest));
    if (sha256Hex(text) !== grant.digest)
      return this.#refuse(grant, 'The policy set was refused: it is not what its digest says');
    logger.info({ sequence: grant.sequence, digest: grant.digest }, 'a new policy set is due');
    this.#fetched = { digest: grant.digest, text };
    await runner.run(grant, { text, approvedAtMs: counted.sinceMs });
    if (runner.running().digest === grant.digest) this.#fetched = undefined;
  }

  /** Whether the approvers let this cluster run another digest. What runs already needs nobody's word: a renewal moves nothing. */
  #count(approvals: readonly SignedApproval[], grant: SignedGrant, sinceMs: number): Counted {
    const { approvers, client } = this.#parts;
    if (!approvers) return { sinceMs: 0 };
    const { clusterId, digest } = grant;
    const expected = { clusterId, digest, approvers, sinceMs, nowMs: client.nowMs() };
    return countApprovals(approvals, expected, isSigned);
  }

  async #refuse(grant: SignedGrant, reason: string): Promise<void> {
    this.#parts.logger.error({ sequence: grant.sequence, reason }, 'a grant was refused');
    const refusal = `${grant.sequence} ${grant.digest} ${reason}`;
    if (refusal === this.#refusal) return;
    this.#refusal = refusal;
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
    const { spool, client, logger, random } = this.#parts;
    this.#flushing = spool
      .flush((report) => client.reportStatus(report), isHopeless)
      .then(
        () => {
          this.#badFlushes = 0;
        },
        (error: unknown) => {
          logger.warn({ error: wordsOf(error) }, 'a report waits in the spool');
          this.#badFlushes += 1;
        },
      )
      .then(() => {
        this.#flushing = undefined;
        // One may have come just when the last was sent; one that did not get through is not to wait for the next heartbeat.
        if (spool.size === 0 || this.#abort.signal.aborted) return;
        const waitMs = this.#badFlushes === 0 ? 0 : backoffMs(1 + this.#badFlushes, random());
        setTimeout(() => this.#flush(), waitMs).unref();
      });
  }

  /** Holds the one long-lived connection. When it breaks the next round opens it again, after a wait that grows while streams are short. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    const { logger, random } = this.#parts;
    const sinceMs = performance.now();
    this.#listening = this.#readEvents()
      .catch((error: unknown) => logger.debug({ error: wordsOf(error) }, 'the stream broke'))
      .finally(() => {
        this.#isListening = false;
        if (this.#abort.signal.aborted) return;
        const isGood = performance.now() - sinceMs > GOOD_STREAM_MS;
        if (isGood) this.#badStreams = 0;
        setTimeout(() => this.syncNow(), backoffMs(2 + this.#badStreams, random())).unref();
        if (!isGood) this.#badStreams += 1;
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

/** The hub read this very report and will never take it: too large, or not what it understands. */
function isHopeless(error: unknown): boolean {
  return (
    error instanceof HubRefused &&
    [400, 413, 422].includes(error.status) &&
    error.code !== 'UNSUPPORTED_PROTOCOL'
  );
}
