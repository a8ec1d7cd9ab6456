import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';
import {
  countApprovals,
  EnrolRequest,
  EnrolResponse,
  FactsReport,
  followKeys,
  grantBytes,
  PATHS,
  Refusal,
  StatusReport,
  SyncRequest,
  SyncResponse,
  TokenRequest,
  TokenResponse,
} from '@picket/agent-protocol';
import type { z } from 'zod';

import { grantFault } from '../../agent/src/link/verify-grant.ts';

/** Who reads which golden message. A file stays as it is for ever: a later version of the protocol gets folders of its own. */
const READERS: Readonly<Record<string, z.ZodType>> = {
  'agent-1.0/enrol.json': EnrolRequest,
  'agent-1.0/token.json': TokenRequest,
  'agent-1.0/first-sync.json': SyncRequest,
  'agent-1.0/sync.json': SyncRequest,
  'agent-1.0/sync-keys.json': SyncRequest,
  'agent-1.0/sync-keys-refused.json': SyncRequest,
  'agent-1.0/sync-wants-approvals.json': SyncRequest,
  'agent-1.0/status-applied.json': StatusReport,
  'agent-1.0/status-failed.json': StatusReport,
  'agent-1.0/status-refused.json': StatusReport,
  'agent-1.0/facts.json': FactsReport,
  'hub-1.0/enrolled.json': EnrolResponse,
  'hub-1.0/token.json': TokenResponse,
  'hub-1.0/sync-grant.json': SyncResponse,
  'hub-1.0/sync-nothing-new.json': SyncResponse,
  'hub-1.0/enrolled-keys.json': EnrolResponse,
  'hub-1.0/sync-key-statements.json': SyncResponse,
  'hub-1.0/sync-approved.json': SyncResponse,
  'hub-1.0/refusal.json': Refusal,
  'hub-1.0/refusal-clock.json': Refusal,
};

const folder = import.meta.dirname;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.json'),
);

function read(file: string): unknown {
  return JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
}

it('has a reader for every golden message', () => {
  expect(files.toSorted()).toEqual(Object.keys(READERS).toSorted());
});

describe.each(Object.entries(READERS))('%s', (file, schema) => {
  it('is read whole: no field is missing, renamed, narrowed or dropped', () => {
    expect(schema.parse(read(file))).toEqual(read(file));
  });

  it('is read the same with fields that a later minor version adds, at every level', () => {
    expect(schema.parse(withUnknownFields(read(file)))).toEqual(read(file));
  });
});

/** The message with a field more in each object; `apis` apart, which is a map of kinds. */
function withUnknownFields(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withUnknownFields(item));
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).map(([name, member]) => [
    name,
    withUnknownFields(member, name),
  ]);
  return { ...Object.fromEntries(members), ...(key !== 'apis' && { fromTheFuture: { any: [1] } }) };
}

describe('signatures of 1.0', () => {
  const enrolled = EnrolResponse.parse(read('hub-1.0/enrolled.json'));
  const { grant } = SyncResponse.parse(read('hub-1.0/sync-grant.json'));
  const enrol = EnrolRequest.parse(read('agent-1.0/enrol.json'));
  const { assertion } = TokenRequest.parse(read('agent-1.0/token.json'));

  it('a grant verifies against the hub key that was pinned at enrolment', () => {
    const fault =
      grant &&
      grantFault(grant, { ...enrolled, sequence: 42, digest: null, nowMs: 1_764_000_000_000 });

    expect(grant).not.toBeNull();
    expect(fault).toBeUndefined();
  });

  it.each([
    ['clusterId', '6f1c1f0e-6c0a-4c53-9d57-2f4bd2a7a002'],
    ['sequence', 44],
    ['digest', '0'.repeat(64)],
    ['notAfter', 1_767_225_601],
    ['keyId', 'other'],
  ])('a grant with another %s does not', (field, value) => {
    const forged = { ...grant!, [field]: value };

    expect(isSignedBy(enrolled.hubKeys[0]!.publicKey, grantBytes(forged), grant!.signature)).toBe(
      false,
    );
    expect(isSignedBy(enrolled.hubKeys[0]!.publicKey, grantBytes(grant!), grant!.signature)).toBe(
      true,
    );
  });

  it('key statements lead from the key that was pinned at enrolment to the one that signs', () => {
    const { hubKeys, keysCounter = null } = EnrolResponse.parse(read('hub-1.0/enrolled-keys.json'));
    const answer = SyncResponse.parse(read('hub-1.0/sync-key-statements.json'));
    const pinned = { keys: hubKeys, counter: keysCounter };
    const { keys, ...end } = followKeys(pinned, answer.keyStatements ?? [], isSignedBy);

    expect(end).toEqual({ counter: 8, fault: null });
    expect(isSignedBy(keys[0]!.publicKey, grantBytes(answer.grant!), answer.grant!.signature)).toBe(
      true,
    );
  });

  it('an approval verifies by the key of its approver', () => {
    const { grant: granted, approvals = [] } = SyncResponse.parse(
      read('hub-1.0/sync-approved.json'),
    );
    const keys = approvals.map(({ publicKey }) => ({ name: 'alice', publicKey }));
    const approvers = { keys, needed: 1 };
    const expected = { ...granted!, approvers, sinceMs: 0, nowMs: 1_764_000_000_000 };

    expect(countApprovals(approvals, expected, isSignedBy)).toEqual({ sinceMs: 1_764_000_000_000 });
  });

  it('an enrolment proves that the agent holds its key', () => {
    const signed = `picket.enrol.v1\n${enrol.joinToken}\n${enrol.publicKey}`;

    expect(isSignedBy(enrol.publicKey, signed, enrol.proof)).toBe(true);
  });

  it('a client assertion is a JWT by that key, for the cluster and this audience', () => {
    const [header = '', payload = '', signature = ''] = assertion.split('.');

    expect(isSignedBy(enrol.publicKey, `${header}.${payload}`, signature)).toBe(true);
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: enrolled.clusterId,
      sub: enrolled.clusterId,
      aud: 'picket-hub',
    });
  });
});

it('finds every endpoint where 1.0 has it', () => {
  const { policySet, ...fixed } = PATHS;

  expect({ ...fixed, policySet: policySet('DIGEST') }).toEqual({
    enrol: '/agent/v1/enrol',
    token: '/agent/v1/token',
    sync: '/agent/v1/sync',
    stream: '/agent/v1/stream',
    status: '/agent/v1/status',
    facts: '/agent/v1/facts',
    policySet: '/agent/v1/policy-sets/DIGEST',
  });
});

function isSignedBy(x: string, text: string, signature: string): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}
