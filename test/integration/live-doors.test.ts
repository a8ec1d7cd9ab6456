import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { eventually, describeShapes, type Backends, TestHub } from '../support/hub/index.ts';

jest.setTimeout(60_000);

/** What knocks at the door of subscriptions without the manners of a client. */
function suite(start: () => Promise<Backends>): void {
  let backends: Backends;
  let hub: TestHub;

  beforeAll(async () => {
    backends = await start();
    hub = await TestHub.start(backends.env);
  });
  afterAll(async () => {
    await hub?.stop();
    await backends?.stop();
  });

  async function upgrade(path: string): Promise<Socket> {
    const { hostname, port } = new URL(hub.url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bm90IGEgc2VjcmV0IQ==\r\n\r\n`,
    );
    return socket;
  }
  it('outlives whoever asks for another door and is gone before the answer', async () => {
    for (let round = 0; round < 50; round += 1) (await upgrade('/nowhere')).resetAndDestroy();

    expect(await hub.ask('{ organization { name } }')).toEqual({
      organization: { name: 'default' },
    });
  });

  it('keeps no connection that it has turned away, though its other end stays', async () => {
    const socket = await upgrade('/nowhere');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 404 /);

    await eventually(() => {
      socket.write('still here');
      expect(socket.destroyed).toBe(true);
    });
  });
}

describeShapes('the door of subscriptions', suite);
