import { DomainError } from '@picket/kernel';

/** The flow names a workload that the inventory does not have. */
export class PeerUnknown extends DomainError {
  readonly code = 'PEER_UNKNOWN';
  readonly kind = 'notFound';

  constructor(workload: string) {
    super(
      `No workload ${JSON.stringify(workload)}: write namespace/pod, namespace/owner[Kind] or an address`,
      { workload },
    );
  }
}

/** The flow cannot exist: no address, a port outside 1 to 65535, or a port with ICMP. */
export class FlowInvalid extends DomainError {
  readonly code = 'FLOW_INVALID';
  readonly kind = 'invalid';
}
