import { describe, expect, it } from '@jest/globals';

import type { Protocol } from '../model/protocol.ts';
import { connectionsOf, END, pointOf, rangesOf } from './points.ts';
import { PortFunctions } from './port-functions.ts';

describe('points', () => {
  it('give every protocol, port and ICMP type a place of its own', () => {
    const ports = (protocol: Protocol): number[] =>
      [1, 80, 65_535].map((port) => pointOf({ protocol, port }));
    const icmp = (protocol: Protocol): number[] => [
      pointOf({ protocol }),
      ...[0, 8, 255].map((type) => pointOf({ protocol, icmp: { type, code: 255 - type } })),
    ];

    const all = [
      ...(['TCP', 'UDP', 'SCTP'] as const).flatMap(ports),
      ...(['ICMP', 'ICMPv6'] as const).flatMap(icmp),
    ];

    expect(new Set(all).size).toBe(all.length);
    expect(Math.max(...all)).toBeLessThan(END);
  });

  it('of a rule without an ICMP type are those of all types, and that of none', () => {
    const isIn = (point: number): boolean =>
      rangesOf({ kind: 'icmp', protocol: 'ICMPv6' }).some(
        ([first, last]) => first <= point && point <= last,
      );

    expect(isIn(pointOf({ protocol: 'ICMPv6' }))).toBe(true);
    expect(isIn(pointOf({ protocol: 'ICMPv6', icmp: { type: 255, code: 255 } }))).toBe(true);
    expect(isIn(pointOf({ protocol: 'ICMP' }))).toBe(false);
  });

  it('become ranges of ports that neither touch nor leave their protocol', () => {
    const tcp = (port: number): number => pointOf({ protocol: 'TCP', port });
    const starts = [0, tcp(80), tcp(81), tcp(90), pointOf({ protocol: 'UDP', port: 53 })];

    expect(connectionsOf(starts, [false, true, true, false, true])).toEqual({
      TCP: [[80, 89]],
      UDP: [[53, 65_535]],
      SCTP: [[1, 65_535]],
    });
  });
});

describe('a function from points', () => {
  it('is stored once, however its steps are cut, and read by the step that a point is in', () => {
    const functions = new PortFunctions();

    const id = functions.idOf([0, 5, 9], [1, 2, 1]);
    const other = functions.idOf([0], [1]);

    expect(functions.idOf([0, 3, 5, 7, 9], [1, 1, 2, 2, 1])).toBe(id);
    expect(other).not.toBe(id);
    expect([0, 4, 5, 8, 9, END].map((point) => functions.at(id, point))).toEqual([
      1, 1, 2, 2, 1, 1,
    ]);
    expect(functions.at(other, 5)).toBe(1);
  });
});
