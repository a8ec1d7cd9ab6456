import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';

export type KubeBody = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- raw API objects, read freely by tests

export interface KubeResponse {
  readonly status: number;
  readonly body: KubeBody;
}

export interface KubeWatch {
  /** The next event. Rejects when the stream ended first. */
  next(): Promise<{ readonly type: string; readonly object: KubeBody }>;
  close(): void;
}

/** The Kubernetes API as raw requests under one token: status and body, nothing thrown for a refusal. */
export class KubeClient {
  readonly #url: string;
  readonly #token: string;
  readonly #ca: string;

  constructor(url: string, token: string, ca: string) {
    this.#url = url;
    this.#token = token;
    this.#ca = ca;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<KubeResponse> {
    return this.#ask('GET', path, undefined, headers);
  }

  create(path: string, object: object): Promise<KubeResponse> {
    return this.#ask('POST', path, object);
  }

  update(path: string, object: object): Promise<KubeResponse> {
    return this.#ask('PUT', path, object);
  }

  delete(path: string, options?: object): Promise<KubeResponse> {
    return this.#ask('DELETE', path, options);
  }

  patch(path: string, patch: object, type = 'merge-patch'): Promise<KubeResponse> {
    return this.#ask('PATCH', path, patch, { 'content-type': `application/${type}+json` });
  }

  /** Server-side apply. */
  apply(path: string, object: object, fieldManager: string, query = ''): Promise<KubeResponse> {
    const type = { 'content-type': 'application/apply-patch+yaml' };
    return this.#ask('PATCH', `${path}?fieldManager=${fieldManager}${query}`, object, type);
  }

  async watch(path: string): Promise<KubeWatch> {
    const response = await this.#send('GET', path, undefined, {});
    const lines = createInterface({ input: response })[Symbol.asyncIterator]();
    return {
      async next() {
        const line = await lines.next();
        if (line.done) throw new Error('the watch ended');
        return JSON.parse(line.value) as { type: string; object: KubeBody };
      },
      close: () => void response.destroy(),
    };
  }

  async #ask(method: string, path: string, body?: object, headers = {}): Promise<KubeResponse> {
    const response = await this.#send(method, path, body, headers);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    return { status: response.statusCode ?? 0, body: parse(text) };
  }

  #send(
    method: string,
    path: string,
    body: object | undefined,
    headers: Record<string, string>,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        `${this.#url}${path}`,
        {
          method,
          ca: this.#ca,
          headers: {
            authorization: `Bearer ${this.#token}`,
            accept: 'application/json',
            'content-type': 'application/json',
            ...headers,
          },
        },
        resolve,
      );
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function parse(text: string): KubeBody {
  try {
    return JSON.parse(text) as KubeBody;
  } catch {
    return { text };
  }
}
