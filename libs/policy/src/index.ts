export {
  NetworkPolicySpec,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
} from './network-policy.ts';
export {
  ClusterNetworkPolicySpec,
  ServedClusterNetworkPolicySpec,
  RESERVED_ADMIN_PRIORITY,
  type ClusterNetworkPolicyRule,
} from './cluster-network-policy.ts';
export {
  AdminNetworkPolicySpec,
  BaselineAdminNetworkPolicySpec,
  type AdminNetworkPolicyPort,
} from './admin-network-policy.ts';
export {
  CalicoGlobalNetworkPolicySpec,
  CalicoNetworkPolicySpec,
  CalicoTierSpec,
  type CalicoEntity,
  type CalicoRule,
} from './calico-policy.ts';
export {
  CiliumPolicyRules,
  type CiliumEgressRule,
  type CiliumEntity,
  type CiliumIngressRule,
  type CiliumPort,
  type CiliumPortRule,
  type CiliumRule,
  type CiliumSelector,
} from './cilium-policy.ts';
export {
  DnsLabel,
  DnsSubdomain,
  MANIFEST_KINDS,
  ManifestEnvelope,
  kindKey,
  type ManifestKind,
} from './manifest.ts';
export { Adoption, Blueprint, ParameterDefinition, type ParameterType } from './blueprint.ts';
export { parseBlueprint, type ParsedBlueprint } from './parse-blueprint.ts';
export {
  bindParameters,
  expansionFault,
  parameterFaults,
  substitute,
  type ParameterValues,
} from './parameters.ts';
export {
  directionsOf,
  parseNamespacePolicy,
  type ParsedNamespacePolicy,
} from './namespace-policy.ts';
export {
  diffNamespacePolicies,
  type ContentChange,
  type NamespacePolicyContent,
} from './diff-namespace-policies.ts';
export { GuardRails, DEFAULT_LIMITS, type RequiresApproval } from './guard-rails.ts';
export { checkGuardRails, outcomeOf } from './check-guard-rails.ts';
export {
  DEFAULT_DNS,
  isolateNamespace,
  isolateWorkload,
  type Dns,
  type Opening,
} from './isolation/isolate.ts';
export { allowWorkload } from './isolation/allow-workload.ts';
export { exceptionOf } from './isolation/exception.ts';
export {
  deniedBy,
  denialName,
  denyNamespace,
  type DenialOutcome,
} from './isolation/deny-namespace.ts';
export type { StandingPolicy, WorkloadRef, WrittenPolicy } from './isolation/written-policy.ts';
export { validateEntries, BLUEPRINT_SECTIONS } from './validate-entries.ts';
export {
  API_VERSION,
  documentKey,
  parseDocuments,
  type Document,
  type DocumentProblem,
  type ParsedDocuments,
} from './documents.ts';
export { problemsOf, strict } from './problems-of.ts';
