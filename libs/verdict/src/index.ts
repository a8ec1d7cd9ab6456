export {
  NAMESPACE_NAME_LABEL,
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
export { FlowInvalid, PeerUnknown } from './model/flow-errors.ts';
export { completeInventory } from './parse/complete-inventory.ts';
export { inventoryOf, type ParsedInventory } from './parse/inventory-of.ts';
export { inventoryOfFacts, type Facts, type LabelSet } from './parse/inventory-of-facts.ts';
export { parseObjects, type ParsedObjects } from './parse/parse-objects.ts';
export { parsePolicies, type ParsedPolicies } from './parse/parse-policies.ts';
export type { ObjectProblem, SourceObject } from './parse/source-object.ts';
export { referenceEvaluator } from './reference/reference-evaluator.ts';
export { compile, type Engine } from './engine/engine.ts';
export type { Change } from './engine/edit-state.ts';
export type { FlowColumns, JudgedColumns } from './engine/flow-judge.ts';
export { diffConnectivity, type ConnectivityChange } from './diff/diff-connectivity.ts';
export { explain } from './explain/explain.ts';
export { explanationText } from './explain/explanation-text.ts';
export type {
  Addition,
  Blocker,
  ExplainedDirection,
  Explanation,
  NetworkPolicyManifest,
  Remedy,
} from './explain/explanation.ts';
export { exposure, type Exposure, type WorkloadExposure } from './exposure/exposure.ts';
export { exposedPeerText, type ExposedPeer } from './exposure/exposed-peer.ts';
export type { NamedPort } from './exposure/hypothetical-reach.ts';
export { lint } from './lint/lint.ts';
export type { LintCode, LintProblem } from './lint/lint-problem.ts';
export { convertAdminPolicies, type ConvertedPolicies } from './convert/convert-admin-policies.ts';
