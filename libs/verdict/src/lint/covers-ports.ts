import type { PortMatch } from '../model/policy.ts';
import { MAX_PORT, PORT_PROTOCOLS, type PortProtocol } from '../model/protocol.ts';

type Ports = readonly PortMatch[] | undefined;

/** Whether the lists together match every port that `narrow` matches; an absent list matches all. */
export function coversPorts(wide: readonly Ports[], narrow: Ports): boolean {
  if (wide.includes(undefined)) return true;
  const matches = wide.flatMap((list) => list ?? []);
  return narrow?.every((match) => coversMatch(matches, match)) ?? false;
}

function coversMatch(wide: readonly PortMatch[], narrow: PortMatch): boolean {
  switch (narrow.kind) {
    case 'ports':
      return coversRange(wide, narrow.protocol, narrow.from, narrow.to);
    case 'named':
      return (
        wide.some(
          (match) =>
            match.kind === 'named' &&
            match.name === narrow.name &&
            (match.protocol === undefined || match.protocol === narrow.protocol),
        ) ||
        (narrow.protocol ? [narrow.protocol] : PORT_PROTOCOLS).every((protocol) =>
          coversRange(wide, protocol, 1, MAX_PORT),
        )
      );
    case 'icmp':
      return wide.some(
        (match) =>
          match.kind === 'icmp' &&
          match.protocol === narrow.protocol &&
          (match.type === undefined || match.type === narrow.type) &&
          (match.code === undefined || match.code === narrow.code),
      );
    case 'unknown':
      return wide.some((match) => match.kind === 'unknown' && match.reason === narrow.reason);
  }
}

function coversRange(
  wide: readonly PortMatch[],
  protocol: PortProtocol,
  from: number,
  to: number,
): boolean {
  const ranges = wide
    .filter((match) => match.kind === 'ports')
    .filter((match) => match.protocol === protocol)
    .toSorted((a, b) => a.from - b.from);
  let next = from;
  for (const range of ranges) if (range.from <= next && range.to >= next) next = range.to + 1;
  return next > to;
}
