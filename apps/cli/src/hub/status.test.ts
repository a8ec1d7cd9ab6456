import { describe, expect, it } from '@jest/globals';

import type { FleetMember, Phase } from './operations.ts';
import { summarize, untilSettled } from './status.ts';

function fleetOf(...phases: Phase[]): FleetMember[] {
  return phases.map((phase, index) => ({
    name: `c${index}`,
    project: { name: 'default' },
    lastSeenAt: null,
    status: {
      phase,
      reason: null,
      desiredDigest: null,
      appliedDigest: null,
      counts: { applied: 0, pending: 0, failed: 0, drifted: 0 },
      problems: [],
    },
  }));
}

async function watch(
  pictures: FleetMember[][],
  timeoutMs: number,
): Promise<{ last: string; told: string[] }> {
  const told: string[] = [];
  const read = (): Promise<FleetMember[]> =>
    Promise.resolve(pictures.length > 1 ? pictures.shift()! : pictures[0]!);
  const last = await untilSettled(read, {
    timeoutMs,
    onChange: (fleet) => told.push(summarize(fleet)),
  });
  return { last: summarize(last), told };
}

describe('untilSettled', () => {
  it('waits until every cluster has what it should, and tells each other picture once', async () => {
    const pictures = [
      fleetOf('PENDING', 'PENDING'),
      fleetOf('PENDING', 'PENDING'),
      fleetOf('APPLIED', 'APPLIED'),
    ];

    expect(await watch(pictures, 60_000)).toEqual({
      last: '2 applied',
      told: ['2 pending', '2 applied'],
    });
  });

  it('does not wait for a cluster that needs a person', async () => {
    expect((await watch([fleetOf('APPLIED', 'FAILED', 'BLOCKED')], 60_000)).last).toBe(
      '1 applied, 1 failed, 1 blocked',
    );
  });

  it('answers what it saw last when time is up', async () => {
    expect((await watch([fleetOf('PENDING')], 0)).last).toBe('1 pending');
  });
});
