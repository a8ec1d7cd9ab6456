import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';

import type { PinnedKeys } from '@picket/agent-protocol';
import { z } from 'zod';

import type { StateStore } from './state-store.ts';

const Stored = z.object({
  privateKey: z.string(),
  clusterId: z.string().nullable(),
  hubKeys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })),
  /** Of the key statement that was followed last; null: not known (see PinnedKeys). */
  keysCounter: z.int().nullable().default(null),
  /** SHA-256 of the join token that was traded for this identity; null before. */
  joinedWith: z.string().nullable().default(null),
});
type Stored = z.infer<typeof Stored>;

/** What the hub said at the enrolment. */
interface Enrolled {
  readonly clusterId: string;
  readonly hubKeys: Stored['hubKeys'];
  readonly keysCounter?: number | null | undefined;
}

/** The agent's own Ed25519 key, which never leaves it, and what it learned when it enrolled. */
export class Identity {
  readonly #store: StateStore;
  #key: KeyObject;
  #stored: Stored;

  private constructor(store: StateStore, stored: Stored) {
    this.#store = store;
    this.#stored = stored;
    this.#key = createPrivateKey(stored.privateKey);
  }

  /** Reads the identity, or makes a new key and keeps it. Throws when there is one that cannot be read: a new one would need approval. */
  static async load(store: StateStore): Promise<Identity> {
    const text = await store.read('identity');
    if (text !== undefined)
      try {
        return new Identity(store, Stored.parse(JSON.parse(text)));
      } catch (cause) {
        throw new Error(
          'The stored identity cannot be read. Delete it and give the agent a new join token',
          { cause },
        );
      }
    const identity = new Identity(store, newKey());
    await identity.#keep(identity.#stored);
    return identity;
  }

  get clusterId(): string | null {
    return this.#stored.clusterId;
  }

  /** Keys that may sign grants: pinned at enrolment, and moved along the hub's key statements from there. */
  get pinned(): PinnedKeys {
    return { keys: this.#stored.hubKeys, counter: this.#stored.keysCounter };
  }

  /** Raw public key, base64url. */
  get publicKey(): string {
    return this.#key.export({ format: 'jwk' }).x ?? '';
  }

  /** Whether this identity was had for that join token. */
  isFrom(joinToken: string): boolean {
    return this.#stored.joinedWith === hashOf(joinToken);
  }

  async enrolled(
    { clusterId, hubKeys, keysCounter = null }: Enrolled,
    joinToken: string | null = null,
  ): Promise<void> {
    const joinedWith = joinToken === null ? null : hashOf(joinToken);
    await this.#keep({ ...this.#stored, clusterId, hubKeys, keysCounter, joinedWith });
  }

  /** Pins other keys. What counts is what is written: an agent that cannot keep them goes on with the old ones. */
  async pin({ keys, counter }: PinnedKeys): Promise<void> {
    await this.#keep({ ...this.#stored, hubKeys: [...keys], keysCounter: counter });
  }

  /** Becomes nobody with a new key, to enrol anew: whoever stole the old key stays outside. */
  async renew(): Promise<void> {
    await this.#keep(newKey());
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

  async #keep(next: Stored): Promise<void> {
    await this.#store.write('identity', JSON.stringify(next));
    this.#stored = next;
    this.#key = createPrivateKey(next.privateKey);
  }
}

function newKey(): Stored {
  const privateKey = generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  return { privateKey, clusterId: null, hubKeys: [], keysCounter: null, joinedWith: null };
}

function hashOf(joinToken: string): string {
  return createHash('sha256').update(joinToken).digest('base64url');
}
