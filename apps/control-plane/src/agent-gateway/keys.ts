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

import { type Grant, grantBytes, type SignedGrant } from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';

import type { Config } from '../config/config.ts';

/** The keys of the agents' door: one signs grants, one secret signs access tokens. Replicas share both by file. */
export class GatewayKeys {
  readonly keyId: string;
  /** Raw Ed25519 public key, base64url: what agents pin. */
  readonly publicKey: string;
  readonly tokenSecret: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject, tokenSecret: Uint8Array) {
    this.#privateKey = privateKey;
    this.publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
    this.keyId = sha256Hex(this.publicKey).slice(0, 16);
    this.tokenSecret = tokenSecret;
  }

  sign(grant: Omit<Grant, 'keyId'>): SignedGrant {
    const named = { ...grant, keyId: this.keyId };
    const signature = sign(null, Buffer.from(grantBytes(named)), this.#privateKey).toString(
      'base64url',
    );
    return { ...named, signature };
  }
}

/** Reads the keys, making each file (0600) that is missing. Throws when a file holds something else. */
export async function loadKeys({
  SIGNING_KEY_FILE,
  TOKEN_SECRET_FILE,
}: Config): Promise<GatewayKeys> {
  const pem = await readOrMake(SIGNING_KEY_FILE, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const secret = await readOrMake(TOKEN_SECRET_FILE, () => randomBytes(48).toString('base64url'));
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`${SIGNING_KEY_FILE} holds no Ed25519 private key`);
  if (secret.trim().length < 32) throw new Error(`${TOKEN_SECRET_FILE} holds less than 32 bytes`);
  return new GatewayKeys(key, Buffer.from(secret.trim()));
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
