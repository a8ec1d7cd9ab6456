import type { KubeBody, KubeClient } from '../../../../test/support/kube/index.ts';
import { Failure, exitCode } from '../exit-code.ts';

/** An object of the Kubernetes API, as far as the demo looks into it. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** The few requests that the demo sends to a cluster, as a person with kubectl would. Throws a `Failure` for a refusal. */
export class KubeApi {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async create(path: string, object: object): Promise<void> {
    this.#check(`POST ${path}`, await this.#client.create(path, object));
  }

  async delete(path: string): Promise<void> {
    this.#check(`DELETE ${path}`, await this.#client.delete(path));
  }

  async list(path: string): Promise<readonly KubeObject[]> {
    return this.#check(`GET ${path}`, await this.#client.get(path))['items'];
  }

  #check(what: string, { status, body }: { status: number; body: KubeBody }): KubeBody {
    if (status < 300) return body;
    throw new Failure(
      exitCode.refused,
      `${what}: the cluster answered ${status}: ${JSON.stringify(body)}`,
    );
  }
}
