import type { z } from 'zod';

import type { AllowedPort } from './guard-rails.ts';
import type { NetworkPolicyPort } from './network-policy.ts';

const LAST_PORT = 65_535;
type Allowed = z.infer<typeof AllowedPort>;

/** Why an entry of `ports` is not within the allowed ones, or undefined when it is. `protocol` left out means TCP, `port` all ports. */
export function portsOutside(
  { protocol = 'TCP', port, endPort }: NetworkPolicyPort,
  allowed: readonly Allowed[],
): string | undefined {
  const ranges = allowed.filter((range) => range.protocol === protocol);
  // The pods behind a name decide about its number, so it stands for any.
  const isNamed = typeof port === 'string';
  const first = isNamed || port === undefined ? 1 : port;
  const last = isNamed || port === undefined ? LAST_PORT : (endPort ?? port);
  if (covers(ranges, first, last)) return undefined;
  if (isNamed) return `which number ${port} has is up to the pods: write the number`;
  if (port === undefined) return `an entry without port means all ports of ${protocol}`;
  return `${portText({ protocol, port, endPort })} may not be opened in this project`;
}

/** `TCP 80, UDP 5000-5010`. */
export function portsText(allowed: readonly Allowed[]): string {
  return allowed.length === 0 ? 'no port' : allowed.map(portText).join(', ');
}

function portText({ protocol, port, endPort }: Allowed): string {
  return `${protocol} ${port}${endPort === undefined || endPort === port ? '' : `-${endPort}`}`;
}

function covers(ranges: readonly Allowed[], first: number, last: number): boolean {
  let next = first;
  for (const { port, endPort = port } of ranges.toSorted((a, b) => a.port - b.port))
    if (port <= next && endPort >= next) next = endPort + 1;
  return next > last;
}
