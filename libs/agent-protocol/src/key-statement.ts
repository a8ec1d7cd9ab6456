import { canonicalJson } from '@picket/kernel';
import { z } from 'zod';

const KeyId = z.string().min(1).max(64);

/** A key that signs grants: raw Ed25519 public key (32 bytes), base64url. */
export const HubKey = z.object({ keyId: KeyId, publicKey: z.base64url().max(256) });
export type HubKey = z.infer<typeof HubKey>;

/** All keys that count at one time: one signs, the others come or go. */
export const HubKeys = z.array(HubKey).min(1).max(8);

/**
 * From now on these keys count and no others: said by a key that counts until now. What agents pinned moves along a chain of these, one after
 * another, so that none can be left out, put elsewhere or said again.
 */
export const KeyStatement = z.object({
  /** One more than that of the statement before; the first is 1. */
  counter: z.int().positive().max(2_147_483_647),
  keys: HubKeys,
  signedBy: KeyId,
  /** Ed25519 over {@link keyStatementBytes}, base64url. */
  signature: z.base64url().max(128),
});
export type KeyStatement = z.infer<typeof KeyStatement>;

/** Most statements that a hub keeps: an agent that missed more enrols anew. A rotation takes two. */
export const KEY_STATEMENTS_MAX = 64;

/** The text whose UTF-8 bytes are signed. Its prefix keeps it apart from everything else that the same key signs. */
export function keyStatementBytes({
  counter,
  keys,
  signedBy,
}: Omit<KeyStatement, 'signature'>): string {
  const named = keys.map(({ keyId, publicKey }) => ({ keyId, publicKey }));
  return `picket.keys.v1\n${canonicalJson({ counter, keys: named, signedBy })}`;
}

export interface PinnedKeys {
  readonly keys: readonly HubKey[];
  /** Of the statement that was followed last; 0: none yet. Null: not known, because protocol 1.0 began without statements. */
  readonly counter: number | null;
}

/** Whether this key (raw Ed25519, base64url) signed this text. */
export type IsSigned = (publicKey: string, text: string, signature: string) => boolean;

/**
 * Follows a chain of statements, oldest first, from what is pinned. Those from before are passed over. At the first that must not be followed
 * it stops, with the reason in `fault` and the keys as far as it came.
 */
export function followKeys(
  pinned: PinnedKeys,
  statements: readonly KeyStatement[],
  isSigned: IsSigned,
): PinnedKeys & { readonly fault: string | null } {
  let { keys, counter } = pinned;
  for (const statement of statements) {
    if (counter !== null && statement.counter <= counter) continue;
    const signer = keys.find(({ keyId }) => keyId === statement.signedBy);
    // Until it is known where this agent stands, statements by keys of before its time are not for it.
    if (!signer && counter === null) continue;
    const fault = faultOf(statement, { counter, signer }, isSigned);
    if (fault !== null) return { keys, counter, fault };
    ({ keys, counter } = statement);
  }
  return { keys, counter, fault: null };
}

function faultOf(
  statement: KeyStatement,
  { counter, signer }: { counter: number | null; signer: HubKey | undefined },
  isSigned: IsSigned,
): string | null {
  if (counter !== null && statement.counter !== counter + 1)
    return `statement ${statement.counter} does not come after ${counter}`;
  if (!signer)
    return `statement ${statement.counter} is signed with key ${statement.signedBy}, which is not pinned`;
  return isSigned(signer.publicKey, keyStatementBytes(statement), statement.signature)
    ? null
    : `the signature of statement ${statement.counter} is wrong`;
}
