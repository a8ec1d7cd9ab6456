import { describe, expect, it } from '@jest/globals';
import { canonicalJson, sha256Hex } from '@picket/kernel';
import * as fc from 'fast-check';

import {
  type AuditEvent,
  firstHash,
  type IsSigned,
  LogCheck,
  headText,
  type SealedEvent,
  sealedLine,
  sealHash,
  type Verified,
} from './index.ts';

const ORGANIZATION = '00000000-0000-4000-8000-000000000001';
// A signature that anybody could make will do here: that the real one is checked is the system test's part.
const sign = (text: string, key = 'key'): string => sha256Hex(`${key} ${text}`);
const isSigned: IsSigned = (text, signature, key) => signature === sign(text, key);

function event(operation: string, organizationId = ORGANIZATION): AuditEvent {
  return {
    organizationId,
    projectId: null,
    at: '2026-01-01T00:00:00.000Z',
    actor: { kind: 'TOKEN', id: 'a', name: 'a' },
    from: { address: null, requestId: null },
    operation,
    outcome: 'DONE',
    code: null,
    thing: null,
    thingId: null,
    thingName: null,
    reason: null,
    changes: [],
    changesDropped: 0,
    count: 1,
    since: null,
    addresses: [],
  };
}

function seal(operations: readonly string[]): SealedEvent[] {
  let previous = firstHash(ORGANIZATION);
  return operations.map((operation, index) => {
    const unsealed = { sequence: index + 1, previous, event: event(operation) };
    previous = sealHash(unsealed);
    return { ...unsealed, hash: previous };
  });
}

function headOf({ sequence, hash, event: { organizationId } }: SealedEvent, key = 'key'): string {
  const at = '2026-01-01T00:00:01.000Z';
  const head = { organizationId, sequence, hash, at, publicKey: key };
  return canonicalJson({ ...head, signature: sign(headText(head), key) });
}

function check(lines: readonly string[], heads: readonly string[] = []): Verified {
  const log = new LogCheck(heads, isSigned, 'key');
  for (const line of lines) log.add(line);
  return log.end();
}
const codes = (verified: Verified): string[] => verified.faults.map(({ code }) => code);

const operations = fc.array(fc.string({ maxLength: 8 }), { minLength: 2, maxLength: 12 });

describe('a log', () => {
  it('that nobody touched has no fault, and agrees with its heads', () => {
    fc.assert(
      fc.property(operations, (names) => {
        const log = seal(names);
        const heads = [headOf(log[0]!), headOf(log.at(-1)!)];

        expect(check(log.map(sealedLine), heads)).toEqual({
          events: names.length,
          first: 1,
          last: names.length,
          heads: 2,
          faults: [],
          faultsDropped: 0,
        });
      }),
    );
  });

  // What somebody may do to lines without the key, in any order and as often as they like.
  const tampering = fc.oneof(
    fc.record({ do: fc.constant('remove' as const), at: fc.nat(20) }),
    fc.record({ do: fc.constant('repeat' as const), at: fc.nat(20) }),
    fc.record({ do: fc.constant('swap' as const), at: fc.nat(20), with: fc.nat(20) }),
    fc.record({ do: fc.constant('cut' as const), at: fc.nat(20) }),
    fc.record({ do: fc.constant('letter' as const), at: fc.nat(20), place: fc.nat(900) }),
    fc.record({ do: fc.constant('edit' as const), at: fc.nat(20), to: fc.string() }),
    // The whole rest is sealed anew, with right hashes: only a head tells.
    fc.record({ do: fc.constant('rewrite' as const), at: fc.nat(20), to: fc.string() }),
    fc.record({ do: fc.constant('insert' as const), at: fc.nat(20), to: fc.string() }),
  );
  type Tampering = typeof tampering extends fc.Arbitrary<infer T> ? T : never;

  function tamper(log: readonly string[], how: Tampering): string[] {
    const lines = [...log];
    const at = how.at % lines.length;
    const line = lines[at]!;
    const sealed = JSON.parse(line) as SealedEvent;
    switch (how.do) {
      case 'remove':
        lines.splice(at, 1);
        return lines;
      case 'repeat':
        lines.splice(at, 0, line);
        return lines;
      case 'swap':
        [lines[at], lines[how.with % lines.length]] = [lines[how.with % lines.length]!, line];
        return lines;
      case 'cut':
        return lines.slice(0, at);
      case 'letter': {
        const place = how.place % line.length;
        lines[at] = `${line.slice(0, place)}~${line.slice(place + 1)}`;
        return lines;
      }
      case 'edit': {
        const edited = { ...sealed, event: { ...sealed.event, reason: how.to } };
        lines[at] = sealedLine({ ...edited, hash: sealHash(edited) });
        return lines;
      }
      case 'rewrite':
        return seal(
          lines.map((each, index) => {
            const { operation } = (JSON.parse(each) as SealedEvent).event;
            return index === at ? how.to : operation;
          }),
        ).map(sealedLine);
      case 'insert': {
        const added = { ...sealed, event: event(how.to) };
        lines.splice(at, 0, sealedLine({ ...added, hash: sealHash(added) }));
        return lines;
      }
    }
  }

  it('that anybody touched has a fault, whatever they did', () => {
    fc.assert(
      fc.property(operations, tampering, (names, how) => {
        const before = seal(names).map(sealedLine);
        const after = tamper(before, how);
        fc.pre(after.join('\n') !== before.join('\n'));

        expect(check(after, [headOf(seal(names).at(-1)!)]).faults).not.toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells what was done to it', () => {
    const log = seal(['a', 'b', 'c', 'd']);
    const lines = log.map(sealedLine);
    const head = headOf(log[3]!);
    const edited = sealedLine({ ...log[1]!, event: event('x') });

    expect(codes(check([lines[0]!, edited, ...lines.slice(2)], [head]))).toEqual(['EDITED']);
    expect(codes(check([lines[0]!, ...lines.slice(2)], [head]))).toEqual(['BROKEN']);
    expect(codes(check(lines.slice(0, 2), [head]))).toEqual(['CUT']);
    expect(codes(check(lines.slice(0, 2)))).toEqual([]); // which no log tells of itself
    expect(codes(check([], [head]))).toEqual(['CUT']);
    expect(codes(check(seal(['a', 'b', 'c', 'x']).map(sealedLine), [head]))).toEqual(['REWRITTEN']);
    expect(codes(check(['{}', ...lines]))).toEqual(['UNREADABLE']);
    expect(codes(check([` ${lines[0]}`]))).toEqual(['UNREADABLE']);
    expect(codes(check([lines[0]!.replace('"event":{', '"event":null,"x":{')]))).toEqual([
      'UNREADABLE',
    ]);
  });

  it('may begin later, where a signed head vouches for what went before', () => {
    const log = seal(['a', 'b', 'c']);
    const rest = log.slice(1).map(sealedLine);

    expect(codes(check(rest, [headOf(log[0]!)]))).toEqual([]);
    expect(codes(check(rest))).toEqual(['BEGINS_LATE']);
    expect(codes(check(rest, [headOf(log[1]!)]))).toEqual(['BEGINS_LATE']);
  });

  it('is not measured by heads of others, but wants one of its own when there are any', () => {
    const lines = seal(['a']).map(sealedLine);
    const other = headOf({ ...seal(['a', 'b'])[1]!, event: event('b', 'other') });

    expect(codes(check(lines, [other, headOf(seal(['a'])[0]!)]))).toEqual([]);
    expect(codes(check(lines, [other]))).toEqual(['NO_HEAD']);
    expect(codes(check([], [other]))).toEqual(['CUT']);
  });

  it('has no head but of its own key', () => {
    const log = seal(['a']);
    const lines = log.map(sealedLine);
    const other = { ...log[0]!, event: event('a', 'other') };

    expect(codes(check(lines, [headOf(log[0]!, 'another key')]))).toEqual(['FORGED_HEAD']);
    expect(codes(check(lines, [headOf(log[0]!).replace('"sequence":1', '"sequence":2')]))).toEqual([
      'FORGED_HEAD',
    ]);
    expect(codes(check(lines, ['null', 'no']))).toEqual(['UNREADABLE', 'UNREADABLE']);
    expect(codes(check([sealedLine({ ...other, hash: sealHash(other) })]))).toEqual(['BROKEN']);
    expect(new LogCheck([headOf(log[0]!, 'any')], isSigned).end().faults).toHaveLength(1);
  });

  it('is of one organization', () => {
    const [first, second] = seal(['a', 'b']) as [SealedEvent, SealedEvent];
    const moved = { ...second, event: event('b', 'other') };

    expect(
      codes(check([sealedLine(first), sealedLine({ ...moved, hash: sealHash(moved) })])),
    ).toEqual(['BROKEN']);
  });

  it('that is all wrong is told within bounds', () => {
    const { faults, faultsDropped } = check(Array.from({ length: 250 }, () => '?'));

    expect([faults.length, faultsDropped]).toEqual([100, 150]);
  });
});
