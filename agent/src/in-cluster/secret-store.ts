import { createHash } from 'node:crypto';

import { STATE_CHUNKS_MAX, stateSecretNames } from '@picket/agent-protocol';
import { z } from 'zod';

import type { StateStore } from '../link/state-store.ts';
import { type KubeApi, KubeRefused } from '../policy/kube-api.ts';

interface Secret {
  readonly data?: Readonly<Record<string, string>>;
}

/** Below what the API server takes (core/v1 MaxSecretSize, 1 MiB), with room for names and marks. */
const CHUNK_BYTES = 1_000_000;

/** In the first Secret, where the text itself does not fit: which of the two rows of chunks has it. */
const Head = z.object({
  row: z.enum(['a', 'b']),
  chunks: z.int().min(1).max(STATE_CHUNKS_MAX),
  sha256: z.string(),
});
type Head = z.infer<typeof Head>;

/**
 * Secrets of the agent's own namespace, so that a pod on another node goes on where the last one stopped.
 *
 * What fits is one Secret and one write. What does not goes in chunks to the row that is not in force, and then one write of the first Secret
 * switches over: whenever the agent is killed, the old text or the new one is there in full.
 *
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
    const names = stateSecretNames(name);
    const first = await this.#read(names.first);
    const value = first?.['value'];
    if (value) return value.toString('utf8');
    const head = headOf(first);
    if (!head) return undefined;
    const chunks = await Promise.all(
      names[head.row].slice(0, head.chunks).map((chunk) => this.#read(chunk)),
    );
    const whole = Buffer.concat(chunks.map((chunk) => chunk?.['value'] ?? Buffer.alloc(0)));
    if (sha256(whole) !== head.sha256) throw new Error(`${names.first}: its chunks are not whole`);
    return whole.toString('utf8');
  }

  async write(name: string, text: string): Promise<void> {
    const names = stateSecretNames(name);
    const whole = Buffer.from(text);
    if (whole.length <= CHUNK_BYTES)
      return this.#write(names.first, { value: whole.toString('base64'), head: null });
    const chunks = Math.ceil(whole.length / CHUNK_BYTES);
    if (chunks > names.a.length)
      throw new RangeError(
        `${names.first}: ${whole.length} bytes do not fit into ${Math.max(1, names.a.length)} Secrets of ${CHUNK_BYTES}`,
      );
    const row = headOf(await this.#read(names.first))?.row === 'a' ? 'b' : 'a';
    for (const [index, chunk] of names[row].slice(0, chunks).entries()) {
      const part = whole.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      await this.#write(chunk, { value: part.toString('base64') });
    }
    const head: Head = { row, chunks, sha256: sha256(whole) };
    await this.#write(names.first, {
      value: null,
      head: Buffer.from(JSON.stringify(head)).toString('base64'),
    });
  }

  async #read(secret: string): Promise<Record<string, Buffer> | undefined> {
    const found = await this.#api.find<Secret>(`${this.#collection}/${secret}`);
    return (
      found &&
      Object.fromEntries(
        Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
      )
    );
  }

  /** Fields that are null go. */
  async #write(name: string, data: Readonly<Record<string, string | null>>): Promise<void> {
    try {
      await this.#api.merge(`${this.#collection}/${name}`, { data });
    } catch (error) {
      if (!(error instanceof KubeRefused) || error.status !== 404) throw error;
      const given = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
      await this.#api.create(this.#collection, {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'Opaque',
        metadata: { name },
        data: given,
      });
    }
  }
}

function headOf(data: Record<string, Buffer> | undefined): Head | undefined {
  const text = data?.['head']?.toString('utf8');
  return text === undefined ? undefined : Head.parse(JSON.parse(text));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
