import type { StateStore } from '../link/state-store.ts';
import { type KubeApi, KubeRefused } from '../policy/kube-api.ts';

interface Secret {
  readonly data?: Readonly<Record<string, string>>;
}

/** The API server refuses larger Secrets (core/v1 MaxSecretSize). */
const SECRET_BYTES_MAX = 1_048_576;

/**
 * Secrets of the agent's own namespace, so that a pod on another node goes on where the last one stopped.
 * RBAC cannot bind `create` to a name, so it is told apart from `patch`, which is bound (see agent-manifest).
 */
export class SecretStore implements StateStore {
  readonly #api: KubeApi;
  readonly #collection: string;

  constructor(api: KubeApi, namespace: string) {
    this.#api = api;
    this.#collection = `/api/v1/namespaces/${namespace}/secrets`;
  }

  async read(name: string): Promise<string | undefined> {
    const secret = await this.#api.find<Secret>(`${this.#collection}/${secretName(name)}`);
    const value = secret?.data?.['value'];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
  }

  async write(name: string, text: string): Promise<void> {
    const value = Buffer.from(text).toString('base64');
    if (value.length > SECRET_BYTES_MAX)
      throw new RangeError(
        `${secretName(name)}: ${value.length} bytes do not fit into a Secret (at most ${SECRET_BYTES_MAX})`,
      );
    const metadata = { name: secretName(name) };
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data: { value } };
    try {
      await this.#api.merge(`${this.#collection}/${secretName(name)}`, { data: { value } });
    } catch (error) {
      if (!(error instanceof KubeRefused) || error.status !== 404) throw error;
      await this.#api.create(this.#collection, secret);
    }
  }
}

function secretName(name: string): string {
  return `picket-agent-${name}`;
}
