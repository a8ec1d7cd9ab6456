import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface RawResponse {
  readonly status: number;
  readonly body: Buffer;
}

interface Waiting {
  readonly text: string;
  readonly resolve: (response: RawResponse) => void;
  readonly reject: (error: Error) => void;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * HTTP/1.1 over a few kept connections, as a TLS terminator in front of the hub holds them. Cheap on purpose, so that the load costs less than
 * what is measured: no pipelining, no redirects, bodies with a length only.
 */
export class RawHttp {
  readonly #host: string;
  readonly #port: number;
  readonly #isTls: boolean;
  readonly #max: number;
  readonly #idle: Connection[] = [];
  readonly #queue: Waiting[] = [];
  #open = 0;

  constructor(url: string, connections: number) {
    const { hostname, port, protocol } = new URL(url);
    this.#isTls = protocol === 'https:';
    this.#host = hostname;
    this.#port = Number(port);
    this.#max = connections;
  }

  request(method: string, path: string, headers: string, body = ''): Promise<RawResponse> {
    const length =
      body === '' && method === 'GET' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
    const text = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${headers}${length}\r\n${body}`;
    return new Promise((resolve, reject) => {
      this.#queue.push({ text, resolve, reject });
      this.#next();
    });
  }

  /** A response without an end: `onData` gets its bytes, `onEnd` comes once. */
  stream(
    path: string,
    headers: string,
    onData: (chunk: Buffer) => void,
    onEnd: () => void,
  ): Socket {
    const socket = this.#socket();
    socket.on('data', onData);
    socket.once('close', onEnd);
    socket.on('error', () => undefined); // close follows
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${headers}\r\n`);
    return socket;
  }

  close(): void {
    for (const connection of this.#idle) connection.end();
  }

  #socket(): Socket {
    const options = { host: this.#host, port: this.#port, noDelay: true };
    // The certificate was made for this run, by the hub's own starter: there is nobody to mistrust.
    return this.#isTls
      ? connectTls({ ...options, rejectUnauthorized: false })
      : connectPlain(options);
  }

  #next(): void {
    while (this.#queue.length > 0) {
      const connection = this.#idle.pop() ?? (this.#open < this.#max ? this.#connect() : undefined);
      const waiting = connection && this.#queue.shift();
      if (!connection || !waiting) return;
      connection.send(waiting);
    }
  }

  #connect(): Connection {
    this.#open += 1;
    const connection: Connection = new Connection(
      this.#socket(),
      () => {
        this.#idle.push(connection);
        this.#next();
      },
      () => {
        this.#open -= 1;
        const index = this.#idle.indexOf(connection);
        if (index !== -1) this.#idle.splice(index, 1);
        this.#next();
      },
    );
    return connection;
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #onFree: () => void;
  #waiting: Waiting | undefined;
  #received: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, onFree: () => void, onClose: () => void) {
    this.#socket = socket;
    this.#onFree = onFree;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => undefined); // close follows
    socket.on('close', () => {
      this.#waiting?.reject(new Error('the connection closed'));
      this.#waiting = undefined;
      onClose();
    });
  }

  send(waiting: Waiting): void {
    this.#waiting = waiting;
    this.#socket.write(waiting.text);
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return;
    const body = this.#received.subarray(headEnd + 4, end);
    this.#received = this.#received.subarray(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
    if (/\r\nconnection: close/i.test(head)) this.#socket.destroy();
    else this.#onFree();
  }
}
