export {
  WORKLOAD_KINDS,
  type ContainerPort,
  type Inventory,
  type Namespace,
  type Node,
  type Service,
  type ServicePort,
  type Workload,
  type WorkloadKind,
} from './model/inventory.ts';
export {
  ADMIN,
  BASELINE,
  DIRECTIONS,
  NETWORK_POLICY,
  type Action,
  type Direction,
  type Network,
  type NetworksPeer,
  type Peer,
  type PodSelection,
  type Policy,
  type PolicyId,
  type PortMatch,
  type Rule,
  type RuleList,
  type Subject,
  type Tier,
  type Unknown,
} from './model/policy.ts';
export { MAX_PORT, PORT_PROTOCOLS, type PortProtocol, type Protocol } from './model/protocol.ts';
export type { Flow, FlowPeer } from './model/flow.ts';
export type {
  Answer,
  Because,
  Connections,
  ConnectivityRow,
  DirectionAnswer,
  PortRange,
  RuleId,
  Step,
  Verdict,
} from './model/answer.ts';
export { DEFAULT_SEMANTICS, type Semantics } from './model/semantics.ts';
export type { ConnectivityOptions, Evaluator, Input } from './model/evaluator.ts';
