import { describe, expect, it } from '@jest/globals';

import { NaturalBatch } from './batch.ts';

/** A batch that doubles numbers, and the groups that it was given. */
function doubling(max = 1_000): { batch: NaturalBatch<number, number>; groups: number[][] } {
  const groups: number[][] = [];
  const batch = new NaturalBatch<number, number>((numbers) => {
    groups.push([...numbers]);
    return Promise.resolve(numbers.map((number) => number * 2));
  }, max);
  return { batch, groups };
}

describe('a natural batch', () => {
  it('does in one group what comes in one turn, and answers each', async () => {
    const { batch, groups } = doubling();

    expect(await Promise.all([1, 2, 3].map((number) => batch.add(number)))).toEqual([2, 4, 6]);
    expect(groups).toEqual([[1, 2, 3]]);
  });

  it('never makes a group larger than its maximum', async () => {
    const { batch, groups } = doubling(2);

    await Promise.all([1, 2, 3, 4, 5].map((number) => batch.add(number)));

    expect(groups).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('lets the patient wait for company, and takes them along with whoever is not', async () => {
    const { batch, groups } = doubling();
    const patient = batch.add(1, 3_600_000);

    await batch.add(2);

    expect(await patient).toBe(2);
    expect(groups).toEqual([[1, 2]]);
  });

  it('does not let the patient wait longer than they can', async () => {
    const { batch } = doubling();

    expect(await batch.add(1, 5)).toBe(2);
  });

  it('ends nothing that waits: idle means that all of it is done', async () => {
    const { batch } = doubling();
    const patient = batch.add(1, 3_600_000);

    await batch.idle();

    expect(await patient).toBe(2);
    expect(batch.depth).toBe(0);
  });

  it('tells a failure to those of its group only', async () => {
    let calls = 0;
    const batch = new NaturalBatch<number, number>((numbers) => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error('away')) : Promise.resolve(numbers);
    }, 1);

    const [first, second] = await Promise.allSettled([batch.add(1), batch.add(2)]);

    expect(first).toMatchObject({ status: 'rejected', reason: new Error('away') });
    expect(second).toEqual({ status: 'fulfilled', value: 2 });
  });
});
