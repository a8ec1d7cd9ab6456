import { describe, expect, it } from '@jest/globals';

import { statusOf } from './status.ts';
import type { StoredStatus } from './status.repository.ts';

const NOW = 'a'.repeat(64);
const BEFORE = 'b'.repeat(64);

const inPlace: StoredStatus = {
  clusterId: '8f7f0f2e-0000-4000-8000-000000000000',
  desiredDigest: NOW,
  seenAt: new Date(0),
  agentVersion: '0.1.0',
  keysCounter: null,
  keysFault: null,
  runningDigest: NOW,
  sequence: 2,
  digest: NOW,
  phase: 'applied',
  reason: null,
  counts: { applied: 3, pending: 0, failed: 0, drifted: 0 },
  outcomes: [],
  outcomesDropped: 0,
  repairs: 0,
  blocked: false,
  stale: false,
};
const silent = { digest: null, phase: null, runningDigest: null, counts: null, outcomes: null };

describe('the phase of a cluster', () => {
  it.each([
    ['has all of it', {}, 'APPLIED'],
    ['runs what was due before', { digest: BEFORE, runningDigest: BEFORE }, 'PENDING'],
    ['is touched by a change that is not compiled yet', { stale: true }, 'PENDING'],
    ['is stale and has never reported', { ...silent, stale: true }, 'UNKNOWN'],
    ['has never reported', silent, 'UNKNOWN'],
    ['cannot get the newer set', { blocked: true }, 'BLOCKED'],
    ['was refused an object', { phase: 'failed', runningDigest: BEFORE }, 'FAILED'],
    ['refused the grant', { phase: 'refused', runningDigest: BEFORE }, 'FAILED'],
    [
      'waits for a namespace',
      { counts: { applied: 2, pending: 1, failed: 0, drifted: 0 } },
      'PENDING',
    ],
    [
      'leaves an object to somebody else',
      { counts: { applied: 2, pending: 0, failed: 0, drifted: 1 } },
      'DRIFTED',
    ],
  ] as const)('that %s', (_, change, phase) => {
    expect(statusOf({ ...inPlace, ...change } as StoredStatus).phase).toBe(phase);
  });

  it('is UNKNOWN for a cluster of which nothing is stored', () => {
    expect(statusOf(undefined)).toMatchObject({
      phase: 'UNKNOWN',
      desiredDigest: null,
      counts: {},
    });
  });
});

it('judges by what is due at the moment of the report, so that APPLIED never speaks of an older set', () => {
  expect(statusOf({ ...inPlace, desiredDigest: BEFORE })).toMatchObject({
    phase: 'PENDING',
    desiredDigest: BEFORE,
    appliedDigest: NOW,
  });
});
