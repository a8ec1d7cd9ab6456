import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

import { type Head, headText, type SignedHead } from '@picket/audit';

/** The Ed25519 key that signs how far the audit log has come. Only workers have it. */
export class AuditKey {
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject) {
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key');
    this.#privateKey = privateKey;
    this.publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
  }

  sign(head: Omit<Head, 'publicKey'>): SignedHead {
    const own = { ...head, publicKey: this.publicKey };
    const signature = sign(null, Buffer.from(headText(own)), this.#privateKey);
    return { ...own, signature: signature.toString('base64url') };
  }
}

/** Reads the key, or makes it (0600) when the file is missing. Throws when it holds something else. */
export async function loadAuditKey(file: string): Promise<AuditKey> {
  try {
    return new AuditKey(createPrivateKey(await readOrMake(file)));
  } catch (cause) {
    throw new Error(`AUDIT_KEY_FILE ${file}: an Ed25519 private key in PEM is needed`, { cause });
  }
}

async function readOrMake(file: string): Promise<string> {
  try {
    // Two workers that start at once must not each sign with a key of their own.
    const { privateKey } = generateKeyPairSync('ed25519');
    const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    return text;
  } catch (error) {
    if (!['EEXIST', 'EROFS', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    return readFile(file, 'utf8');
  }
}
