import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

import {
  type HubKey,
  KEY_STATEMENTS_MAX,
  type KeyStatement,
  keyStatementBytes,
  readKeyFile,
  writeKeyFile,
} from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';

import { Failure, exitCode } from '../exit-code.ts';

/** The key with which a hub signs grants, and the statements that lead to it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly key: HubKey;
  readonly statements: readonly KeyStatement[];
}

/** Reads what SIGNING_KEY_FILE names. Throws a Failure that names the file. */
export function readSigningKey(file: string): SigningKey {
  try {
    const { pem, statements } = readKeyFile(readFileSync(file, 'utf8'));
    const signingKey = of(createPrivateKey(pem), statements);
    if (signingKey.privateKey.asymmetricKeyType !== 'ed25519')
      throw new Error('holds no Ed25519 private key');
    const { keyId } = signingKey.key;
    const counts = statements.at(-1)?.keys ?? [signingKey.key];
    if (!counts.some((key) => key.keyId === keyId))
      throw new Error(`holds a key (${keyId}) that its last key statement does not name`);
    return signingKey;
  } catch (error) {
    throw new Failure(exitCode.badInput, `${file}: ${(error as Error).message}`, error);
  }
}

/** That of the file, or a new one when there is no file. */
export function readOrMakeSigningKey(file: string): SigningKey {
  return existsSync(file)
    ? readSigningKey(file)
    : of(generateKeyPairSync('ed25519').privateKey, []);
}

/** Readable by its owner alone, or as the file was before; whole at any moment, for it cannot be had again. */
export function writeSigningKey(file: string, { privateKey, statements }: SigningKey): void {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600;
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, writeKeyFile({ pem, statements }), { mode: mode & 0o777 });
  renameSync(`${file}.new`, file);
}

/** The keys that count now. */
export function keysOf({ key, statements }: SigningKey): readonly HubKey[] {
  return statements.at(-1)?.keys ?? [key];
}

/** The statements with one more: from now on these keys count. The oldest go when there are too many. */
export function withStatement(
  { privateKey, key, statements }: SigningKey,
  keys: readonly HubKey[],
): readonly KeyStatement[] {
  const counter = (statements.at(-1)?.counter ?? 0) + 1;
  const unsigned = { counter, keys: [...keys], signedBy: key.keyId };
  const signature = sign(null, Buffer.from(keyStatementBytes(unsigned)), privateKey);
  return [...statements, { ...unsigned, signature: signature.toString('base64url') }].slice(
    -KEY_STATEMENTS_MAX,
  );
}

function of(privateKey: KeyObject, statements: readonly KeyStatement[]): SigningKey {
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
  return { privateKey, key: { keyId: sha256Hex(publicKey).slice(0, 16), publicKey }, statements };
}
