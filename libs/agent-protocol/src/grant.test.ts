import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { Grant, grantBytes, SignedGrant } from './index.ts';

const grant: Grant = {
  clusterId: '6f1c1f0e-6c0a-4c53-9d57-2f4bd2a7a001',
  sequence: 42,
  digest: '0123456789abcdef'.repeat(4),
  notAfter: 1_767_225_600,
  keyId: 'hub-1',
};

it('signs these very bytes: a change breaks every agent that is out there', () => {
  expect(grantBytes(grant)).toBe(
    'picket.grant.v1\n{"clusterId":"6f1c1f0e-6c0a-4c53-9d57-2f4bd2a7a001","digest":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","keyId":"hub-1","notAfter":1767225600,"sequence":42}',
  );
});

it('signs what a grant says and nothing else, in whatever order it comes', () => {
  const { keyId, notAfter, digest, sequence, clusterId } = grant;
  const signed = { signature: 'AA', later: 1, keyId, notAfter, digest, sequence, clusterId };

  expect(grantBytes(signed)).toBe(grantBytes(grant));
});

it('gives two grants two texts', () => {
  const other = fc.record({
    clusterId: fc.uuid(),
    sequence: fc.nat(3),
    digest: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
    notAfter: fc.integer({ min: 1, max: 3 }),
    keyId: fc.string({ minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(other, other, (a, b) => {
      expect(grantBytes(a) === grantBytes(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

it('reads the signature beside the grant', () => {
  expect(SignedGrant.parse({ ...grant, signature: 'AA', later: 1 })).toEqual({
    ...grant,
    signature: 'AA',
  });
  expect(Grant.safeParse({ ...grant, sequence: -1 }).success).toBe(false);
  expect(SignedGrant.safeParse(grant).success).toBe(false);
});
