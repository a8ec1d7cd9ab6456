import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly url: string;
  /** `HOST:PORT` of each tunnel that was asked for. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** A forward proxy that does CONNECT and nothing else, as companies have; it alone knows where these hosts are. */
export async function startConnectProxy(
  hosts: Readonly<Record<string, string>>,
): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '' }, client: Socket) => {
    asked.push(url);
    const [host = '', port] = url.split(':');
    const hub = connect(Number(port), hosts[host] ?? host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      hub.pipe(client).pipe(hub);
    });
    for (const socket of [client, hub]) {
      sockets.add(socket);
      socket.on('error', () => [client, hub].forEach((each) => each.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
