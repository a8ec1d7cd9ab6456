import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { ParsedKey } from 'ssh2';

import { Failure, exitCode } from '../exit-code.ts';
import { promptHidden } from '../output/prompt.ts';
import { ofSsh } from './approver-key.ts';

/** Signs with an Ed25519 key, wherever that is. */
export interface Signer {
  /** Raw, base64url. */
  readonly publicKey: string;
  /** Base64url. */
  sign(text: string): Promise<string>;
}

/** A private key in a file, of OpenSSH or PEM; asks for its passphrase where there is one. */
export async function fileSigner(file: string): Promise<Signer> {
  try {
    const text = readFileSync(file, 'utf8');
    return text.includes('OPENSSH PRIVATE KEY') ? await opensshSigner(text) : pemSigner(text);
  } catch (error) {
    throw new Failure(exitCode.badInput, `${file}: ${(error as Error).message}`, error);
  }
}

/** The first key of the SSH agent that is one of these. It signs our text as it is, whose prefix no SSH login has. */
export async function agentSigner(allowed: readonly string[]): Promise<Signer> {
  const socket = process.env['SSH_AUTH_SOCK'];
  if (!socket)
    throw new Failure(exitCode.badInput, 'No SSH agent is there: SSH_AUTH_SOCK is not set');
  const { createAgent } = (await import('ssh2')).default;
  const agent = createAgent(socket);
  const keys = await new Promise<readonly ParsedKey[]>((resolve, reject) =>
    agent.getIdentities((error, found = []) =>
      error ? reject(unreachable(error)) : resolve(found as readonly ParsedKey[]),
    ),
  );
  const key = keys.find(
    (each) => each.type === 'ssh-ed25519' && allowed.includes(ofSsh(each.getPublicSSH())),
  );
  if (!key)
    throw new Failure(
      exitCode.badInput,
      `None of the ${keys.length} keys of the SSH agent approves for this project`,
    );
  return {
    publicKey: ofSsh(key.getPublicSSH()),
    sign: (text) =>
      new Promise((resolve, reject) =>
        agent.sign(key, Buffer.from(text), {}, (error, signature) =>
          error
            ? reject(unreachable(error))
            : resolve((signature ?? Buffer.alloc(0)).toString('base64url')),
        ),
      ),
  };
}

async function opensshSigner(text: string): Promise<Signer> {
  const { parseKey } = (await import('ssh2')).default.utils;
  let parsed = parseKey(text);
  if (parsed instanceof Error && /passphrase/i.test(parsed.message))
    parsed = parseKey(text, await passphrase());
  if (parsed instanceof Error) throw parsed;
  const [key] = [parsed].flat();
  if (!key) throw new Error('holds no key');
  return {
    publicKey: ofSsh(key.getPublicSSH()),
    sign: (said) => Promise.resolve(key.sign(said).toString('base64url')),
  };
}

function pemSigner(text: string): Signer {
  const key = createPrivateKey(text);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error('is no Ed25519 key, the only kind that approves');
  return {
    publicKey: createPublicKey(key).export({ format: 'jwk' }).x ?? '',
    sign: (said) => Promise.resolve(sign(null, Buffer.from(said), key).toString('base64url')),
  };
}

function passphrase(): Promise<string> {
  if (!process.stdin.isTTY) throw new Error('is encrypted: load it into an SSH agent');
  return promptHidden('Passphrase: ');
}

function unreachable(error: Error): Failure {
  return new Failure(exitCode.unreachable, `The SSH agent does not sign: ${error.message}`, error);
}
