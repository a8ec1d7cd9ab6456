import type { Flow } from '../model/flow.ts';
import type { PortMatch } from '../model/policy.ts';
import type { Endpoint } from './endpoint.ts';
import { anyOf, maybe, type Truth } from './truth.ts';

/** Protocol and destination port of a connection. */
export type Transport = Pick<Flow, 'protocol' | 'port' | 'icmp'>;

/** "If this field is empty or missing, this rule matches all ports", and all protocols (networking/v1, apis/v1alpha2). */
export function matchPorts(
  ports: readonly PortMatch[] | undefined,
  transport: Transport,
  destination: Endpoint,
): Truth {
  return ports === undefined || anyOf(ports.map((port) => matchPort(port, transport, destination)));
}

function matchPort(match: PortMatch, transport: Transport, destination: Endpoint): Truth {
  const { protocol, port, icmp } = transport;
  switch (match.kind) {
    case 'ports':
      return (
        match.protocol === protocol && port !== undefined && match.from <= port && port <= match.to
      );
    case 'named':
      return (
        (match.protocol === undefined || match.protocol === protocol) &&
        hasNamedPort(match.name, transport, destination)
      );
    case 'icmp':
      if (match.protocol !== protocol) return false;
      if (match.type === undefined) return true;
      if (!icmp) return maybe('a rule names an ICMP type, and that of the flow is not known');
      return match.type === icmp.type && (match.code === undefined || match.code === icmp.code);
    case 'unknown':
      return maybe(match.reason);
  }
}

/** A name means the container ports of that name and of the flow's protocol on the destination pod; nothing else has named ports. */
function hasNamedPort(name: string, { protocol, port }: Transport, destination: Endpoint): boolean {
  return (
    destination.kind === 'pod' &&
    destination.workload.ports.some(
      (candidate) =>
        candidate.name === name && candidate.protocol === protocol && candidate.port === port,
    )
  );
}
