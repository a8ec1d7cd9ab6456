import { Failure, exitCode } from '../exit-code.ts';

/** An object of the Kubernetes API, as far as the demo looks into it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** The few requests that the demo sends to a cluster, as a person with kubectl would. */
export class KubeApi {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async create(path: string, object: object): Promise<void> {
    await this.#ask('POST', path, JSON.stringify(object));
  }

  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path);
  }

  async list(path: string): Promise<readonly KubeObject[]> {
    return ((await this.#ask('GET', path)) as { items: readonly KubeObject[] }).items;
  }

  async #ask(method: string, path: string, body?: string): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw new Failure(
      exitCode.refused,
      `${method} ${path}: the cluster answered ${response.status}: ${text}`,
    );
  }
}
