import type { Connections, PortRange } from '../model/answer.ts';
import { MAX_PORT, PORT_PROTOCOLS, type PortProtocol } from '../model/protocol.ts';

export const NO_CONNECTIONS: Connections = { TCP: [], UDP: [], SCTP: [] };

/** Asks once for each range of ports that cannot behave differently, and collects the ranges for which the answer is yes. */
export function connectionsWhere(
  cuts: ReadonlySet<number>,
  isIn: (protocol: PortProtocol, port: number) => boolean,
): Connections {
  const starts = [1, ...cuts]
    .filter((port) => port <= MAX_PORT)
    .toSorted((a, b) => a - b)
    .filter((port, index, all) => port !== all[index - 1]);
  const ranges = starts.map((start, index): PortRange => [
    start,
    (starts[index + 1] ?? MAX_PORT + 1) - 1,
  ]);
  const entries = PORT_PROTOCOLS.map((protocol) => [
    protocol,
    mergedRanges(ranges.filter(([port]) => isIn(protocol, port))),
  ]);
  return Object.fromEntries(entries) as Connections;
}

/** All that is in one of them. */
export function union(sets: readonly Connections[]): Connections {
  const entries = PORT_PROTOCOLS.map((protocol) => [
    protocol,
    mergedRanges(sets.flatMap((set) => set[protocol])),
  ]);
  return Object.fromEntries(entries) as Connections;
}

export function isEmpty(connections: Connections): boolean {
  return PORT_PROTOCOLS.every((protocol) => connections[protocol].length === 0);
}

/** Whether `wide` has every port that `narrow` has. */
export function isWithinConnections(narrow: Connections, wide: Connections): boolean {
  return PORT_PROTOCOLS.every((protocol) =>
    narrow[protocol].every(([first, last]) =>
      wide[protocol].some(([from, to]) => from <= first && last <= to),
    ),
  );
}

function mergedRanges(ranges: readonly PortRange[]): PortRange[] {
  const result: PortRange[] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = result.at(-1);
    if (before && first <= before[1] + 1)
      result[result.length - 1] = [before[0], Math.max(before[1], last)];
    else result.push([first, last]);
  }
  return result;
}
