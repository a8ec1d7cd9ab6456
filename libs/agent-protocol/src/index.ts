export {
  PROTOCOL_VERSION,
  Digest,
  EnrolRequest,
  EnrolResponse,
  TokenRequest,
  TokenResponse,
  INLINE_BYTES_MAX,
  SyncRequest,
  SyncResponse,
  StatusReport,
  ObjectOutcome,
  FactsReport,
  Refusal,
  type RefusalCode,
} from './messages.ts';
export { Capabilities, ServedApi } from './capabilities.ts';
export { Grant, SignedGrant, grantBytes } from './grant.ts';
export {
  followKeys,
  HubKey,
  HubKeys,
  type IsSigned,
  KEY_STATEMENTS_MAX,
  KeyStatement,
  keyStatementBytes,
  type PinnedKeys,
} from './key-statement.ts';
export { type KeyFile, readKeyFile, writeKeyFile } from './key-file.ts';
export {
  Approval,
  approvalBytes,
  type ApprovalExpectation,
  ApproverKey,
  type Approvers,
  APPROVERS_MAX,
  countApprovals,
  type Counted,
  SignedApproval,
} from './approval.ts';
export { PATHS } from './paths.ts';
export {
  AGENT_CLUSTER_RULES,
  AGENT_NAMESPACE_RULES,
  agentManifest,
  agentObjects,
  type AgentManifestInput,
} from './agent-manifest.ts';
export { STATE_CHUNKS_MAX, stateSecretNames } from './state-secrets.ts';
