import type { CiliumIngressRule, CiliumPort, CiliumPortRule } from '@picket/policy';

import type { PortMatch } from '../model/policy.ts';
import { MAX_PORT, PORT_PROTOCOLS } from '../model/protocol.ts';

/** Ports that stand under one condition; `narrowedBy` where an L7 part stands on top. */
export interface CiliumTransport {
  /** Absent: all. */
  readonly ports?: readonly PortMatch[];
  readonly narrowedBy?: string;
}

/** The L4 parts of a rule, one for each L7 condition; undefined when it has none. */
export function transportsOf({
  toPorts,
  icmps,
}: Pick<CiliumIngressRule, 'toPorts' | 'icmps'>): CiliumTransport[] | undefined {
  if (!toPorts?.length && !icmps?.length) return undefined;
  const fields = (icmps ?? []).flatMap((icmp) => icmp.fields ?? []);
  return [
    ...(toPorts ?? []).map(ofPortRule),
    ...(fields.length > 0 ? [{ ports: fields.map(ofIcmp) }] : []),
  ];
}

function ofPortRule(rule: CiliumPortRule): CiliumTransport {
  const narrowedBy = whatNarrows(rule);
  return {
    ...(rule.ports && rule.ports.length > 0 && { ports: rule.ports.flatMap(ofPort) }),
    ...(narrowedBy !== undefined && { narrowedBy }),
  };
}

function whatNarrows(rule: CiliumPortRule): string | undefined {
  const layers = Object.keys(rule.rules ?? {});
  if (layers.length > 0) return `L7 rules (${layers.join(', ')}) are not modelled`;
  const tls = (['terminatingTLS', 'originatingTLS', 'serverNames', 'listener'] as const).filter(
    (member) => rule[member] !== undefined,
  );
  return tls.length > 0 ? `${tls.join(', ')} are not modelled` : undefined;
}

/** Port 0 and no port mean every port; ANY means every protocol ("If omitted or empty, any protocol matches", api/l4.go). */
function ofPort({ port = '0', endPort, protocol = 'ANY' }: CiliumPort): PortMatch[] {
  if (protocol === 'ICMP' || protocol === 'ICMPv6') return [{ kind: 'icmp', protocol }];
  const protocols = PORT_PROTOCOLS.filter((known) => protocol === 'ANY' || protocol === known);
  if (!/^\d+$/.test(port))
    return protocols.map((known) => ({ kind: 'named', name: port.toLowerCase(), protocol: known }));
  const from = Number(port);
  if (from > 0)
    return protocols.map((known) => ({
      kind: 'ports',
      protocol: known,
      from,
      to: endPort || from,
    }));
  const icmp = (['ICMP', 'ICMPv6'] as const).map((known): PortMatch => ({
    kind: 'icmp',
    protocol: known,
  }));
  return [
    ...protocols.map((known): PortMatch => ({
      kind: 'ports',
      protocol: known,
      from: 1,
      to: MAX_PORT,
    })),
    ...(protocol === 'ANY' ? icmp : []),
  ];
}

function ofIcmp({
  family = 'IPv4',
  type,
}: {
  readonly family?: 'IPv4' | 'IPv6' | undefined;
  readonly type: number | string;
}): PortMatch {
  const number = Number(type);
  if (!Number.isInteger(number))
    return { kind: 'unknown', reason: 'ICMP types by name are not modelled' };
  return { kind: 'icmp', protocol: family === 'IPv4' ? 'ICMP' : 'ICMPv6', type: number };
}
