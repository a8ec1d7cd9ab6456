import { createPublicKey, verify } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';

import { LogCheck, type Verified } from '@picket/audit';

import { Failure, exitCode } from '../exit-code.ts';
import { linesOf } from './lines.ts';

/** Checks the lines of a log against the heads in a file, signed by the key in another. */
export async function verifyLog(
  lines: AsyncIterable<string>,
  { heads, key }: { readonly heads?: string | undefined; readonly key?: string | undefined },
): Promise<Verified> {
  const published: string[] = [];
  if (heads !== undefined) for await (const head of fileLines(heads)) published.push(head);
  const check = new LogCheck(published, isSigned, key === undefined ? undefined : publicKeyIn(key));
  for await (const line of lines) check.add(line);
  return check.end();
}

/** A file that cannot be read is a `Failure`. */
export async function* fileLines(file: string): AsyncGenerator<string> {
  try {
    yield* linesOf(createReadStream(file));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(exitCode.badInput, `Cannot read ${file}: ${(error as Error).message}`, error);
  }
}

/** Ed25519 in PEM; of a private key, its public part. */
function publicKeyIn(file: string): string {
  try {
    const key = createPublicKey(readFileSync(file));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('no Ed25519 key');
    return key.export({ format: 'jwk' }).x ?? '';
  } catch (error) {
    throw new Failure(
      exitCode.badInput,
      `${file} holds no Ed25519 key in PEM: ${(error as Error).message}`,
      error,
    );
  }
}

function isSigned(text: string, signature: string, x: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}
