import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import { PATHS } from '@picket/agent-protocol';

import { HubClient } from './hub-client.ts';
import { Identity } from './identity.ts';
import { MemoryStore } from './memory-store.fake.ts';

const SYNC = {
  protocol: '1.0',
  agentVersion: '0',
  digest: null,
  sequence: 0,
  notAfter: 0,
  capabilitiesHash: null,
};

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A hub that gives access tokens to everybody and answers everything else as it is told. */
describe('HubClient', () => {
  let server: Server;
  let client: HubClient;

  async function talkTo(answer: Answer): Promise<HubClient> {
    server = createServer((request, response) => {
      if (request.url === PATHS.token)
        response.end(JSON.stringify({ accessToken: 'token', expiresIn: 3_600 }));
      else answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    client = await HubClient.create({
      hubUrl: `http://127.0.0.1:${port}/`,
      identity: await Identity.load(new MemoryStore()),
      nowMs: () => Date.now(),
      silenceMs: 200,
    });
    return client;
  }
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });

  it('gives up a stream on which nobody speaks, whatever the socket says', async () => {
    const hub = await talkTo((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: sync\n\n');
    });

    const stream = await hub.stream(new AbortController().signal);
    const said: string[] = [];
    const reading = (async () => {
      for await (const chunk of stream) said.push(Buffer.from(chunk).toString());
    })();

    await expect(reading).rejects.toThrow();
    expect(said.join('')).toBe('event: sync\n\n');
  });

  it('stays on a stream on which only comments come', async () => {
    const hub = await talkTo((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const speaking = setInterval(() => response.write(':\n\n'), 50);
      setTimeout(() => {
        clearInterval(speaking);
        response.end();
      }, 3_000);
    });

    const stream = await hub.stream(new AbortController().signal);
    let comments = 0;
    for await (const _chunk of stream) comments += 1;

    expect(comments).toBeGreaterThan(10);
  });

  it.each([
    ['7', 7_000],
    ['0', undefined],
    ['', undefined],
    ['-5', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ])('understands retry-after %j as %s ms', async (header, retryAfterMs) => {
    const hub = await talkTo((_request, response) => {
      response.writeHead(503, { 'retry-after': header });
      response.end('{"code":"OVERLOADED","message":"later"}');
    });

    await expect(hub.sync(SYNC)).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterMs });
  });

  it('quotes what something else than a hub answers, and not all of it', async () => {
    const hub = await talkTo((_request, response) => {
      response.writeHead(502);
      response.end(`<html>${'x'.repeat(5_000)}`);
    });

    const failure = await hub.sync(SYNC).then(
      () => undefined,
      (error: unknown) => error as Error,
    );

    expect(failure).toMatchObject({ status: 502, code: 'UNKNOWN' });
    expect(failure?.message.length).toBeLessThan(300);
  });

  it('takes no answer without end', async () => {
    const hub = await talkTo((_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(65_536), () => setImmediate(more));
      };
      more();
    });

    await expect(hub.sync(SYNC)).rejects.toThrow('larger than 1048576 bytes');
  });

  it('follows no redirect: the access token is for this hub', async () => {
    const asked: string[] = [];
    const hub = await talkTo((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' });
      response.end();
    });

    await expect(hub.sync(SYNC)).rejects.toThrow();
    expect(asked).toEqual([PATHS.sync]);
  });

  it('ends what is under way when it is closed', async () => {
    const hub = await talkTo(() => undefined);

    const waiting = hub.sync(SYNC).catch((error: unknown) => error);
    await sleep(50);
    await hub.close();

    expect(await waiting).toBeInstanceOf(Error);
  });
});
