import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import type { ApproverKey } from '@picket/agent-protocol';

import { Failure, exitCode } from '../exit-code.ts';

const TYPE = 'ssh-ed25519';
/** How an Ed25519 public key begins in SSH's own form (RFC 8709): its type and a length, each with its length before it. */
const SSH_HEAD = Buffer.from([0, 0, 0, TYPE.length, ...Buffer.from(TYPE), 0, 0, 0, 32]);

/** Reads a public key, a line of OpenSSH or PEM, named by its comment or its file. Throws a Failure that names the file. */
export function readApproverKey(file: string): ApproverKey {
  try {
    const text = readFileSync(file, 'utf8').trim();
    const [type, base64 = '', comment = ''] = text.split(/\s+/);
    const isSsh = type === TYPE;
    const publicKey = isSsh ? ofSsh(Buffer.from(base64, 'base64')) : ofPem(text);
    const name = (isSsh && comment) || basename(file).replace(/\.\w+$/, '');
    return { name: name.replaceAll(/[^A-Za-z0-9@._-]/g, '-').slice(0, 64), publicKey };
  } catch (error) {
    throw new Failure(exitCode.badInput, `${file}: ${(error as Error).message}`, error);
  }
}

/** Raw, base64url, of SSH's own form of it. Throws when it is of another kind. */
export function ofSsh(blob: Buffer): string {
  const isEd25519 = blob.length === SSH_HEAD.length + 32 && blob.subarray(0, -32).equals(SSH_HEAD);
  if (!isEd25519) throw new Error('is no Ed25519 key, the only kind that approves');
  return blob.subarray(-32).toString('base64url');
}

/** As `ssh-keygen -l` prints it. */
export function fingerprintOf(publicKey: string): string {
  const blob = Buffer.concat([SSH_HEAD, Buffer.from(publicKey, 'base64url')]);
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}

export function isSigned(publicKey: string, text: string, signature: string): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}

function ofPem(text: string): string {
  if (!text.startsWith('-----BEGIN PUBLIC KEY'))
    throw new Error('holds no public key: a line "ssh-ed25519 …" or PEM is allowed');
  const key = createPublicKey(text);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error('is no Ed25519 key, the only kind that approves');
  return key.export({ format: 'jwk' }).x ?? '';
}
