import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';

import { z } from 'zod';

import type { StateStore } from './state-store.ts';

const Stored = z.object({
  privateKey: z.string(),
  clusterId: z.string().nullable(),
  hubKeys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })),
});
type Stored = z.infer<typeof Stored>;

/** The agent's own Ed25519 key, which never leaves it, and what it learned when it enrolled. */
export class Identity {
  readonly #store: StateStore;
  readonly #key: KeyObject;
  #stored: Stored;

  private constructor(store: StateStore, stored: Stored) {
    this.#store = store;
    this.#stored = stored;
    this.#key = createPrivateKey(stored.privateKey);
  }

  /** Reads the identity, or makes a new key and keeps it. */
  static async load(store: StateStore): Promise<Identity> {
    const text = await store.read('identity');
    if (text !== undefined) return new Identity(store, Stored.parse(JSON.parse(text)));
    const privateKey = generateKeyPairSync('ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    const stored: Stored = { privateKey, clusterId: null, hubKeys: [] };
    await store.write('identity', JSON.stringify(stored));
    return new Identity(store, stored);
  }

  get clusterId(): string | null {
    return this.#stored.clusterId;
  }

  /** Keys that may sign grants: pinned at enrolment. */
  get hubKeys(): Stored['hubKeys'] {
    return this.#stored.hubKeys;
  }

  /** Raw public key, base64url. */
  get publicKey(): string {
    return this.#key.export({ format: 'jwk' }).x ?? '';
  }

  async enrolled(clusterId: string, hubKeys: Stored['hubKeys']): Promise<void> {
    this.#stored = { ...this.#stored, clusterId, hubKeys };
    await this.#store.write('identity', JSON.stringify(this.#stored));
  }

  /** Proof for enrolment (see libs/agent-protocol). */
  proofFor(joinToken: string): string {
    return this.#sign(`picket.enrol.v1\n${joinToken}\n${this.publicKey}`);
  }

  /** A client assertion (RFC 7523) that is valid for a minute from `nowMs` on. */
  assertion(nowMs: number): string {
    const iat = Math.floor(nowMs / 1_000);
    const claims = {
      iss: this.clusterId,
      sub: this.clusterId,
      aud: 'picket-hub',
      iat,
      exp: iat + 60,
      jti: randomUUID(),
    };
    const text = [{ alg: 'EdDSA' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${text}.${this.#sign(text)}`;
  }

  #sign(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString('base64url');
  }
}
