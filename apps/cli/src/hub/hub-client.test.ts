import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { HubClient, operation } from './hub-client.ts';
import { listAll } from './list-all.ts';

const whoAmI = operation<{ me: string }>('query { me }');
let server: Server | undefined;

afterEach(() => {
  server?.close();
});

async function serve(status: number, body: string): Promise<{ hub: HubClient; seen: string[] }> {
  const seen: string[] = [];
  server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (chunk: string) => seen.push(chunk));
    request.on('end', () => {
      seen.push(String(request.headers.authorization));
      response.writeHead(status).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { hub: new HubClient({ url: `http://127.0.0.1:${port}`, token: 'secret' }), seen };
}

describe('HubClient', () => {
  it('asks with the token and answers the data', async () => {
    const { hub, seen } = await serve(200, '{"data":{"me":"admin"}}');

    const answer = await hub.ask(whoAmI, {});

    expect(answer).toEqual({ me: 'admin' });
    expect(seen).toEqual(['{"query":"query { me }","variables":{}}', 'Bearer secret']);
  });

  it.each([
    [
      200,
      '{"errors":[{"message":"gone","extensions":{"code":"CLUSTER_MISSING","kind":"notFound"}}]}',
      3,
      'gone (CLUSTER_MISSING)',
    ],
    [
      200,
      '{"errors":[{"message":"bad","extensions":{"code":"BAD_SELECTOR","kind":"invalid"}}]}',
      2,
      'bad (BAD_SELECTOR)',
    ],
    [401, '{"errors":[{"message":"who?"}]}', 3, 'who?'],
    [
      200,
      '{"errors":[{"message":"away","extensions":{"code":"UNAVAILABLE","kind":"unavailable"}}]}',
      4,
      'away (UNAVAILABLE)',
    ],
    [502, '<html>', 4, 'answered 502 Bad Gateway'],
    [404, 'not found', 3, 'answered 404 Not Found'],
    [200, 'hello', 3, 'answered 200 OK'],
  ])('turns %s %s into exit code %s', async (status, body, code, message) => {
    const { hub } = await serve(status, body);

    await expect(hub.ask(whoAmI, {})).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('says that a hub cannot be reached, and why', async () => {
    const { hub } = await serve(200, '');
    server?.close();

    await expect(hub.ask(whoAmI, {})).rejects.toMatchObject({
      code: 4,
      message: expect.stringMatching(/Cannot reach the hub at .*ECONNREFUSED/),
    });
  });
});

describe('listAll', () => {
  it('follows the cursors to the end', async () => {
    const pages = new Map([
      [
        null,
        { edges: [{ node: 1 }, { node: 2 }], pageInfo: { hasNextPage: true, endCursor: 'a' } },
      ],
      ['a', { edges: [{ node: 3 }], pageInfo: { hasNextPage: false, endCursor: 'b' } }],
    ]);

    const all = await listAll((after) => Promise.resolve(pages.get(after as null)!));

    expect(all).toEqual([1, 2, 3]);
  });
});
