// A process full of agents that speak the real protocol and have no cluster behind them. Its parent steers it by messages.
import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import type { Socket } from 'node:net';

import { grantBytes, INLINE_BYTES_MAX, PATHS, type SignedGrant } from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';
import { gunzipSync } from 'node:zlib';

import { backoffMs } from '../../agent/src/link/backoff.ts';
import { RawHttp } from './raw-http.ts';

export type ToAgents =
  | {
      readonly do: 'join';
      readonly url: string;
      readonly capabilities: object;
      readonly capabilitiesHash: string;
      readonly members: readonly { readonly id: string; readonly joinToken: string }[];
    }
  | { readonly do: 'tell'; readonly grants: boolean }
  | { readonly do: 'times' };
export type FromAgents =
  | { readonly done: 'join' }
  | {
      readonly done: 'times';
      readonly granted: readonly number[];
      readonly acknowledged: readonly number[];
      readonly healthy: readonly number[];
      readonly faults: number;
    }
  | { readonly event: 'granted'; readonly id: string; readonly atMs: number };

/** Requests at once; a whole fleet never sends more through one terminator. */
const CONNECTIONS = 64;
/** One agent in this many checks signature and digest as a real one does; all of them would measure this process instead of the hub. */
const CHECKS_EVERY = 50;

const now = (): number => performance.timeOrigin + performance.now();

class FleetAgent {
  readonly #http: RawHttp;
  readonly #id: string;
  readonly #isChecker: boolean;
  readonly #capabilitiesHash: string;
  readonly #epoch = randomUUID();
  #headers = '';
  #publicKey: { keyId: string; publicKey: string } | undefined;
  #stream: Socket | undefined;
  #failures = 0;
  #reports = 0;
  #isSyncing = false;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  held = { digest: null as string | null, sequence: 0, notAfter: 0 };
  /** When the last new grant came, when its report was acknowledged, and when a stream was last opened (ms since the epoch). */
  grantedMs = 0;
  acknowledgedMs = 0;
  healthyMs = 0;

  constructor(http: RawHttp, id: string, index: number, capabilitiesHash: string) {
    this.#http = http;
    this.#id = id;
    this.#isChecker = index % CHECKS_EVERY === 0;
    this.#capabilitiesHash = capabilitiesHash;
  }

  async join(joinToken: string, capabilities: object): Promise<void> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'jwk' }).x ?? '';
    const signed = (text: string): string =>
      sign(null, Buffer.from(text), privateKey).toString('base64url');
    const proof = signed(`picket.enrol.v1\n${joinToken}\n${raw}`);
    const { hubKeys } = await this.#post(PATHS.enrol, {
      protocol: '1.0',
      joinToken,
      publicKey: raw,
      proof,
      agentVersion: '0.1.0',
    });
    this.#publicKey = hubKeys[0];
    const iat = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: this.#id,
      sub: this.#id,
      aud: 'picket-hub',
      iat,
      exp: iat + 60,
      jti: randomUUID(),
    };
    const text = [{ alg: 'EdDSA' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const { accessToken } = await this.#post(PATHS.token, { assertion: `${text}.${signed(text)}` });
    this.#headers = `authorization: Bearer ${accessToken}\r\n`;
    await this.#post(PATHS.facts, { protocol: '1.0', capabilities });
    await this.#round();
    this.#listen();
    this.#beat(Math.random() * 30_000);
  }

  /** As the real link: one round at a time, and another one when an event came during it. */
  async syncSoon(): Promise<void> {
    if (this.#isSyncing) {
      this.#isDue = true;
      return;
    }
    this.#isSyncing = true;
    try {
      do {
        this.#isDue = false;
        await this.#round();
        this.#failures = 0;
      } while (this.#isDue);
      if (!this.#stream) this.#listen();
    } catch {
      faults += 1;
      this.#retry();
    } finally {
      this.#isSyncing = false;
    }
  }

  async #round(): Promise<void> {
    const { grant, set } = await this.#post(PATHS.sync, {
      protocol: '1.0',
      agentVersion: '0.1.0',
      ...this.held,
      capabilitiesHash: this.#capabilitiesHash,
      inlineBytes: INLINE_BYTES_MAX,
    });
    if (!grant) return;
    const atMs = now();
    const isNew = grant.digest !== this.held.digest;
    if (isNew) this.#check(grant, set ? Buffer.from(set, 'base64') : await this.#fetch(grant));
    this.held = { digest: grant.digest, sequence: grant.sequence, notAfter: grant.notAfter };
    if (isNew) {
      this.grantedMs = atMs;
      send({ event: 'granted', id: this.#id, atMs });
    }
    await this.#post(PATHS.status, this.#report(grant));
    this.acknowledgedMs = now();
  }

  async #fetch(grant: SignedGrant): Promise<Buffer> {
    const { status, body } = await this.#http.request(
      'GET',
      PATHS.policySet(grant.digest),
      this.#headers,
    );
    if (status !== 200) throw new Error(`policy set: ${status}`);
    return body;
  }

  #check(grant: SignedGrant, body: Buffer): void {
    if (!this.#isChecker) return;
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: this.#publicKey?.publicKey ?? '' },
      format: 'jwk',
    });
    const isSigned = verify(
      null,
      Buffer.from(grantBytes(grant)),
      key,
      Buffer.from(grant.signature, 'base64url'),
    );
    if (!isSigned || sha256Hex(gunzipSync(body).toString('utf8')) !== grant.digest)
      throw new Error('the grant or its policy set is not what it says');
  }

  #report({ sequence, digest }: SignedGrant): object {
    return {
      protocol: '1.0',
      epoch: this.#epoch,
      reportSequence: (this.#reports += 1),
      sequence,
      digest,
      running: digest,
      phase: 'applied',
      counts: { applied: 12, pending: 0, failed: 0, drifted: 0 },
      outcomes: [],
      outcomesDropped: 0,
      repairs: 0,
      reportsDropped: 0,
      atMs: Date.now(),
      reason: null,
    };
  }

  #listen(): void {
    this.#stream = this.#http.stream(
      PATHS.stream,
      this.#headers,
      (chunk) => {
        this.healthyMs ||= now();
        if (chunk.includes('event: sync')) void this.syncSoon();
      },
      () => {
        this.#stream = undefined;
        this.healthyMs = 0;
        setTimeout(() => void this.syncSoon(), backoffMs(2, Math.random()));
      },
    );
  }

  #beat(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.syncSoon();
      this.#beat(30_000 * (0.95 + 0.1 * Math.random()));
    }, waitMs);
  }

  #retry(): void {
    setTimeout(() => void this.syncSoon(), backoffMs(this.#failures++, Math.random()));
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- answers of the hub, held to their schemas by the tests
  async #post(path: string, body: object): Promise<any> {
    const { status, body: answer } = await this.#http.request(
      'POST',
      path,
      `${this.#headers}content-type: application/json\r\n`,
      JSON.stringify(body),
    );
    if (status >= 300) throw new Error(`${path}: ${status} ${answer.toString()}`);
    return answer.length > 0 ? JSON.parse(answer.toString()) : undefined;
  }
}

const agents: FleetAgent[] = [];
let faults = 0;
/** Of interest only for changes of one cluster: ten thousand messages would be load of their own. */
let tellsGrants = false;

function send(message: FromAgents): void {
  if ('event' in message && !tellsGrants) return;
  process.send?.(message);
}

async function join({
  url,
  members,
  capabilities,
  capabilitiesHash,
}: Extract<ToAgents, { do: 'join' }>): Promise<void> {
  const http = new RawHttp(url, CONNECTIONS);
  const queue = members.values();
  const lanes = Array.from({ length: 16 }, async () => {
    for (const { id, joinToken } of queue) {
      const agent = new FleetAgent(http, id, agents.length, capabilitiesHash);
      agents.push(agent);
      await agent.join(joinToken, capabilities);
    }
  });
  await Promise.all(lanes);
  send({ done: 'join' });
}

process.on('message', (message: ToAgents) => {
  if (message.do === 'join')
    join(message).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    });
  if (message.do === 'tell') tellsGrants = message.grants;
  if (message.do === 'times')
    send({
      done: 'times',
      granted: agents.map(({ grantedMs }) => grantedMs),
      acknowledged: agents.map(({ acknowledgedMs }) => acknowledgedMs),
      healthy: agents.map(({ healthyMs }) => healthyMs),
      faults,
    });
});
