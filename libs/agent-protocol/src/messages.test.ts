import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';

import {
  EnrolRequest,
  EnrolResponse,
  FactsReport,
  PATHS,
  Refusal,
  StatusReport,
  SyncRequest,
  SyncResponse,
  TokenRequest,
  TokenResponse,
} from './index.ts';

const CLUSTER = '6f1c1f0e-6c0a-4c53-9d57-2f4bd2a7a001';
const DIGEST = 'a'.repeat(64);
const grant = {
  clusterId: CLUSTER,
  sequence: 1,
  digest: DIGEST,
  notAfter: 1,
  keyId: 'k',
  signature: 'AA',
};
const enrol = {
  protocol: '1.0',
  joinToken: 'j'.repeat(16),
  publicKey: 'AA',
  proof: 'AA',
  agentVersion: '1',
};
const enrolled = {
  clusterId: CLUSTER,
  state: 'pending',
  hubKeys: [{ keyId: 'k', publicKey: 'AA' }],
};
const sync = {
  protocol: '1.0',
  agentVersion: '1',
  digest: null,
  sequence: 0,
  notAfter: 0,
  capabilitiesHash: null,
};
const synced = { grant, wantsFacts: false, heartbeatMs: 1, hubTimeMs: 1 };
const outcome = { kind: 'a/v1/B', namespace: null, name: 'n', state: 'failed', message: '' };
const status = {
  protocol: '1.0',
  epoch: CLUSTER,
  reportSequence: 1,
  sequence: 0,
  digest: DIGEST,
  running: null,
  phase: 'applied',
  counts: { applied: 0, pending: 0, failed: 0, drifted: 0 },
  outcomes: [outcome],
  outcomesDropped: 0,
  repairs: 0,
  reportsDropped: 0,
  atMs: 1,
  reason: null,
};
const facts = {
  protocol: '1.0',
  capabilities: {
    kubernetesVersion: 'v1',
    cni: null,
    apis: { 'a/v1/B': { enforced: null, fields: ['spec'] } },
  },
};
const times = <Item>(count: number, item: Item): Item[] =>
  Array.from({ length: count }, () => item);

const MESSAGES: readonly (readonly [string, z.ZodType, object])[] = [
  ['EnrolRequest', EnrolRequest, enrol],
  ['EnrolResponse', EnrolResponse, enrolled],
  ['TokenRequest', TokenRequest, { assertion: 'a.b.c' }],
  ['TokenResponse', TokenResponse, { accessToken: 'a', expiresIn: 1 }],
  ['SyncRequest', SyncRequest, sync],
  ['SyncResponse', SyncResponse, synced],
  ['StatusReport', StatusReport, status],
  ['FactsReport', FactsReport, facts],
  ['Refusal', Refusal, { code: 'REVOKED', message: 'x', hubTimeMs: 1 }],
];

describe.each(MESSAGES)('%s', (_, schema, message) => {
  it('is read as it was sent', () => {
    expect(schema.parse(message)).toEqual(message);
  });

  it('ignores a field that a later version adds', () => {
    expect(schema.parse({ ...message, fromTheFuture: { a: 1 } })).toEqual(message);
  });

  it('needs each of its fields', () => {
    for (const field of Object.keys(message).filter(
      (name) => name !== 'hubTimeMs' || !('code' in message),
    ))
      expect([field, schema.safeParse({ ...message, [field]: undefined }).success]).toEqual([
        field,
        false,
      ]);
  });

  it.each([[null], [[]], ['text'], [7]])('is not %j', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

describe('every field has a bound', () => {
  it.each<[string, z.ZodType, object]>([
    ['a long protocol', EnrolRequest, { ...enrol, protocol: '1'.repeat(17) }],
    ['a short join token', EnrolRequest, { ...enrol, joinToken: 'j'.repeat(15) }],
    ['a long join token', EnrolRequest, { ...enrol, joinToken: 'j'.repeat(257) }],
    ['a key that is no base64url', EnrolRequest, { ...enrol, publicKey: 'a+b/' }],
    ['a long key', EnrolRequest, { ...enrol, publicKey: 'A'.repeat(257) }],
    ['a long proof', EnrolRequest, { ...enrol, proof: 'A'.repeat(257) }],
    ['a long agent version', EnrolRequest, { ...enrol, agentVersion: 'v'.repeat(65) }],
    ['a cluster id that is none', EnrolResponse, { ...enrolled, clusterId: 'one' }],
    ['an unknown state', EnrolResponse, { ...enrolled, state: 'revoked' }],
    ['no hub key', EnrolResponse, { ...enrolled, hubKeys: [] }],
    [
      'nine hub keys',
      EnrolResponse,
      { ...enrolled, hubKeys: times(9, { keyId: 'k', publicKey: 'AA' }) },
    ],
    ['an empty key id', EnrolResponse, { ...enrolled, hubKeys: [{ keyId: '', publicKey: 'AA' }] }],
    ['a long assertion', TokenRequest, { assertion: 'a'.repeat(2_049) }],
    ['a long access token', TokenResponse, { accessToken: 'a'.repeat(2_049), expiresIn: 1 }],
    ['a token for no time', TokenResponse, { accessToken: 'a', expiresIn: 0 }],
    ['a digest in capitals', SyncRequest, { ...sync, digest: 'A'.repeat(64) }],
    ['a short digest', SyncRequest, { ...sync, capabilitiesHash: 'a'.repeat(63) }],
    ['a digest with more behind it', SyncRequest, { ...sync, digest: `${DIGEST}\n` }],
    ['a negative sequence', SyncRequest, { ...sync, sequence: -1 }],
    ['half a sequence', SyncRequest, { ...sync, sequence: 0.5 }],
    ['a sequence that a number cannot hold', SyncRequest, { ...sync, sequence: 2 ** 53 }],
    ['no heartbeat', SyncResponse, { ...synced, heartbeatMs: 0 }],
    [
      'a grant without a signature',
      SyncResponse,
      { ...synced, grant: { ...grant, signature: undefined } },
    ],
    [
      'a grant with a long signature',
      SyncResponse,
      { ...synced, grant: { ...grant, signature: 'A'.repeat(129) } },
    ],
    [
      'a grant that ends at the epoch',
      SyncResponse,
      { ...synced, grant: { ...grant, notAfter: 0 } },
    ],
    ['an unknown phase', StatusReport, { ...status, phase: 'done' }],
    ['report 0', StatusReport, { ...status, reportSequence: 0 }],
    ['501 outcomes', StatusReport, { ...status, outcomes: times(501, outcome) }],
    [
      'an unknown outcome',
      StatusReport,
      { ...status, outcomes: [{ ...outcome, state: 'applied' }] },
    ],
    [
      'a long message',
      StatusReport,
      { ...status, outcomes: [{ ...outcome, message: 'm'.repeat(2_001) }] },
    ],
    ['a long reason', StatusReport, { ...status, reason: 'r'.repeat(2_001) }],
    ['a negative count', StatusReport, { ...status, counts: { ...status.counts, failed: -1 } }],
    [
      'a long field',
      FactsReport,
      {
        ...facts,
        capabilities: {
          ...facts.capabilities,
          apis: { a: { enforced: null, fields: ['f'.repeat(513)] } },
        },
      },
    ],
    [
      '5001 fields',
      FactsReport,
      {
        ...facts,
        capabilities: {
          ...facts.capabilities,
          apis: { a: { enforced: null, fields: times(5_001, 'f') } },
        },
      },
    ],
    [
      '65 kinds',
      FactsReport,
      {
        ...facts,
        capabilities: {
          ...facts.capabilities,
          apis: Object.fromEntries(
            times(65, 0).map((_, index) => [`k${index}`, { enforced: null, fields: null }]),
          ),
        },
      },
    ],
    [
      'a long kind',
      FactsReport,
      {
        ...facts,
        capabilities: {
          ...facts.capabilities,
          apis: { ['k'.repeat(257)]: { enforced: null, fields: null } },
        },
      },
    ],
    ['a long code', Refusal, { code: 'C'.repeat(65), message: '' }],
    ['a long message of a refusal', Refusal, { code: 'C', message: 'm'.repeat(2_001) }],
  ])('refuses %s', (_, schema, message) => {
    expect(schema.safeParse(message).success).toBe(false);
  });

  it('takes messages at their bounds', () => {
    expect(
      StatusReport.safeParse({
        ...status,
        outcomes: times(500, { ...outcome, message: 'm'.repeat(2_000) }),
      }).success,
    ).toBe(true);
    expect(SyncResponse.safeParse({ ...synced, grant: null }).success).toBe(true);
    expect(Refusal.safeParse({ code: 'REVOKED', message: '' }).success).toBe(true);
  });
});

it('keeps the major version in every path', () => {
  const paths = [
    ...Object.values(PATHS).filter((path) => typeof path === 'string'),
    PATHS.policySet(DIGEST),
  ];

  expect(paths).toHaveLength(7);
  for (const path of paths) expect(path).toMatch(/^\/agent\/v1\//);
  expect(PATHS.policySet(DIGEST)).toBe(`/agent/v1/policy-sets/${DIGEST}`);
});
