import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { type Grant, grantBytes, type SignedGrant } from '@picket/agent-protocol';

import { grantFault, type GrantExpectation } from './verify-grant.ts';

const hub = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const clusterId = '11111111-1111-4111-8111-111111111111';
const nowMs = 1_700_000_000_000;

const grant: Grant = {
  clusterId,
  sequence: 5,
  digest: 'a'.repeat(64),
  notAfter: nowMs / 1_000 + 60,
  keyId: 'hub',
};
const expected: GrantExpectation = {
  clusterId,
  hubKeys: [{ keyId: 'hub', publicKey: hub.publicKey.export({ format: 'jwk' }).x ?? '' }],
  sequence: 4,
  digest: 'b'.repeat(64),
  nowMs,
};

function signed(change: Partial<Grant> = {}, key: KeyObject = hub.privateKey): SignedGrant {
  const text = { ...grant, ...change };
  return {
    ...text,
    signature: sign(null, Buffer.from(grantBytes(text)), key).toString('base64url'),
  };
}

describe('grantFault', () => {
  it.each([
    ['newer than what runs', signed(), {}],
    ['the first of all', signed(), { sequence: 0, digest: null }],
    ['a renewal of what runs', signed(), { sequence: 5, digest: grant.digest }],
    ['ending this very second', signed({ notAfter: nowMs / 1_000 }), {}],
    ['one minute after its end', signed({ notAfter: nowMs / 1_000 - 60 }), {}],
  ])('takes a grant that is %s', (_what, given, change) => {
    expect(grantFault(given, { ...expected, ...change })).toBeUndefined();
  });

  it.each([
    [
      'of another cluster',
      signed({ clusterId: clusterId.replaceAll('1', '2') }),
      {},
      'is for cluster',
    ],
    ['by a key that was not pinned', signed({ keyId: 'other' }), {}, 'not pinned'],
    [
      'signed by a stranger in the name of the hub',
      signed({}, stranger.privateKey),
      {},
      'signature',
    ],
    ['whose digest was changed', { ...signed(), digest: 'c'.repeat(64) }, {}, 'signature'],
    ['whose end was put off', { ...signed(), notAfter: grant.notAfter + 1 }, {}, 'signature'],
    ['without a signature', { ...signed(), signature: '' }, {}, 'signature'],
    [
      'that ended more than a minute ago',
      signed({ notAfter: nowMs / 1_000 - 61 }),
      {},
      'ended at 2023-11-14',
    ],
    [
      'that would renew what runs, and ended',
      signed({ notAfter: nowMs / 1_000 - 61 }),
      { sequence: 5, digest: grant.digest },
      'ended at',
    ],
    [
      'by a pinned key that is none',
      signed(),
      { hubKeys: [{ keyId: 'hub', publicKey: 'no key' }] },
      'signature',
    ],
    ['that is older than what runs', signed(), { sequence: 6 }, 'older than 6'],
    ['whose sequence was used for another set', signed(), { sequence: 5 }, 'another digest'],
  ])('refuses a grant %s', (_what, given, change, words) => {
    expect(grantFault(given, { ...expected, ...change })).toContain(words);
  });
});
