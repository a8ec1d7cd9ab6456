import { setTimeout as sleep } from 'node:timers/promises';

import {
  EnrolRequest,
  FactsReport,
  INLINE_BYTES_MAX,
  PATHS,
  StatusReport,
  SyncRequest,
  type SyncResponse,
  TokenRequest,
} from '@picket/agent-protocol';
import { canonicalJson, type Json, sha256Hex } from '@picket/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { clustersStale } from '../clusters/cluster.jobs.ts';
import type { ApprovalRepository } from '../approvals/approval.repository.ts';
import type { Config } from '../config/config.ts';
import type { FanOut } from '../platform/fan-out.ts';
import type { JobQueue } from '../platform/jobs.ts';
import type { Logger } from '../platform/logger.ts';
import type { DesiredState, PolicySetRepository } from '../policy-sets/policy-set.repository.ts';
import { NaturalBatch } from './batch.ts';
import { bodyOf } from './body.ts';
import { checkState, Enrolment } from './enrolment.ts';
import type { InboxRepository } from './inbox.repository.ts';
import type { GatewayKeys } from './keys.ts';
import { overloaded, Refused } from './refused.ts';
import { reportsReceived } from './report.jobs.ts';
import { Streams } from './streams.ts';

/** Requests that may wait for the database at once; more are told to come back. */
const WAITING_MAX = 20_000;
const HEARTBEAT_FLUSH_MS = 1_000;
/** Group commit of reports: up to 500 at a time (decision 10). */
const REPORTS_PER_COMMIT = 500;
/** How long a heartbeat may wait for others, so that an idle fleet costs few statements. Nobody waits for its answer. */
const HEARTBEAT_PATIENCE_MS = 25;
/** What an agent may claim to have seen: leaves the hub room to count on above it, whoever lies. */
const SEEN_MAX = 2 ** 48;
const BLOBS_MAX = 64;
const SMALL_BODY_BYTES = 64 * 1_024;
const REPORT_BODY_BYTES = 1_048_576;

/** Between two jobs for reports: each costs as much as a hundred reports. */
const ANNOUNCE_MS = 100;

/** Fastify would open a HEAD beside each GET: doors that nobody needs. */
const NO_HEAD = { exposeHeadRoute: false };

/** A policy set as it is stored, and as it goes with a grant. */
interface Blob {
  readonly gzipped: Buffer;
  base64: string | undefined;
}

interface Parts {
  readonly config: Config;
  readonly enrolment: Enrolment;
  readonly keys: GatewayKeys;
  readonly policySets: PolicySetRepository;
  readonly approvals: ApprovalRepository;
  readonly inbox: InboxRepository;
  readonly jobs: JobQueue;
  readonly fanOut: FanOut;
  readonly logger: Logger;
}

/**
 * The only door for agents. Raw Fastify routes: with ten thousand agents this is the hot path of the hub.
 *
 * Every request asks the database for the state of its cluster, many at once in one statement, so a revoked cluster is cut off by the very
 * next request and no replica needs to know what another did.
 */
export class AgentGateway {
  readonly streams = new Streams();
  readonly #parts: Parts;
  readonly #states: NaturalBatch<string, DesiredState | undefined>;
  readonly #reports: NaturalBatch<{ clusterId: string; report: StatusReport }, undefined>;
  readonly #blobs = new Map<string, Blob>();
  /** The job for reports that were accepted just now. */
  #announced: Promise<void> | undefined;
  /** When the last one was sent (ms, monotonic). */
  #announcedMs = -ANNOUNCE_MS;
  #heartbeats = new Map<string, SyncRequest>();
  readonly #flusher: NodeJS.Timeout;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#states = new NaturalBatch(async (ids) => {
      const states = await parts.policySets.desiredStates(ids);
      return ids.map((id) => states.get(id));
    }, 1_000);
    this.#reports = new NaturalBatch(async (reports) => {
      await parts.inbox.accept(reports);
      this.#announced ??= this.#announce();
      return reports.map(() => undefined);
    }, REPORTS_PER_COMMIT);
    this.#flusher = setInterval(() => void this.#flushHeartbeats(), HEARTBEAT_FLUSH_MS);
    parts.fanOut.subscribe('grants.changed', (ids) => this.streams.wake(ids));
    parts.fanOut.subscribe('clusters.revoked', (ids) => this.streams.revoke(ids));
    parts.fanOut.onResync(() => this.streams.wakeAll());
  }

  routes(app: FastifyInstance): void {
    // Bodies are read here and not by Fastify's parsers: bounded before and after decompression.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    app.setErrorHandler((error, request, reply) => this.#refuse(error, request, reply));
    app.post(PATHS.enrol, async (request) =>
      this.#parts.enrolment.enrol(await bodyOf(request, EnrolRequest, SMALL_BODY_BYTES), {
        address: request.ip,
        requestId: request.id,
      }),
    );
    app.post(PATHS.token, async (request) =>
      this.#token(await bodyOf(request, TokenRequest, SMALL_BODY_BYTES)),
    );
    app.post(PATHS.sync, async (request, reply) => {
      const state = await this.#admit(request, HEARTBEAT_PATIENCE_MS);
      const answer = await this.#sync(state, await bodyOf(request, SyncRequest, SMALL_BODY_BYTES));
      if (!answer.grant) this.streams.settled(state.id);
      return reply.send(answer);
    });
    app.post(PATHS.status, async (request, reply) => {
      const { id } = await this.#admit(request);
      const report = await bodyOf(request, StatusReport, REPORT_BODY_BYTES);
      if (this.#reports.depth >= WAITING_MAX) throw overloaded();
      await this.#reports.add({ clusterId: id, report });
      this.streams.settled(id);
      return reply.code(202).send();
    });
    app.post(PATHS.facts, async (request, reply) => {
      const { id } = await this.#admit(request);
      await this.#facts(id, await bodyOf(request, FactsReport, REPORT_BODY_BYTES));
      return reply.code(202).send();
    });
    app.get(PATHS.policySet(':digest'), NO_HEAD, async (request, reply) => {
      const state = await this.#admit(request);
      const { digest } = request.params as { digest: string };
      if (digest !== state.desiredDigest)
        throw new Refused(404, 'NOT_DUE', 'This policy set is not what the cluster is due');
      const { gzipped } = await this.#blob(digest);
      return reply
        .headers({
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          'cache-control': 'private, max-age=31536000, immutable',
          etag: `"${digest}"`,
        })
        .send(gzipped);
    });
    app.get(PATHS.stream, NO_HEAD, async (request, reply) => {
      const { id } = await this.#admit(request);
      reply.hijack();
      this.streams.open(id, reply.raw);
    });
    app.all('/agent/*', (request) => {
      const [, , major] = request.url.split('/');
      throw major === 'v1'
        ? new Refused(
            404,
            'NOT_FOUND',
            `There is no ${request.method} ${request.url.slice(0, 200)}`,
          )
        : new Refused(
            400,
            'UNSUPPORTED_PROTOCOL',
            `This hub speaks protocol v1, not ${major?.slice(0, 16)}`,
          );
    });
  }

  /** Writes down what is still in memory: accepted reports, and the heartbeats of the last second. */
  async close(): Promise<void> {
    clearInterval(this.#flusher);
    this.streams.close();
    await this.#reports.idle();
    await this.#announced;
    await this.#flushHeartbeats();
  }

  async #token({ assertion }: TokenRequest): Promise<object> {
    const { enrolment } = this.#parts;
    const state = await this.#stateOf(enrolment.claimedCluster(assertion));
    return enrolment.exchange(assertion, state, Date.now());
  }

  /**
   * Who asks, by access token; throws unless the cluster is approved and this is its living identity.
   * `patienceMs` is for those that nobody woke.
   */
  async #admit(request: FastifyRequest, patienceMs = 0): Promise<DesiredState> {
    const verified = this.#parts.enrolment.verify(request.headers.authorization, Date.now());
    const { clusterId, publicKey } = verified instanceof Promise ? await verified : verified;
    const isUrgent = patienceMs === 0 || this.streams.isAtWork(clusterId);
    const state = await this.#stateOf(clusterId, isUrgent ? 0 : patienceMs);
    if (!state) throw new Refused(403, 'REVOKED', 'This cluster was removed');
    checkState(state.state);
    if (state.publicKey !== publicKey)
      throw new Refused(403, 'REVOKED', 'Another agent has taken the place of this one');
    return state;
  }

  #stateOf(clusterId: string, patienceMs = 0): Promise<DesiredState | undefined> {
    if (this.#states.depth >= WAITING_MAX) throw overloaded();
    return this.#states.add(clusterId, patienceMs);
  }

  async #sync(state: DesiredState, sync: SyncRequest): Promise<SyncResponse> {
    const { config, policySets, keys } = this.#parts;
    this.#heartbeats.set(state.id, sync);
    const nowMs = Date.now();
    const grant = await grantFor(state, sync, nowMs);
    const set = grant && grant.digest !== sync.digest && (await this.#inline(grant.digest, sync));
    const approvals =
      sync.wantsApprovals && grant && grant.digest !== sync.digest
        ? await this.#parts.approvals.of(state.id, grant.digest)
        : undefined;
    const keyStatements = sync.keys && keys.statementsAfter(sync.keys.counter);
    return {
      grant,
      ...(set && { set }),
      ...(approvals && { approvals }),
      ...(keyStatements && { keyStatements }),
      wantsFacts:
        sync.capabilitiesHash === null || sync.capabilitiesHash !== state.capabilitiesHash,
      heartbeatMs: config.AGENT_HEARTBEAT_MS,
      hubTimeMs: nowMs,
    };

    async function grantFor(
      { id, desiredDigest, desiredSequence }: DesiredState,
      held: SyncRequest,
      atMs: number,
    ): Promise<SyncResponse['grant']> {
      if (desiredDigest === null) return null;
      const nowS = Math.floor(atMs / 1_000);
      const isGood =
        held.digest === desiredDigest &&
        held.sequence === desiredSequence &&
        held.notAfter - nowS > config.GRANT_TTL_S / 2;
      if (isGood) return null;
      if (held.sequence > desiredSequence && held.sequence > SEEN_MAX)
        throw new Refused(400, 'INVALID', 'sequence: no hub has counted that far');
      // An agent that has seen more than we know, or something else under the same number, talks to a hub restored from a backup, or
      // comes from another one. It refuses whatever does not stand above that.
      const isForked =
        held.sequence === desiredSequence && ![null, desiredDigest].includes(held.digest);
      const sequence =
        held.sequence > desiredSequence || isForked
          ? await policySets.raiseSequence(id, held.sequence)
          : desiredSequence;
      return keys.sign({
        clusterId: id,
        sequence,
        digest: desiredDigest,
        notAfter: nowS + config.GRANT_TTL_S,
      });
    }
  }

  async #facts(id: string, { capabilities }: FactsReport): Promise<void> {
    const hash = sha256Hex(canonicalJson(capabilities as unknown as Json));
    if (await this.#parts.policySets.setCapabilities(id, hash, capabilities))
      await this.#parts.jobs.enqueue(clustersStale, {});
  }

  /** A job at once for reports that come alone, and one for all that come in a hurry. */
  async #announce(): Promise<void> {
    await sleep(Math.max(0, this.#announcedMs + ANNOUNCE_MS - performance.now()));
    this.#announced = undefined;
    this.#announcedMs = performance.now();
    await this.#parts.jobs.enqueue(reportsReceived, {});
  }

  async #inline(digest: string, { inlineBytes = 0 }: SyncRequest): Promise<string | undefined> {
    if (inlineBytes === 0) return undefined;
    const blob = await this.#blob(digest);
    if (blob.gzipped.length > Math.min(inlineBytes, INLINE_BYTES_MAX)) return undefined;
    return (blob.base64 ??= blob.gzipped.toString('base64'));
  }

  /** The few policy sets that a fleet runs stay in memory. */
  async #blob(digest: string): Promise<Blob> {
    const cached = this.#blobs.get(digest);
    if (cached) return cached;
    const gzipped = await this.#parts.policySets.body(digest);
    if (!gzipped) throw new Refused(404, 'NOT_DUE', 'This policy set is gone');
    const oldest = this.#blobs.size >= BLOBS_MAX ? this.#blobs.keys().next().value : undefined;
    if (oldest !== undefined) this.#blobs.delete(oldest);
    const blob: Blob = { gzipped, base64: undefined };
    this.#blobs.set(digest, blob);
    return blob;
  }

  async #flushHeartbeats(): Promise<void> {
    if (this.#heartbeats.size === 0) return;
    const beats = this.#heartbeats;
    this.#heartbeats = new Map();
    try {
      await this.#parts.inbox.saveHeartbeats(
        [...beats].map(([clusterId, sync]) => ({ clusterId, sync })),
        new Date(),
      );
    } catch (error) {
      // The next heartbeat says the same; nothing is lost but a second of "last seen".
      this.#parts.logger.warn(
        { error: String(error), dropped: beats.size },
        'heartbeats were not saved',
      );
    }
  }

  #refuse(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (error instanceof Refused) {
      if (error.refusal.code === 'OVERLOADED')
        reply.header('retry-after', String(1 + Math.floor(Math.random() * 10)));
      return reply.code(error.status).send(error.refusal);
    }
    // Nearly always a database that is away for a moment: agents come back with what they hold.
    this.#parts.logger.warn(
      { error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      'an agent’s request failed',
    );
    return reply
      .code(503)
      .header('retry-after', String(1 + Math.floor(Math.random() * 10)))
      .send({ code: 'OVERLOADED', message: 'The hub cannot answer now' });
  }
}
