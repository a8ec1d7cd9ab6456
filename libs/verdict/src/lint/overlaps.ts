import { mayHold } from '@picket/selector';

import type { Peer, PortMatch, Subject } from '../model/policy.ts';
import { intervalsOf } from '../reference/intervals.ts';
import { NAMESPACE_LABELS } from './covers-peer.ts';

/** Whether an end may exist that both match. True also where that is not known. */
export function mayMeet(a: Peer | Subject, b: Peer | Subject): boolean {
  if (a.kind === 'pods' && b.kind === 'pods')
    return (
      mayHold({ all: [a.namespaces, b.namespaces] }, NAMESPACE_LABELS) &&
      mayHold({ all: [a.pods, b.pods] }) &&
      (a.serviceAccounts?.some((name) => b.serviceAccounts?.includes(name) ?? true) ?? true)
    );
  if (a.kind === 'nodes' && b.kind === 'nodes') return mayHold({ all: [a.nodes, b.nodes] });
  if (a.kind === 'networks' && b.kind === 'networks')
    return ([4, 6] as const).some((family) =>
      intervalsOf(a.networks, family).some(([first, last]) =>
        intervalsOf(b.networks, family).some(([from, to]) => first <= to && from <= last),
      ),
    );
  const kinds = new Set([a.kind, b.kind]);
  return !(kinds.has('pods') && (kinds.has('nodes') || kinds.has('outside')));
}

/** Whether a port may exist that both lists match; an absent list matches all. */
export function mayMeetPorts(
  a: readonly PortMatch[] | undefined,
  b: readonly PortMatch[] | undefined,
): boolean {
  if (!a || !b) return true;
  return a.some((one) =>
    b.some((other) => {
      if (one.kind === 'ports' && other.kind === 'ports')
        return one.protocol === other.protocol && one.from <= other.to && other.from <= one.to;
      const kinds = new Set([one.kind, other.kind]);
      return !(kinds.has('icmp') && kinds.size > 1 && !kinds.has('unknown'));
    }),
  );
}
