export {
  NetworkPolicySpec,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
} from './network-policy.ts';
export {
  ClusterNetworkPolicySpec,
  RESERVED_ADMIN_PRIORITY,
  type ClusterNetworkPolicyRule,
} from './cluster-network-policy.ts';
export { MANIFEST_KINDS, ManifestEnvelope, kindKey, type ManifestKind } from './manifest.ts';
export { Adoption, Blueprint, ParameterDefinition, type ParameterType } from './blueprint.ts';
export { parseBlueprint, type ParsedBlueprint } from './parse-blueprint.ts';
export {
  bindParameters,
  expansionFault,
  parameterFaults,
  substitute,
  type ParameterValues,
} from './parameters.ts';
export { validateEntries, BLUEPRINT_SECTIONS } from './validate-entries.ts';
export {
  API_VERSION,
  parseDocuments,
  type Document,
  type DocumentProblem,
  type ParsedDocuments,
} from './documents.ts';
export { problemsOf } from './problems-of.ts';
