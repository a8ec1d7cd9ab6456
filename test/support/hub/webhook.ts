import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request, and whether its signature was right. */
export interface Delivery {
  readonly lines: readonly string[];
  readonly isSigned: boolean;
}

/** A receiver of webhooks that can be told to misbehave, and keeps its port when it restarts. */
export class Webhook {
  readonly #secret: string;
  #server: Server | undefined;
  #port = 0;
  readonly taken: Delivery[] = [];
  /** Requests that came, taken or not. */
  requests = 0;
  /** What to do instead of taking a request: a status, or no answer at all. */
  mood: number | 'hang' | undefined;
  redirectTo: string | undefined;

  constructor(secret: string) {
    this.#secret = secret;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** All lines that were taken, in order. */
  get lines(): string[] {
    return this.taken.flatMap(({ lines }) => lines);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (this.mood === 'hang') return;
    if (this.mood !== undefined) {
      const headers = this.redirectTo === undefined ? {} : { location: this.redirectTo };
      response.writeHead(this.mood, headers).end();
      return;
    }
    const [, t, v1] =
      /^t=(\d+),v1=([\da-f]{64})$/.exec(String(request.headers['picket-signature'])) ?? [];
    const expected = createHmac('sha256', this.#secret).update(`${t}.${body}`).digest('hex');
    const isFresh = Math.abs(Number(t) - Date.now() / 1_000) < 300;
    this.taken.push({
      lines: body.split('\n').slice(0, -1),
      isSigned: v1 === expected && isFresh,
    });
    response.end();
  }
}
