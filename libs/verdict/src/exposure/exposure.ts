import type { LabelFormula } from '@picket/selector';

import type { Connections } from '../model/answer.ts';
import type { ConnectivityOptions, Input } from '../model/evaluator.ts';
import type { Direction } from '../model/policy.ts';
import type { PortProtocol } from '../model/protocol.ts';

/** What one workload is open to beyond the workloads that are known, in one direction. */
export interface WorkloadExposure {
  /** `namespace/owner[Kind]`. */
  readonly workload: string;
  readonly direction: Direction;
  /** Whether any policy says something about this direction of it. */
  readonly isProtected: boolean;
  /** Widest first; empty when only known workloads can. */
  readonly peers: readonly Exposure[];
}

export interface Exposure {
  readonly peer: ExposedPeer;
  /** Ports of TCP, UDP and SCTP. */
  readonly connections: Connections;
  /** Ports by name, whose number only the peer knows; `protocol` absent: any. Egress only. */
  readonly namedPorts: readonly { readonly name: string; readonly protocol?: PortProtocol }[];
}

/** `cluster`: any pod in any namespace. `pods`: pods that a rule names and that may come to be. `outside`: `first-last`. */
export type ExposedPeer =
  | { readonly kind: 'cluster' }
  | { readonly kind: 'pods'; readonly namespaces: LabelFormula; readonly pods: LabelFormula }
  | { readonly kind: 'outside'; readonly range: string };

/**
 * For every workload and direction, which peers beyond those of the inventory could reach it or be reached: any pod, pods that rules pick
 * by labels, outside addresses. Sorted by workload, egress first.
 *
 * A peer that rules pick is listed with what rules for exactly its selectors or for everyone say. Where a wider selector opens something
 * else, that has its own line. Policies that would bind such a pod are not asked: nobody knows them.
 */
export function exposure(_input: Input, _options: ConnectivityOptions = {}): WorkloadExposure[] {
  throw new Error('exposure: the next commits fill this in');
}

/** `entire cluster`, `namespace shop, pods app=web`, `10.0.0.0-10.0.0.255`. */
export function exposedPeerText(_peer: ExposedPeer): string {
  throw new Error('exposedPeerText: the next commits fill this in');
}
