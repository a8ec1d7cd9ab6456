import type { SignedApproval } from '@picket/agent-protocol';

import { operation } from './hub-client.ts';
import type { Page } from './list-all.ts';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };
export type Labels = Readonly<Record<string, string>>;
export type Phase = 'APPLIED' | 'PENDING' | 'FAILED' | 'DRIFTED' | 'BLOCKED' | 'UNKNOWN';

export interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly project: { readonly name: string };
  readonly labels: Labels;
  readonly state: 'INVITED' | 'PENDING' | 'APPROVED' | 'REVOKED';
  readonly lastSeenAt: string | null;
  readonly agentVersion: string | null;
  readonly status: { readonly phase: Phase };
}

export interface ClusterFilter {
  readonly project?: string | undefined;
  readonly labelSelector?: string | undefined;
}

export const listClusters = operation<
  { clusters: Page<Cluster> },
  { after: string | null; filter: ClusterFilter }
>(`query ListClusters($after: String, $filter: ClusterFilter) {
  clusters(first: 200, after: $after, filter: $filter) {
    edges {
      node { id name project { name } labels state lastSeenAt agentVersion status { phase } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`);

export interface ObjectStatus {
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly state: string;
  readonly message: string | null;
}

export interface ClusterStatus {
  readonly phase: Phase;
  /** Why, when the whole set was refused. */
  readonly reason: string | null;
  readonly desiredDigest: string | null;
  readonly appliedDigest: string | null;
  readonly counts: Readonly<Record<'applied' | 'pending' | 'failed' | 'drifted', number>>;
  /** Null for who may not see what others have there. */
  readonly problems: readonly ObjectStatus[] | null;
}

export interface FleetMember {
  readonly name: string;
  readonly project: { readonly name: string };
  readonly lastSeenAt: string | null;
  readonly status: ClusterStatus;
}

export const listStatuses = operation<
  {
    clusters: Page<{
      name: string;
      project: { name: string };
      lastSeenAt: string | null;
      status: ClusterStatus;
    }>;
  },
  { after: string | null; filter: ClusterFilter }
>(`query ListStatuses($after: String, $filter: ClusterFilter) {
  clusters(first: 200, after: $after, filter: $filter) {
    edges {
      node {
        name
        project { name }
        lastSeenAt
        status {
          phase
          reason
          desiredDigest
          appliedDigest
          counts { applied pending failed drifted }
          problems { kind namespace name state message }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`);

/** One cluster by name: what other commands need of it. */
export const findCluster = operation<
  { cluster: { id: string; labels: Labels } },
  { name: string; project: string }
>(`query FindCluster($name: String!, $project: String!) {
  cluster(name: $name, project: $project) { id labels }
}`);

export interface Registration {
  readonly cluster: { readonly id: string; readonly name: string };
  readonly joinToken: string;
  readonly expiresAt: string;
  readonly manifest: string;
}

export const registerCluster = operation<
  { registerCluster: Registration },
  { input: { project: string; name: string; labels: Labels } }
>(`mutation RegisterCluster($input: RegisterClusterInput!) {
  registerCluster(input: $input) { cluster { id name } joinToken expiresAt manifest }
}`);

export const reissueJoinToken = operation<
  { reissueJoinToken: Registration },
  { input: { clusterId: string } }
>(`mutation ReissueJoinToken($input: ReissueJoinTokenInput!) {
  reissueJoinToken(input: $input) { cluster { id name } joinToken expiresAt manifest }
}`);

export interface ClusterState {
  readonly name: string;
  readonly state: Cluster['state'];
}

export const approveCluster = operation<
  { approveCluster: ClusterState },
  { input: { clusterId: string } }
>(`mutation ApproveCluster($input: ApproveClusterInput!) {
  approveCluster(input: $input) { name state }
}`);

export const revokeCluster = operation<
  { revokeCluster: ClusterState },
  { input: { clusterId: string } }
>(`mutation RevokeCluster($input: RevokeClusterInput!) {
  revokeCluster(input: $input) { name state }
}`);

export interface Blueprint {
  readonly name: string;
  readonly project: { readonly name: string };
  readonly newestVersion: BlueprintVersion | null;
}
export interface BlueprintVersion {
  readonly version: number;
  readonly state: 'PUBLISHED' | 'ACTIVE' | 'RETIRED';
  readonly publishedAt: string;
}

export const listBlueprints = operation<
  { blueprints: Page<Blueprint> },
  { after: string | null; filter: { project?: string | undefined } }
>(`query ListBlueprints($after: String, $filter: BlueprintFilter) {
  blueprints(first: 200, after: $after, filter: $filter) {
    edges { node { name project { name } newestVersion { version state publishedAt } } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const findBlueprint = operation<
  { blueprint: { newestVersion: { document: Readonly<Record<string, Json>> } | null } },
  { name: string; project: string }
>(`query FindBlueprint($name: String!, $project: String!) {
  blueprint(name: $name, project: $project) { newestVersion { document } }
}`);

export interface AssignmentContent {
  readonly blueprint: { readonly name: string };
  readonly version: number;
  readonly clusterSelector: Json;
  readonly parameters: Readonly<Record<string, Json>>;
}
export interface Assignment extends AssignmentContent {
  readonly name: string;
  readonly project: { readonly name: string };
}

export const listAssignments = operation<
  { assignments: Page<Assignment> },
  { after: string | null; filter: { project?: string | undefined } }
>(`query ListAssignments($after: String, $filter: AssignmentFilter) {
  assignments(first: 200, after: $after, filter: $filter) {
    edges { node { name project { name } blueprint { name } version clusterSelector parameters } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const findAssignment = operation<
  { assignment: AssignmentContent },
  { name: string; project: string }
>(`query FindAssignment($name: String!, $project: String!) {
  assignment(name: $name, project: $project) { blueprint { name } version clusterSelector parameters }
}`);

/** What the hub says about one document that it did not take; `index` counts the documents of the stream. */
export interface DocumentProblem {
  readonly index: number;
  readonly path: string;
  readonly message: string;
  readonly allowed: string | null;
  readonly severity: string;
}

export const applyDocuments = operation<
  {
    applyDocuments: {
      results: readonly {
        index: number;
        kind: string;
        name: string;
        action: 'CREATED' | 'CHANGED' | 'UNCHANGED';
        warnings: readonly string[];
      }[];
      problems: readonly DocumentProblem[];
    };
  },
  { input: { project: string; yaml: string; dryRun: boolean } }
>(`mutation ApplyDocuments($input: ApplyDocumentsInput!) {
  applyDocuments(input: $input) {
    results { index kind name action warnings }
    problems { index path message allowed severity }
  }
}`);

export interface PolicySetObject {
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly adoption: string;
  readonly template: boolean;
  readonly namespaceSelector: Json;
  /** ISO 8601; null for what does not end. */
  readonly expiresAt: string | null;
  readonly manifest: Json;
  /** Of a blueprint, or of a namespace policy; what belongs to the other is null. */
  readonly origin: {
    readonly version: number;
    readonly blueprint: string | null;
    readonly section: string | null;
    readonly entry: string | null;
    readonly assignment: string | null;
    readonly namespacePolicy: string | null;
    readonly claim: string | null;
    readonly project: string | null;
  };
}

/** What a cluster cannot express of what is assigned to it. */
export interface Loss {
  readonly reason: string;
  readonly kind: string;
  readonly field: string | null;
  readonly origin: string;
  readonly blocks: boolean;
}

export const readPolicySet = operation<
  {
    cluster: {
      policySet: {
        digest: string;
        sizeBytes: number;
        losses: readonly Loss[];
        blocked: readonly string[];
        objects: Page<PolicySetObject>;
      } | null;
    };
  },
  { name: string; project: string; after: string | null }
>(`query ReadPolicySet($name: String!, $project: String!, $after: String) {
  cluster(name: $name, project: $project) {
    policySet {
      digest
      sizeBytes
      losses
      blocked
      objects(first: 200, after: $after) {
        edges {
          node {
            kind
            namespace
            name
            adoption
            template
            namespaceSelector
            expiresAt
            manifest
            origin { version blueprint section entry assignment namespacePolicy claim project }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`);

export const readHubKeys = operation<{
  hubKeys: { keyId: string; counter: number; keys: readonly { keyId: string }[] };
}>('query ReadHubKeys { hubKeys { keyId counter keys { keyId } } }');

export interface ClusterKeys {
  readonly name: string;
  readonly project: { readonly name: string };
  readonly lastSeenAt: string | null;
  readonly agentVersion: string | null;
  readonly keysCounter: number | null;
  readonly keysFault: string | null;
}

export const listClusterKeys = operation<
  { clusters: Page<ClusterKeys> },
  { after: string | null }
>(`query ListClusterKeys($after: String) {
  clusters(first: 200, after: $after, filter: { state: APPROVED }) {
    edges { node { name project { name } lastSeenAt agentVersion keysCounter keysFault } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export interface Approvers {
  readonly keys: readonly { readonly name: string; readonly publicKey: string }[];
  readonly needed: number;
}

export const listApprovers = operation<
  { projects: Page<{ name: string; approvers: Approvers }> },
  { after: string | null }
>(`query ListApprovers($after: String) {
  projects(first: 200, after: $after) {
    edges { node { name approvers { keys { name publicKey } needed } } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const setApprovers = operation<
  { setApprovers: { approvers: Approvers } },
  { input: { project: string } & Approvers }
>(`mutation SetApprovers($input: SetApproversInput!) {
  setApprovers(input: $input) { approvers { keys { name publicKey } needed } }
}`);

export interface PendingApproval {
  readonly cluster: { readonly id: string; readonly name: string };
  readonly digest: string;
  readonly runningDigest: string | null;
  readonly given: number;
  readonly needed: number;
  readonly runningApprovals: readonly SignedApproval[];
}

export const listPendingApprovals = operation<
  { pendingApprovals: Page<PendingApproval> },
  { project: string; after: string | null }
>(`query ListPendingApprovals($project: String, $after: String) {
  pendingApprovals(project: $project, first: 200, after: $after) {
    edges {
      node {
        cluster { id name }
        digest
        runningDigest
        given
        needed
        runningApprovals { clusterId digest signedAtMs notAfter publicKey signature }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const readSetText = operation<
  { policySetText: string },
  { clusterId: string; digest: string }
>(`query ReadSetText($clusterId: ID!, $digest: String!) {
  policySetText(clusterId: $clusterId, digest: $digest)
}`);

export const approvePolicySets = operation<
  { approvePolicySets: readonly string[] },
  { input: { approvals: readonly SignedApproval[] } }
>(`mutation ApprovePolicySets($input: ApprovePolicySetsInput!) {
  approvePolicySets(input: $input)
}`);
