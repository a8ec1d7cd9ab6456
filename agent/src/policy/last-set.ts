import { gunzipSync, gzipSync } from 'node:zlib';

import { SignedGrant } from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';
import { z } from 'zod';

import type { StateStore } from '../link/state-store.ts';

const Owned = z.tuple([z.string(), z.string(), z.string()]);
/** Key of an object that we made or adopted, fingerprint of what was applied, and of what it looked like right after. */
export type Owned = z.infer<typeof Owned>;

const Stored = z.object({
  grant: SignedGrant,
  text: z.string(),
  owned: z.array(Owned),
  atMs: z.number().default(0),
  approvedAtMs: z.number().default(0),
});

export interface LastSet {
  readonly grant: SignedGrant;
  /** Canonical JSON of the policy set. */
  readonly text: string;
  /** The inventory. */
  readonly owned: readonly Owned[];
  /** When it was written, by the hub's clock as far as it was known (ms): what had ended by then stays ended. */
  readonly atMs: number;
  /** When approvers let this cluster run it (ms); 0: nobody was asked. */
  readonly approvedAtMs: number;
}

/**
 * The set that is in force, and the inventory, kept so that an agent that starts without its hub enforces on. Undefined when there is none
 * that is whole. Compressed: on a large cluster the inventory is larger than the set.
 */
export async function readLastSet(store: StateStore): Promise<LastSet | undefined> {
  const stored = await store.read('set');
  if (stored === undefined) return undefined;
  const plain = gunzipSync(Buffer.from(stored, 'base64')).toString('utf8');
  const last = Stored.parse(JSON.parse(plain));
  return sha256Hex(last.text) === last.grant.digest ? last : undefined;
}

export async function writeLastSet(store: StateStore, last: LastSet): Promise<void> {
  const { grant, text, owned, atMs, approvedAtMs } = last;
  const plain = JSON.stringify({ grant, text, owned, atMs, approvedAtMs });
  await store.write('set', gzipSync(plain).toString('base64'));
}
