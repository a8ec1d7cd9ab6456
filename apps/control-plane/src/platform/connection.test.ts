import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { connectionOf, connectionOfAll, PAGE_MAX, pageRequest } from './connection.ts';

const cursor = (key: string): string => Buffer.from(`k:${key}`).toString('base64url');

describe('a page', () => {
  it.each([0, -1, PAGE_MAX + 1])('of %s items is refused', (first) => {
    expect(() => pageRequest(first)).toThrow(`first must be 1 to ${PAGE_MAX}, not ${first}`);
  });

  it.each([
    ['another text', 'nonsense'],
    ['nothing', cursor('')],
    ['a NUL', cursor('a\u0000')],
    ['SQL', cursor(`a'; --`)],
    ['more than any name has', cursor('a'.repeat(201))],
  ])('after what is no cursor is refused: %s', (_what, after) => {
    expect(() => pageRequest(10, after)).toThrow('not a cursor');
  });

  it('of a list at hand is refused after the cursor of a list of names', () => {
    expect(() => connectionOfAll([1, 2], pageRequest(10, cursor('default/a')))).toThrow(
      'not a cursor',
    );
  });

  it('does not ask how long the list is unless somebody wants to know', async () => {
    const totalCount = jest.fn(() => Promise.resolve(7));
    const connection = connectionOf(['a', 'b'], pageRequest(1), String, totalCount);

    expect(connection.pageInfo).toEqual({ hasNextPage: true, endCursor: cursor('a') });
    expect(totalCount).not.toHaveBeenCalled();
    expect(await connection.totalCount).toBe(7);
  });

  it('follows the page before: together they are the list', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 10 }), (all, first) => {
        const read: number[] = [];
        let after: string | null = null;
        do {
          const page: ReturnType<typeof connectionOfAll<number>> = connectionOfAll(
            all,
            pageRequest(first, after),
          );
          read.push(...page.edges.map(({ node }) => node));
          after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
        } while (after !== null);
        expect(read).toEqual(all);
      }),
    );
  });
});
