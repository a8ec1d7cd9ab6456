import type { CalicoRule } from '@picket/policy';

import type { PortMatch } from '../model/policy.ts';
import { MAX_PORT, PORT_PROTOCOLS, type PortProtocol } from '../model/protocol.ts';

type Protocol = NonNullable<CalicoRule['protocol']>;

/** IANA numbers of the protocols that flows may have. */
const NUMBERS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  6: 'TCP',
  17: 'UDP',
  58: 'ICMPv6',
  132: 'SCTP',
};

/** Protocol and destination ports of a Calico rule; undefined: all. An empty list: protocols that no flow has. */
export function portsOfRule(rule: CalicoRule): PortMatch[] | undefined {
  const { protocol, notProtocol, icmp, destination = {} } = rule;
  if (protocol === undefined)
    return notProtocol === undefined ? undefined : everythingBut(nameOf(notProtocol));
  const name = nameOf(protocol);
  if (notProtocol !== undefined && nameOf(notProtocol) === name) return [];
  if (name === 'ICMP' || name === 'ICMPv6') {
    const { type, code } = icmp ?? {};
    return [
      {
        kind: 'icmp',
        protocol: name,
        ...(type !== undefined && { type }),
        ...(code !== undefined && { code }),
      },
    ];
  }
  const transport = PORT_PROTOCOLS.find((known) => known === name);
  if (!transport) return [];
  const { ports = [], notPorts = [] } = destination;
  const wanted =
    ports.length > 0 ? ports.map((port) => matchOf(port, transport)) : [all(transport)];
  return notPorts.length > 0
    ? without(
        wanted,
        notPorts.map((port) => matchOf(port, transport)),
        transport,
      )
    : wanted;
}

function nameOf(protocol: Protocol): string {
  return typeof protocol === 'number' ? (NUMBERS[protocol] ?? String(protocol)) : protocol;
}

function everythingBut(name: string): PortMatch[] {
  const icmp = (['ICMP', 'ICMPv6'] as const).map((protocol): PortMatch => ({
    kind: 'icmp',
    protocol,
  }));
  return [...PORT_PROTOCOLS.map(all), ...icmp].filter(
    (match) => 'protocol' in match && match.protocol !== name,
  );
}

function all(protocol: PortProtocol): PortMatch {
  return { kind: 'ports', protocol, from: 1, to: MAX_PORT };
}

function matchOf(port: number | string, protocol: PortProtocol): PortMatch {
  if (typeof port === 'number') return { kind: 'ports', protocol, from: port, to: port };
  const [from = '', to = from] = port.split(':');
  return /^\d+$/.test(from)
    ? { kind: 'ports', protocol, from: Number(from), to: Number(to) }
    : { kind: 'named', name: port, protocol };
}

/** Numbers taken out of numbers; with names on either side what is left is not known. */
function without(
  wanted: PortMatch[],
  holes: readonly PortMatch[],
  protocol: PortProtocol,
): PortMatch[] {
  let left = wanted;
  for (const hole of holes) {
    if (hole.kind !== 'ports' || left.some(({ kind }) => kind !== 'ports'))
      return [{ kind: 'unknown', reason: 'notPorts with named ports are not modelled' }];
    left = left.flatMap((match) => {
      if (match.kind !== 'ports' || hole.to < match.from || match.to < hole.from) return [match];
      return [
        { kind: 'ports' as const, protocol, from: match.from, to: hole.from - 1 },
        { kind: 'ports' as const, protocol, from: hole.to + 1, to: match.to },
      ].filter(({ from, to }) => from <= to);
    });
  }
  return left;
}
