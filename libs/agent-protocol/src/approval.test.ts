import { describe, expect, it } from '@jest/globals';

import {
  type Approval,
  approvalBytes,
  ApproverKey,
  type ApprovalExpectation,
  countApprovals,
  type IsSigned,
  SignedApproval,
} from './index.ts';

/** Stands for Ed25519: whoever knows the name of a key can sign, and a signature fits one text. */
const isSigned: IsSigned = (publicKey, text, signature) => signature === `${publicKey} ${text}`;
const key = (name: string): ApproverKey => ({ name, publicKey: name.padEnd(43, '0') });
const approval: Approval = {
  clusterId: '6f1c1f0e-6c0a-4c53-9d57-2f4bd2a7a001',
  digest: '0123456789abcdef'.repeat(4),
  signedAtMs: 1_764_000_000_000,
  notAfter: null,
};
function by(name: string, more: Partial<Approval> = {}): SignedApproval {
  const said = { ...approval, ...more };
  const { publicKey } = key(name);
  return { ...said, publicKey, signature: `${publicKey} ${approvalBytes(said)}` };
}
const expected: ApprovalExpectation = {
  clusterId: approval.clusterId,
  digest: approval.digest,
  approvers: { keys: [key('alice'), key('bob')], needed: 1 },
  sinceMs: 0,
  nowMs: approval.signedAtMs + 1_000,
};
const two = { approvers: { ...expected.approvers, needed: 2 } };

it('signs these very bytes: a change breaks every approval that is out there', () => {
  expect(approvalBytes(approval)).toBe(
    'picket.approval.v1\n{"clusterId":"6f1c1f0e-6c0a-4c53-9d57-2f4bd2a7a001","digest":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","notAfter":null,"signedAtMs":1764000000000}',
  );
});

describe('countApprovals', () => {
  it.each([
    ['one approver', [by('alice')], {}, approval.signedAtMs],
    ['either', [by('bob')], {}, approval.signedAtMs],
    ['one among strangers', [by('eve'), by('alice')], {}, approval.signedAtMs],
    ['two, where two are needed', [by('alice'), by('bob', { signedAtMs: 9 })], two, 9],
    ['one that ends later', [by('alice', { notAfter: 1_764_000_060 })], {}, approval.signedAtMs],
    [
      'one that is newer than what runs',
      [by('alice')],
      { sinceMs: approval.signedAtMs - 1 },
      approval.signedAtMs,
    ],
    ['the newer of two', [by('alice'), by('alice', { signedAtMs: 5 })], {}, approval.signedAtMs],
  ])('is content with %s', (_what, given, more, sinceMs) => {
    expect(countApprovals(given, { ...expected, ...more }, isSigned)).toEqual({ sinceMs });
  });

  it.each([
    ['none', [], {}, '0 of 1 approvals are there'],
    ['a stranger', [by('eve')], {}, 'not pinned'],
    [
      'one for another cluster',
      [by('alice', { clusterId: approval.clusterId.replace('6', '7') })],
      {},
      'another cluster',
    ],
    ['one for another set', [by('alice', { digest: 'f'.repeat(64) })], {}, 'another set'],
    [
      'one whose time was changed',
      [{ ...by('alice'), signedAtMs: approval.signedAtMs + 1 }],
      {},
      'signature is wrong',
    ],
    [
      'one whose end was taken away',
      [{ ...by('alice', { notAfter: 5 }), notAfter: null }],
      {},
      'signature is wrong',
    ],
    [
      'one in the name of another',
      [{ ...by('eve'), publicKey: key('alice').publicKey }],
      {},
      'signature is wrong',
    ],
    ['one that ended', [by('alice', { notAfter: 1_763_999_000 })], {}, 'has ended'],
    [
      'one of the future',
      [by('alice', { signedAtMs: expected.nowMs + 300_001 })],
      {},
      'of the future',
    ],
    [
      'one that is older than what runs',
      [by('alice')],
      { sinceMs: approval.signedAtMs },
      'older than what runs',
    ],
    ['the same twice, where two are needed', [by('alice'), by('alice')], two, '1 of 2 approvals'],
    [
      'two of which one does not count',
      [by('alice'), by('eve')],
      two,
      '1 of 2 approvals are there (not counted: one by a key',
    ],
  ])('is not content with %s', (_what, given, more, words) => {
    expect(countApprovals(given, { ...expected, ...more }, isSigned).fault).toContain(words);
  });
});

it('reads keys and approvals with their bounds', () => {
  expect(SignedApproval.parse({ ...by('alice'), signature: 'AA', later: 1 })).toMatchObject(
    approval,
  );
  for (const bad of [{ name: '' }, { name: 'a b' }, { name: 'a=b' }, { publicKey: 'short' }])
    expect(ApproverKey.safeParse({ ...key('alice'), ...bad }).success).toBe(false);
});
