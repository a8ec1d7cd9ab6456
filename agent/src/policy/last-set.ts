import { gunzipSync, gzipSync } from 'node:zlib';

import { SignedGrant } from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';
import { z } from 'zod';

import type { StateStore } from '../link/state-store.ts';

const Stored = z.object({ grant: SignedGrant, set: z.string(), owned: z.array(z.string()) });

export interface LastSet {
  readonly grant: SignedGrant;
  /** Canonical JSON of the policy set. */
  readonly text: string;
  /** Keys of the objects that we made or adopted. */
  readonly owned: readonly string[];
}

/** The set that is in force, kept so that an agent that starts without its hub enforces on. Undefined when there is none that is whole. */
export async function readLastSet(store: StateStore): Promise<LastSet | undefined> {
  const text = await store.read('set');
  if (text === undefined) return undefined;
  const { grant, set, owned } = Stored.parse(JSON.parse(text));
  const plain = gunzipSync(Buffer.from(set, 'base64')).toString('utf8');
  return sha256Hex(plain) === grant.digest ? { grant, text: plain, owned } : undefined;
}

export async function writeLastSet(
  store: StateStore,
  { grant, text, owned }: LastSet,
): Promise<void> {
  await store.write(
    'set',
    JSON.stringify({ grant, set: gzipSync(text).toString('base64'), owned }),
  );
}
