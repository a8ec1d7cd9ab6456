import { describe, expect, it } from '@jest/globals';
import { canonicalJson, type Json } from '@picket/kernel';
import * as fc from 'fast-check';

import { diff } from './index.ts';

describe('diff', () => {
  it('names each place where two values differ, and no other', () => {
    const before = { labels: { tier: 'dev', region: 'eu' }, state: 'PENDING', ports: [80, 443] };
    const after = { labels: { tier: 'prod', region: 'eu', a: 'b' }, ports: [80], name: 'x' };

    expect(diff(before, after)).toEqual({
      differences: [
        { path: 'labels.a', after: 'b' },
        { path: 'labels.tier', before: 'dev', after: 'prod' },
        { path: 'name', after: 'x' },
        { path: 'ports[1]', before: 443 },
        { path: 'state', before: 'PENDING' },
      ],
      dropped: 0,
    });
  });

  it('tells what was made, and what ended, as a whole', () => {
    expect(diff(undefined, { a: 1 }).differences).toEqual([{ path: '', after: { a: 1 } }]);
    expect(diff({ a: 1 }, undefined).differences).toEqual([{ path: '', before: { a: 1 } }]);
    expect(diff(undefined, undefined).differences).toEqual([]);
  });

  it('does not take a list for an object, nor a member of the prototype for one of its own', () => {
    expect(diff({ a: [1] }, { a: { 0: 1 } }).differences).toHaveLength(1);
    expect(diff({ x: 1 }, { x: 1, toString: 'y' }).differences).toEqual([
      { path: 'toString', after: 'y' },
    ]);
  });

  it('writes dates as text', () => {
    expect(diff({}, { at: new Date(0) }).differences).toEqual([
      { path: 'at', after: '1970-01-01T00:00:00.000Z' },
    ]);
  });

  it('tells a large value by its digest, and counts what is too much', () => {
    const large = { text: 'x'.repeat(20_000) };
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`k${at}`, at]));
    const heavy = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`k${at}`, 'y'.repeat(10_000)]),
    );

    expect(diff({ text: '' }, large).differences).toEqual([
      {
        path: 'text',
        before: '',
        after: { digest: expect.stringMatching(/^sha256:[\da-f]{64}$/), letters: 20_002 },
      },
    ]);
    expect(diff({}, many)).toMatchObject({ dropped: 50 });
    expect(diff({}, heavy).differences.length).toBeLessThan(7);
  });

  it('is empty exactly when both are the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const isSame = canonicalJson(a as Json) === canonicalJson(b as Json);
        expect(diff(a, a).differences).toEqual([]);
        expect(diff(a, b).differences.length === 0).toBe(isSame);
      }),
    );
  });
});
