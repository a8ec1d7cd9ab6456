import { describe, expect, it } from '@jest/globals';
import type { StatusReport } from '@picket/agent-protocol';
import { pino } from 'pino';

import { MemoryStore } from './memory-store.fake.ts';
import { type Report, Spool } from './spool.ts';

const logger = pino({ level: 'silent' });
const never = (): boolean => false;

function report(sequence: number, words = ''): Report {
  const failed = { kind: 'v1/Kind', namespace: null, name: 'x', state: 'failed' } as const;
  return {
    sequence,
    digest: 'a'.repeat(64),
    running: null,
    phase: 'failed',
    counts: { applied: 0, pending: 0, failed: 1, drifted: 0 },
    outcomes:
      words === '' ? [] : Array.from({ length: 400 }, () => ({ ...failed, message: words })),
    outcomesDropped: 0,
    repairs: 0,
    atMs: 1,
    reason: null,
  };
}

/** Takes everything that waits, in the order in which it comes. */
async function sent(spool: Spool): Promise<StatusReport[]> {
  const reports: StatusReport[] = [];
  await spool.flush((one) => Promise.resolve(void reports.push(one)), never);
  return reports;
}

describe('Spool', () => {
  it('sends in order, each once, under rising sequences of one epoch', async () => {
    const spool = await Spool.load(new MemoryStore(), logger);
    for (const sequence of [1, 2, 3]) await spool.add(report(sequence));

    const reports = await sent(spool);

    expect(reports.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(reports.map(({ reportSequence }) => reportSequence)).toEqual([1, 2, 3]);
    expect(new Set(reports.map(({ epoch }) => epoch)).size).toBe(1);
    expect(await sent(spool)).toEqual([]);
  });

  it('keeps what did not get through, and what came meanwhile', async () => {
    const spool = await Spool.load(new MemoryStore(), logger);
    await spool.add(report(1));

    const failing = spool.flush(async () => {
      await spool.add(report(2));
      throw new Error('away');
    }, never);

    await expect(failing).rejects.toThrow('away');
    expect((await sent(spool)).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('drops the oldest when it is full, and counts them', async () => {
    const spool = await Spool.load(new MemoryStore(), logger);
    for (let sequence = 1; sequence <= 60; sequence++) await spool.add(report(sequence));

    const reports = await sent(spool);

    expect(reports).toHaveLength(50);
    expect(reports[0]?.sequence).toBe(11);
    // Each of the ten tells of its predecessor; the last one's drop is told by the report that comes next.
    await spool.add(report(61));
    const [next] = await sent(spool);
    const told = [...reports, next].reduce((sum, one) => sum + (one?.reportsDropped ?? 0), 0);
    expect(told).toBe(10);
  });

  it('counts on what a dropped report itself had counted', async () => {
    const spool = await Spool.load(new MemoryStore(), logger);
    for (let sequence = 1; sequence <= 200; sequence++) await spool.add(report(sequence));
    await spool.add(report(201));

    const reports = await sent(spool);
    await spool.add(report(202));
    const [next] = await sent(spool);

    const told = [...reports, next].reduce((sum, one) => sum + (one?.reportsDropped ?? 0), 0);
    expect(told + reports.length + 1).toBe(202);
  });

  it('is bounded in bytes too', async () => {
    const store = new MemoryStore();
    const spool = await Spool.load(store, logger);

    for (let sequence = 1; sequence <= 30; sequence++)
      await spool.add(report(sequence, 'x'.repeat(2_000)));

    expect(store.texts.get('spool')?.length).toBeLessThan(9 * 1_048_576);
    expect((await sent(spool)).at(-1)?.sequence).toBe(30);
  });

  it('drops what the hub will never take, so that it blocks nothing', async () => {
    const spool = await Spool.load(new MemoryStore(), logger);
    for (const sequence of [1, 2]) await spool.add(report(sequence));
    const taken: number[] = [];

    await spool.flush(
      async ({ sequence }) => {
        await Promise.resolve();
        if (sequence === 1) throw new RangeError('too large');
        taken.push(sequence);
      },
      (error) => error instanceof RangeError,
    );
    await spool.add(report(3));

    expect(taken).toEqual([2]);
    expect((await sent(spool))[0]).toMatchObject({ sequence: 3, reportsDropped: 1 });
  });

  it('survives a restart', async () => {
    const store = new MemoryStore();
    const before = await Spool.load(store, logger);
    await before.add(report(1));

    const after = await Spool.load(store, logger);
    await after.add(report(2));
    const reports = await sent(after);

    expect(reports.map(({ reportSequence }) => reportSequence)).toEqual([1, 2]);
    expect(new Set(reports.map(({ epoch }) => epoch)).size).toBe(1);
  });

  it.each(['', '{', 'null', '{}', '{"epoch":"x","reports":[{}]}'])(
    'starts a new epoch when its file says %j',
    async (text) => {
      const store = new MemoryStore();
      await store.write('spool', text);

      const spool = await Spool.load(store, logger);
      await spool.add(report(1));

      expect(await sent(spool)).toMatchObject([{ reportSequence: 1, reportsDropped: 0 }]);
    },
  );

  it('sends also when the disk takes nothing', async () => {
    const full = new MemoryStore();
    full.write = () => Promise.reject(new Error('ENOSPC'));
    const spool = await Spool.load(full, logger);

    await spool.add(report(1));

    expect(await sent(spool)).toHaveLength(1);
  });
});
