import type { Connections, PortRange } from '../model/answer.ts';
import type { Flow } from '../model/flow.ts';
import type { PortMatch } from '../model/policy.ts';
import { MAX_PORT, PORT_PROTOCOLS, type Protocol } from '../model/protocol.ts';

/**
 * Every protocol, port and ICMP type as one number, so that "which flows" is a set of ranges on one line:
 * the ports of TCP, UDP and SCTP, then type × 256 + code of ICMP and ICMPv6, then the two without a known type.
 */
export type Point = number;

export const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];
const SPAN = 65_536;
export const ICMP_START: Point = 3 * SPAN;
/** The first points of the protocols with ports. */
export const PROTOCOL_STARTS: readonly Point[] = [0, SPAN, 2 * SPAN];
const ICMP_TYPE_UNKNOWN: Point = 5 * SPAN;
export const END: Point = ICMP_TYPE_UNKNOWN + 2;

/** Where a flow lies. It must be one that can exist. */
export function pointOf({ protocol, port, icmp }: Pick<Flow, 'protocol' | 'port' | 'icmp'>): Point {
  const place = PROTOCOLS.indexOf(protocol);
  if (port !== undefined) return place * SPAN + port;
  return icmp ? place * SPAN + icmp.type * 256 + icmp.code : ICMP_TYPE_UNKNOWN + place - 3;
}

/** The same from packed columns: `place` in `PROTOCOLS`; of ICMP the type is not known. */
export function pointOfColumns(place: number, port: number): Point {
  return place < 3 ? place * SPAN + port : ICMP_TYPE_UNKNOWN + place - 3;
}

/** Both ends included. */
export type PointRange = readonly [first: Point, last: Point];

/** What a match of a rule covers; a match that is not known covers everything as maybe. */
export function rangesOf(match: Exclude<PortMatch, { kind: 'named' | 'unknown' }>): PointRange[] {
  const start = PROTOCOLS.indexOf(match.protocol) * SPAN;
  if (match.kind === 'ports') return [[start + match.from, start + match.to]];
  const { type, code } = match;
  const noType = ICMP_TYPE_UNKNOWN + PROTOCOLS.indexOf(match.protocol) - 3;
  if (type === undefined)
    return [
      [start, start + SPAN - 1],
      [noType, noType],
    ];
  const first = start + type * 256;
  return [code === undefined ? [first, first + 255] : [first + code, first + code]];
}

/** The point of a protocol whose ICMP type is not known, where rules that name a type may match. */
export function isTypeUnknown(point: Point, protocol: Protocol): boolean {
  return point === ICMP_TYPE_UNKNOWN + PROTOCOLS.indexOf(protocol) - 3;
}

/** The ports of a set, which is given as its parts: from each start to the next. */
export function connectionsOf(starts: readonly Point[], isIn: readonly boolean[]): Connections {
  const rangesOf = (place: number): PortRange[] => {
    const ranges: PortRange[] = [];
    for (const [index, start] of starts.entries()) {
      const first = Math.max(start, place * SPAN + 1) - place * SPAN;
      const last = Math.min((starts[index + 1] ?? END) - 1 - place * SPAN, MAX_PORT);
      if (!isIn[index] || first > last) continue;
      const before = ranges.at(-1);
      if (before && before[1] + 1 === first) ranges[ranges.length - 1] = [before[0], last];
      else ranges.push([first, last]);
    }
    return ranges;
  };
  return Object.fromEntries(
    PORT_PROTOCOLS.map((protocol, place) => [protocol, rangesOf(place)]),
  ) as unknown as Connections;
}
