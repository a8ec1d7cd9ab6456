import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { followKeys, type IsSigned, KeyStatement, keyStatementBytes } from './index.ts';

/** Stands for Ed25519: whoever knows the name of a key can sign, and a signature fits one text. */
const isSigned: IsSigned = (publicKey, text, signature) => signature === `${publicKey} ${text}`;
const key = (name: string): { keyId: string; publicKey: string } => ({
  keyId: name,
  publicKey: `public-${name}`,
});
function said(counter: number, by: string, ...names: string[]): KeyStatement {
  const unsigned = { counter, keys: names.map(key), signedBy: by };
  return { ...unsigned, signature: `public-${by} ${keyStatementBytes(unsigned)}` };
}
const follow = (
  from: { names: string[]; counter: number | null },
  ...statements: KeyStatement[]
): { names: string[]; counter: number | null; fault: string | null } => {
  const { keys, counter, fault } = followKeys(
    { keys: from.names.map(key), counter: from.counter },
    statements,
    isSigned,
  );
  return { names: keys.map(({ keyId }) => keyId), counter, fault };
};
const chain = [
  said(1, 'a', 'a', 'b'),
  said(2, 'b', 'b'),
  said(3, 'b', 'b', 'c'),
  said(4, 'c', 'c'),
];
const first = { names: ['a'], counter: 0 };

it('signs these very bytes: a change breaks every agent that is out there', () => {
  expect(keyStatementBytes({ ...said(7, 'a', 'b', 'a') })).toBe(
    'picket.keys.v1\n{"counter":7,"keys":[{"keyId":"b","publicKey":"public-b"},{"keyId":"a","publicKey":"public-a"}],"signedBy":"a"}',
  );
});

describe('followKeys', () => {
  it('comes along the whole chain, however many rotations it missed', () => {
    expect(follow(first, ...chain)).toEqual({ names: ['c'], counter: 4, fault: null });
  });

  it('comes to the same end in as many steps as it likes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 6 }), (cuts) => {
        let at: Parameters<typeof follow>[0] = first;
        for (const cut of [...cuts, 4]) at = follow(at, ...chain.slice(0, cut));

        expect(at).toMatchObject({ names: ['c'], counter: 4 });
      }),
    );
  });

  it('passes over what it has followed already', () => {
    const at = { names: ['b'], counter: 2 };

    expect(follow(at, chain[0]!, chain[1]!)).toEqual({ ...at, fault: null });
  });

  it('of an agent that enrolled later starts where that one is', () => {
    expect(follow({ names: ['b'], counter: 2 }, ...chain.slice(2))).toMatchObject({
      names: ['c'],
      counter: 4,
    });
  });

  it.each([
    ['keys of before its time', ['b'], { names: ['c'], counter: 4 }],
    ['two keys that overlapped', ['b', 'c'], { names: ['c'], counter: 4 }],
    ['the first key', ['a'], { names: ['c'], counter: 4 }],
    ['the last key', ['c'], { names: ['c'], counter: 4 }],
    ['keys of another hub', ['x'], { names: ['x'], counter: null }],
  ])('finds its place in the chain when it knows %s alone', (_what, names, end) => {
    expect(follow({ names, counter: null }, ...chain)).toEqual({ ...end, fault: null });
  });

  it.each([
    ['a gap', [chain[0]!, chain[2]!], 'statement 3 does not come after 1', 1],
    ['an order that was changed', [chain[1]!, chain[0]!], 'statement 2 does not come after 0', 0],
    ['a key that was retired', [chain[0]!, chain[1]!, said(3, 'a', 'a')], 'key a, which is not', 2],
    ['a stranger', [said(1, 'x', 'x')], 'key x, which is not pinned', 0],
    ['keys that were changed', [{ ...chain[0]!, keys: [key('x')] }], 'signature of statement 1', 0],
    ['a counter that was changed', [{ ...chain[2]!, counter: 1, signedBy: 'a' }], 'signature', 0],
    [
      'a signature of another statement',
      [{ ...chain[0]!, signature: chain[1]!.signature }],
      'signature of statement 1 is wrong',
      0,
    ],
  ])('stops at %s, and keeps what came before', (_what, statements, words, counter) => {
    const end = follow(first, ...statements);

    expect(end).toMatchObject({ counter, fault: expect.stringContaining(words) });
    expect(end.names).toEqual([['a'], ['a', 'b'], ['b']][counter]);
  });

  it('never pins a key that was not named by one that was pinned', () => {
    const name = fc.constantFrom('a', 'b', 'x', 'y');
    const statement = fc
      .tuple(
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('x', 'y'),
        fc.array(name, { minLength: 1, maxLength: 3 }),
      )
      .map(([counter, by, names]) => said(counter, by, ...names));
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 6 }),
        fc.constantFrom(0, null),
        (forged, counter) => {
          expect(follow({ names: ['a', 'b'], counter }, ...forged).names).toEqual(['a', 'b']);
        },
      ),
    );
  });
});

it('has bounds', () => {
  const good = said(1, 'a', 'a');

  expect(KeyStatement.parse({ ...good, signature: 'AA', later: 1 })).toEqual({
    ...good,
    signature: 'AA',
  });
  for (const bad of [
    { counter: 0 },
    { keys: [] },
    { keys: Array(9).fill(key('a')) },
    { signedBy: '' },
  ])
    expect(KeyStatement.safeParse({ ...good, signature: 'AA', ...bad }).success).toBe(false);
});
