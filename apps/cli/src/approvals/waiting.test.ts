import { generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { approvalBytes, type SignedApproval } from '@picket/agent-protocol';
import { sha256Hex } from '@picket/kernel';

import type { HubClient } from '../hub/hub-client.ts';
import type { PendingApproval } from '../hub/operations.ts';
import { readWaiting } from './waiting.ts';

const set = (name: string): string => JSON.stringify({ format: 1, objects: [{ name }] });
const [running, next] = [set('running'), set('next')];
const approver = generateKeyPairSync('ed25519');
const publicKey = approver.publicKey.export({ format: 'jwk' }).x ?? '';
const id = '6f1c1f0e-6c0a-4c53-9d57-2f4bd2a7a001';

function approval(more: Partial<SignedApproval> = {}): SignedApproval {
  const said = { clusterId: id, digest: sha256Hex(running), signedAtMs: 5, notAfter: null };
  const signature = sign(null, Buffer.from(approvalBytes(said)), approver.privateKey);
  return { ...said, publicKey, signature: signature.toString('base64url'), ...more };
}
const pending = (more: Partial<PendingApproval> = {}): PendingApproval => ({
  cluster: { id, name: 'prod' },
  digest: sha256Hex(next),
  runningDigest: sha256Hex(running),
  given: 0,
  needed: 1,
  runningApprovals: [approval()],
  ...more,
});
/** A hub that gives these texts for what it is asked for, whatever they are. */
const hubWith = (texts: Readonly<Record<string, string>>): HubClient =>
  ({
    ask: (_operation: unknown, { digest }: { digest: string }) =>
      Promise.resolve({ policySetText: texts[digest] ?? '' }),
  }) as unknown as HubClient;
const honest = hubWith({ [sha256Hex(running)]: running, [sha256Hex(next)]: next });

describe('what is shown to an approver', () => {
  it('is the set, beside what they approved before', async () => {
    expect(await readWaiting(honest, [pending()], publicKey)).toMatchObject([
      { text: next, digest: sha256Hex(next), before: running },
    ]);
  });

  it.each([
    ['nobody approved what runs', { runningApprovals: [] }],
    ['another one approved it', { runningApprovals: [approval({ publicKey: 'x'.repeat(43) })] }],
    [
      'the signature is of another set',
      { runningApprovals: [approval({ digest: sha256Hex(next) })] },
    ],
    ['the signature is wrong', { runningApprovals: [approval({ signedAtMs: 6 })] }],
    ['the hub names another set as running', { runningDigest: sha256Hex(set('made up')) }],
    ['nothing runs', { runningDigest: null }],
  ])('is the whole set when %s', async (_what, more) => {
    const [waiting] = await readWaiting(honest, [pending(more)], publicKey);

    expect(waiting).toMatchObject({ text: next, before: undefined });
  });

  it('is nothing when the hub gives another set than it names, or than was approved', async () => {
    const swapped = hubWith({ [sha256Hex(next)]: set('harmless') });
    const rewritten = hubWith({ [sha256Hex(next)]: next, [sha256Hex(running)]: next });

    for (const liar of [swapped, rewritten])
      await expect(readWaiting(liar, [pending()], publicKey)).rejects.toThrow(
        'another policy set for prod than the one it names',
      );
  });

  it('is looked at once for clusters that wait for the same', async () => {
    const twin = pending({
      cluster: { id: id.replace('6', '7'), name: 'twin' },
      runningApprovals: [],
    });
    const third = pending({
      cluster: { id: id.replace('6', '8'), name: 'third' },
      runningApprovals: [],
    });

    const waiting = await readWaiting(honest, [pending(), twin, third], publicKey);

    expect(waiting.map(({ clusters }) => clusters.map(({ cluster }) => cluster.name))).toEqual([
      ['prod'],
      ['twin', 'third'],
    ]);
  });
});
