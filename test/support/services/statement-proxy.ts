import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a hub and PostgreSQL, and notes each statement that is run, without its values. */
export class StatementProxy {
  readonly url: string;
  readonly #close: () => Promise<void>;
  readonly #statements: string[];

  private constructor(url: string, statements: string[], close: () => Promise<void>) {
    this.url = url;
    this.#statements = statements;
    this.#close = close;
  }

  static async start(databaseUrl: string): Promise<StatementProxy> {
    const statements: string[] = [];
    const target = new URL(databaseUrl);
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const database = connect(Number(target.port), target.hostname);
      const reader = new Reader((text) => statements.push(text));
      client.on('data', (chunk: Buffer) => {
        reader.read(chunk);
        database.write(chunk);
      });
      database.pipe(client);
      for (const socket of [client, database]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          client.destroy();
          database.destroy();
        });
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(databaseUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    return new StatementProxy(url.href, statements, async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
  }

  /** What was run since the last time. */
  take(): string[] {
    return this.#statements.splice(0);
  }

  close(): Promise<void> {
    return this.#close();
  }
}

const [PARSE, BIND, QUERY] = ['P', 'B', 'Q'].map((letter) => letter.charCodeAt(0));

/** Reads what a client says, by PostgreSQL's frontend protocol 3.0: a statement is run when it is bound. */
class Reader {
  readonly #told: (text: string) => void;
  readonly #prepared = new Map<string, string>();
  #rest = Buffer.alloc(0);
  #isStarted = false;

  constructor(told: (text: string) => void) {
    this.#told = told;
  }

  read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      // The first message has no letter.
      const head = this.#isStarted ? 1 : 0;
      if (this.#rest.length < head + 4) return;
      const length = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(head + 4, length);
      if (this.#isStarted) this.#note(this.#rest[0], message);
      this.#isStarted = true;
      this.#rest = this.#rest.subarray(length);
    }
  }

  #note(letter: number | undefined, message: Buffer): void {
    const [first = '', second = ''] = message.toString('latin1').split('\0');
    if (letter === PARSE) this.#prepared.set(first, second);
    if (letter === BIND) this.#told(this.#prepared.get(second) ?? '?');
    if (letter === QUERY) this.#told(first);
  }
}
