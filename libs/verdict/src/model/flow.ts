import type { Protocol } from './protocol.ts';

/**
 * One new connection, or with `reply` the traffic back on one.
 *
 * Addresses are those that the pods see: a service's address is not one of them, because NAT has replaced it by then.
 */
export interface Flow {
  readonly src: FlowPeer;
  readonly dst: FlowPeer;
  readonly protocol: Protocol;
  /** Destination port, 1 to 65535; absent for ICMP. */
  readonly port?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
  /** Judged as the connection that it answers: `src` is that one's destination, `port` that one's destination port. */
  readonly reply?: true;
}

/**
 * A workload by `namespace/name` (pod, or label set) or `namespace/owner[Kind]`; or an address.
 * The address of a pod or node of the inventory means that pod or node.
 */
export type FlowPeer =
  | { readonly workload: string }
  | {
      readonly address: string;
      /** Names that are known to have been resolved to it; absent: not known, so a rule about names may match or not. */
      readonly domainNames?: readonly string[];
    };
