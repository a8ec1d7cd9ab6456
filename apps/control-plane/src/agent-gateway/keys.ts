import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
} from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';

import {
  followKeys,
  type Grant,
  grantBytes,
  type HubKey,
  type KeyStatement,
  readKeyFile,
  type SignedGrant,
} from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';

import type { Config } from '../config/config.ts';
import { isSigned } from '../platform/is-signed.ts';

/** The keys of the agents' door: those that count for grants, of which one signs, and a secret for access tokens. The same on all replicas. */
export class GatewayKeys {
  readonly keyId: string;
  /** Raw Ed25519 public key, base64url: what agents pin. */
  readonly publicKey: string;
  /** What an agent pins that enrols now, and the counter of the statement that says so; 0: none was ever made. */
  readonly keys: readonly HubKey[];
  readonly counter: number;
  readonly tokenSecret: Uint8Array;
  readonly #privateKey: KeyObject;
  readonly #statements: readonly KeyStatement[];

  constructor(
    privateKey: KeyObject,
    tokenSecret: Uint8Array,
    statements: readonly KeyStatement[] = [],
  ) {
    this.#privateKey = privateKey;
    this.publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
    this.keyId = keyIdOf(this.publicKey);
    this.tokenSecret = tokenSecret;
    this.#statements = statements;
    const { keyId, publicKey } = this;
    ({ keys: this.keys, counter: this.counter } = statements.at(-1) ?? {
      keys: [{ keyId, publicKey }],
      counter: 0,
    });
  }

  sign(grant: Omit<Grant, 'keyId'>): SignedGrant {
    const named = { ...grant, keyId: this.keyId };
    const signature = sign(null, Buffer.from(grantBytes(named)), this.#privateKey).toString(
      'base64url',
    );
    return { ...named, signature };
  }

  /** What an agent must follow that has followed the statement of this counter; undefined when that is the last. */
  statementsAfter(counter: number): KeyStatement[] | undefined {
    if (counter >= this.counter) return undefined;
    return this.#statements.filter((statement) => statement.counter > counter);
  }
}

/** Reads the keys, making each file (0600) that is missing. Throws when one holds something else, or a chain that agents could not follow. */
export async function loadKeys({
  SIGNING_KEY,
  SIGNING_KEY_FILE = '',
  TOKEN_SECRET_FILE,
}: Config): Promise<GatewayKeys> {
  const text =
    SIGNING_KEY ??
    (await readOrMake(SIGNING_KEY_FILE, () =>
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ));
  const secret = await readOrMake(TOKEN_SECRET_FILE, () => randomBytes(48).toString('base64url'));
  if (secret.trim().length < 32) throw new Error(`${TOKEN_SECRET_FILE} holds less than 32 bytes`);
  try {
    const { pem, statements } = readKeyFile(text);
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('holds no Ed25519 private key');
    const keys = new GatewayKeys(key, Buffer.from(secret.trim()), statements);
    checkChain(keys, statements);
    return keys;
  } catch (cause) {
    const source = SIGNING_KEY === undefined ? SIGNING_KEY_FILE : 'SIGNING_KEY';
    throw new Error(`${source} ${(cause as Error).message}`, { cause });
  }
}

/** Agents would refuse all grants, so the start fails instead. What the first statement continues cannot be known here. */
function checkChain({ keyId, keys }: GatewayKeys, statements: readonly KeyStatement[]): void {
  const [first, ...others] = statements;
  const { fault } = first ? followKeys(first, others, isSigned) : { fault: null };
  if (fault !== null) throw new Error(`holds key statements that agents cannot follow: ${fault}`);
  if (!keys.some((key) => key.keyId === keyId))
    throw new Error(`holds a key (${keyId}) that its last key statement does not name`);
}

/** Names a key in grants and statements. */
function keyIdOf(publicKey: string): string {
  return sha256Hex(publicKey).slice(0, 16);
}

async function readOrMake(file: string, make: () => string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // Of two processes that start at once one makes it and the other reads it: under its name it is whole from the first moment on.
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, make(), { mode: 0o600, flag: 'wx' });
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, 'utf8');
}
