import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  grantBytes,
  type KeyStatement,
  keyStatementBytes,
  PATHS,
  type SignedGrant,
  type StatusReport,
  type SyncResponse,
} from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';
import { pino } from 'pino';

import { HubClient } from './hub-client.ts';
import { Identity } from './identity.ts';
import { Link, type Runner } from './link.ts';
import { MemoryStore } from './memory-store.fake.ts';
import { Spool } from './spool.ts';

const clusterId = '11111111-1111-4111-8111-111111111111';
const SET = '{"format":1,"objects":[],"templates":[]}';
const refusal = (code: string): object => ({ code, message: 'said the hub' });

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > 1_000) throw new Error(`Still not so: ${isTrue.toString()}`);
    await sleep(10);
  }
}

/** A hub that answers as the test says, and remembers what it was asked. */
class ScriptedHub {
  readonly #keys = generateKeyPairSync('ed25519');
  readonly asked: string[] = [];
  readonly reports: StatusReport[] = [];
  /** Answers status and body; by default there is nothing new. */
  answer: (path: string, body: Record<string, unknown>) => [number, object] | undefined = () =>
    undefined;
  grant: SignedGrant | null = null;
  /** What comes with the grant. */
  set: string | undefined;
  keyStatements: KeyStatement[] | undefined;
  readonly server: Server = createServer(
    (request, response) => void this.#serve(request, response),
  );

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  count(path: string): number {
    return this.asked.filter((one) => one === path).length;
  }

  granted(sequence: number, text = SET): SignedGrant {
    const digest = sha256Hex(text);
    const grant = { clusterId, sequence, digest, notAfter: 9_000_000_000, keyId: 'hub' };
    const signature = sign(null, Buffer.from(grantBytes(grant)), this.#keys.privateKey);
    return { ...grant, signature: signature.toString('base64url') };
  }

  /** The same key counts, under this name. */
  stated(counter: number, keyId = 'hub'): KeyStatement {
    const statement = { counter, keys: [{ keyId, publicKey: this.#publicKey() }], signedBy: 'hub' };
    const signature = sign(null, Buffer.from(keyStatementBytes(statement)), this.#keys.privateKey);
    return { ...statement, signature: signature.toString('base64url') };
  }

  #publicKey(): string {
    return this.#keys.publicKey.export({ format: 'jwk' }).x ?? '';
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    let text = '';
    for await (const chunk of request) text += String(chunk);
    this.asked.push(path);
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const [status, answer] = this.answer(path, body) ?? [200, this.#default(path, body)];
    if (path === PATHS.stream && status === 200) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.write(':\n\n');
    }
    response.writeHead(status);
    response.end(JSON.stringify(answer));
  }

  #default(path: string, body: Record<string, unknown>): object {
    const publicKey = this.#publicKey();
    const sync: SyncResponse = {
      grant: this.grant,
      ...(this.set && { set: this.set }),
      ...(this.keyStatements && { keyStatements: this.keyStatements }),
      wantsFacts: false,
      heartbeatMs: 50,
      hubTimeMs: Date.now(),
    };
    if (path === PATHS.status) this.reports.push(body as StatusReport);
    if (path === PATHS.enrol)
      return {
        clusterId,
        state: 'approved',
        hubKeys: [{ keyId: 'hub', publicKey }],
        keysCounter: 0,
      };
    if (path === PATHS.token) return { accessToken: 'token', expiresIn: 3_600 };
    if (path === PATHS.sync) return sync;
    return JSON.parse(SET) as object;
  }
}

describe('Link', () => {
  let hub: ScriptedHub;
  let link: Link;
  let joinToken: string | undefined;
  let held: ReturnType<Runner['running']>;
  /** What comes of a grant: by default the runner takes it. */
  let take: (grant: SignedGrant) => void;

  beforeEach(async () => {
    hub = new ScriptedHub();
    hub.server.listen(0, '127.0.0.1');
    await once(hub.server, 'listening');
    joinToken = 'first-token';
    held = { digest: null, sequence: 0, notAfter: 0, approvedAtMs: 0 };
    take = ({ digest, sequence, notAfter }) =>
      (held = { digest, sequence, notAfter, approvedAtMs: 0 });
    const logger = pino({ level: 'silent' });
    const identity = await Identity.load(new MemoryStore());
    link = new Link({
      client: await HubClient.create({ hubUrl: hub.url, identity, nowMs: () => Date.now() }),
      identity,
      spool: await Spool.load(new MemoryStore(), logger),
      logger,
      agentVersion: '0',
      approvers: undefined,
      random: () => 0.5,
      joinToken: () => Promise.resolve(joinToken),
      runner: {
        running: () => held,
        capabilities: () => Promise.resolve({ kubernetesVersion: 'v1', cni: null, apis: {} }),
        run: (grant) => Promise.resolve(take(grant)),
      },
    });
  });
  afterEach(async () => {
    await link.stop();
    hub.server.closeAllConnections();
    hub.server.close();
  });

  it('enrols, says what runs with each heartbeat, and fetches a set once', async () => {
    hub.grant = hub.granted(1);

    link.start();
    await until(() => hub.count(PATHS.sync) > 3);

    expect(hub.count(PATHS.enrol)).toBe(1);
    expect(hub.count(PATHS.policySet(hub.grant.digest))).toBe(1);
    expect(hub.count(PATHS.stream)).toBe(1);
    expect(held).toMatchObject({ digest: hub.grant.digest, sequence: 1 });
    expect(link.state).toBe('synced');
  });

  it('tries a set that could not be made effective again, without fetching it again', async () => {
    hub.grant = hub.granted(1);
    let tries = 0;
    take = () => void (tries += 1);

    link.start();
    await until(() => tries > 2);

    expect(hub.count(PATHS.policySet(hub.grant.digest))).toBe(1);
  });

  it('takes a set that comes with its grant, and fetches none', async () => {
    hub.grant = hub.granted(1);
    hub.set = gzipSync(SET).toString('base64');

    link.start();
    await until(() => hub.count(PATHS.sync) > 3);

    expect(held).toMatchObject({ digest: hub.grant.digest });
    expect(hub.count(PATHS.policySet(hub.grant.digest))).toBe(0);
  });

  it('does not run a set that came with a grant and is another one', async () => {
    hub.grant = hub.granted(1);
    hub.set = gzipSync('{"format":1}').toString('base64');

    link.start();
    await until(() => hub.count(PATHS.sync) > 1);

    expect(held.digest).toBeNull();
  });

  it('fetches a set that came with its grant and cannot be read', async () => {
    hub.grant = hub.granted(1);
    hub.set = Buffer.from('no').toString('base64');

    link.start();
    await until(() => held.digest !== null);

    expect(held.digest).toBe(hub.grant.digest);
    expect(hub.count(PATHS.policySet(hub.grant.digest))).toBe(1);
  });

  it('reports a grant that it refuses, once, and does not follow it', async () => {
    hub.grant = { ...hub.granted(1), sequence: 2 };

    link.start();
    await until(() => hub.count(PATHS.sync) > 4);

    expect(held.digest).toBeNull();
    expect(hub.reports).toHaveLength(1);
    expect(hub.reports[0]).toMatchObject({
      phase: 'refused',
      reason: expect.stringContaining('signature is wrong'),
    });
  });

  it('says with each heartbeat which key statement it followed last, and why it goes no further', async () => {
    const told: unknown[] = [];
    hub.answer = (path, body) => {
      if (path === PATHS.sync) told.push(body['keys']);
      return undefined;
    };
    hub.keyStatements = [{ ...hub.stated(1), signature: hub.stated(2).signature }];

    link.start();
    await until(() => told.length > 2);
    hub.keyStatements = [hub.stated(1), hub.stated(2)];
    await until(() => JSON.stringify(told.at(-1)) === '{"counter":2,"fault":null}');

    expect(told.slice(0, 3)).toEqual([
      { counter: 0, fault: null },
      { counter: 0, fault: 'the signature of statement 1 is wrong' },
      { counter: 0, fault: 'the signature of statement 1 is wrong' },
    ]);
  });

  it('judges a grant by the keys that come with it', async () => {
    hub.keyStatements = [hub.stated(1, 'stranger')];
    hub.grant = hub.granted(1);

    link.start();
    await until(() => hub.reports.length > 0);

    expect(held.digest).toBeNull();
    expect(hub.reports[0]?.reason).toContain('signed with key hub, which is not pinned');
  });

  it('refuses a set that is not what its digest says', async () => {
    hub.grant = hub.granted(1, 'something else');

    link.start();
    await until(() => hub.reports.length > 0);

    expect(held.digest).toBeNull();
    expect(hub.reports[0]?.reason).toContain('not what its digest says');
  });

  it.each(['REVOKED', 'JOIN_TOKEN_USED', 'JOIN_TOKEN_EXPIRED', 'JOIN_TOKEN_UNKNOWN'])(
    'asks no more after %s, until a new join token comes; then with a new key',
    async (code) => {
      const keys: unknown[] = [];
      let isRefused = true;
      const at = code === 'REVOKED' ? PATHS.sync : PATHS.enrol;
      hub.answer = (path, body) => {
        if (path === PATHS.enrol) keys.push(body['publicKey']);
        return path === at && isRefused ? [403, refusal(code)] : undefined;
      };

      link.start();
      await until(() => link.state === 'revoked');
      const asked = hub.asked.length;
      link.syncNow();
      await sleep(300);
      expect(hub.asked).toHaveLength(asked);
      isRefused = false;
      joinToken = 'second-token';
      link.syncNow();
      await until(() => link.state === 'synced');

      expect(new Set(keys).size).toBe(2);
    },
  );

  it('tries a new join token at a hub that never heard of this cluster', async () => {
    let isKnown = true;
    hub.answer = (path) =>
      path === PATHS.sync && !isKnown ? [401, refusal('UNAUTHENTICATED')] : undefined;
    link.start();
    await until(() => link.state === 'synced');

    isKnown = false;
    await until(() => link.state === 'away');
    expect(hub.count(PATHS.enrol)).toBe(1);
    joinToken = 'second-token';
    await until(() => hub.count(PATHS.enrol) === 2);
    isKnown = true;

    await until(() => link.state === 'synced');
  });

  it('waits as long as it is told, and longer', async () => {
    let isOver = false;
    const times: number[] = [];
    hub.answer = (path) => {
      if (path !== PATHS.sync || isOver) return undefined;
      times.push(performance.now());
      isOver = times.length === 2;
      return [503, refusal('OVERLOADED')];
    };
    hub.server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) =>
      response.setHeader('retry-after', '1'),
    );

    link.start();
    await until(() => times.length === 2);

    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_200);
  });

  it('keeps a report through an outage, and drops one that the hub will never take', async () => {
    const statuses = [503, 413];
    hub.answer = (path) => {
      const status = path === PATHS.status ? statuses.shift() : undefined;
      return status === undefined ? undefined : [status, refusal('TOO_LARGE')];
    };
    const counts = { applied: 1, pending: 0, failed: 0, drifted: 0 };
    const report = (sequence: number): Parameters<Link['report']>[0] => ({
      sequence,
      digest: 'a'.repeat(64),
      running: null,
      phase: 'applied',
      counts,
      outcomes: [],
      outcomesDropped: 0,
      repairs: 0,
      atMs: 1,
      reason: null,
    });
    link.start();
    await until(() => link.state === 'synced');

    await link.report(report(1));
    await link.report(report(2));
    await until(() => hub.reports.length === 1 && link.waitingReports === 0);

    expect(hub.reports[0]).toMatchObject({ sequence: 2 });
    expect(statuses).toEqual([]);
  });
});
