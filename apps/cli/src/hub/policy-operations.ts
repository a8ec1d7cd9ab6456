import { operation } from './hub-client.ts';
import type { Page } from './list-all.ts';
import type { Json } from './operations.ts';

export interface NamespacePolicy {
  readonly id: string;
  readonly claim: string;
  readonly name: string;
  readonly version: number;
  readonly state: 'ACTIVE' | 'DELETED' | 'ENDED';
  /** Null: all of the claim. */
  readonly namespaces: readonly string[] | null;
  readonly spec: Json;
  /** ISO 8601; null: it is no exception. */
  readonly expiresAt: string | null;
  readonly owner: string | null;
  readonly author: string;
  readonly reason: string | null;
}
const POLICY = 'id claim name version state namespaces spec expiresAt owner author reason';

export interface PolicyProblem {
  readonly path: string;
  readonly message: string;
  readonly allowed: string | null;
  readonly severity: string;
}
const PROBLEMS = 'problems { path message allowed severity }';

export interface PolicyChange {
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
}

export interface PolicyRequest {
  readonly id: string;
  readonly claim: string;
  readonly name: string;
  readonly state: string;
  readonly stale: boolean;
  readonly requestedBy: string;
  readonly reason: string | null;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly createdAt: string;
  readonly changes: readonly PolicyChange[];
  readonly problems: readonly PolicyProblem[];
}
const REQUEST = `id claim name state stale requestedBy reason decidedBy decisionReason createdAt changes { path before after } ${PROBLEMS}`;

export type PolicyOutcome = 'SAVED' | 'UNCHANGED' | 'REQUESTED' | 'REFUSED';

export interface PolicyResult {
  readonly outcome: PolicyOutcome;
  readonly namespacePolicy: NamespacePolicy | null;
  readonly policyRequest: { readonly id: string } | null;
  readonly problems: readonly PolicyProblem[];
}
const RESULT = `outcome namespacePolicy { ${POLICY} } policyRequest { id } ${PROBLEMS}`;

export interface WrittenPolicies {
  readonly namespacePolicies: readonly NamespacePolicy[];
  readonly policyRequests: readonly { readonly id: string }[];
  readonly problems: readonly PolicyProblem[];
}
const WRITTEN = `namespacePolicies { ${POLICY} } policyRequests { id } ${PROBLEMS}`;

export interface PolicyInput {
  readonly project: string;
  readonly claim: string;
  readonly name: string;
  readonly namespaces?: Json;
  readonly spec: Json;
  readonly reason?: string | undefined;
}

export const listPolicies = operation<
  { namespacePolicies: Page<NamespacePolicy> },
  {
    after: string | null;
    filter: {
      project: string;
      claim?: string | undefined;
      state?: string | undefined;
      expiring?: boolean | undefined;
    };
  }
>(`query ListPolicies($after: String, $filter: NamespacePolicyFilter) {
  namespacePolicies(first: 200, after: $after, filter: $filter) {
    edges { node { ${POLICY} } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const findPolicy = operation<
  { namespacePolicy: NamespacePolicy },
  { project: string; claim: string; name: string }
>(`query FindPolicy($project: String!, $claim: String!, $name: String!) {
  namespacePolicy(project: $project, claim: $claim, name: $name) { ${POLICY} }
}`);

export const previewPolicy = operation<
  {
    previewNamespacePolicy: {
      outcome: PolicyOutcome;
      problems: readonly PolicyProblem[];
      changes: readonly PolicyChange[];
      namespaceSelector: Json;
      clusters: { totalCount: number };
    };
  },
  { input: PolicyInput }
>(`query PreviewPolicy($input: SaveNamespacePolicyInput!) {
  previewNamespacePolicy(input: $input) {
    outcome
    ${PROBLEMS}
    changes { path before after }
    namespaceSelector
    clusters { totalCount }
  }
}`);

export const savePolicy = operation<{ saveNamespacePolicy: PolicyResult }, { input: PolicyInput }>(
  `mutation SavePolicy($input: SaveNamespacePolicyInput!) {
  saveNamespacePolicy(input: $input) { ${RESULT} }
}`,
);

export const deletePolicy = operation<
  { deleteNamespacePolicy: PolicyResult },
  { input: { namespacePolicyId: string; reason?: string | undefined } }
>(`mutation DeletePolicy($input: DeleteNamespacePolicyInput!) {
  deleteNamespacePolicy(input: $input) { ${RESULT} }
}`);

export const isolateNamespace = operation<
  { isolateNamespace: WrittenPolicies },
  {
    input: {
      project: string;
      claim: string;
      namespace?: string | undefined;
      reason?: string | undefined;
    };
  }
>(`mutation IsolateNamespace($input: IsolateNamespaceInput!) {
  isolateNamespace(input: $input) { ${WRITTEN} }
}`);

export const isolateWorkload = operation<
  { isolateWorkload: WrittenPolicies },
  {
    input: {
      project: string;
      claim: string;
      namespace?: string | undefined;
      labels: Json;
      reason?: string | undefined;
    };
  }
>(`mutation IsolateWorkload($input: IsolateWorkloadInput!) {
  isolateWorkload(input: $input) { ${WRITTEN} }
}`);

export const createException = operation<
  { createException: PolicyResult },
  { input: PolicyInput & { expiresAt: string; reason: string; owner?: string | undefined } }
>(`mutation CreateException($input: CreateExceptionInput!) {
  createException(input: $input) { ${RESULT} }
}`);

export const renewException = operation<
  { renewException: PolicyResult },
  { input: { namespacePolicyId: string; expiresAt: string; reason: string } }
>(`mutation RenewException($input: RenewExceptionInput!) {
  renewException(input: $input) { ${RESULT} }
}`);

export const endException = operation<
  { endException: { name: string; state: string } },
  { input: { namespacePolicyId: string; reason?: string | undefined } }
>(`mutation EndException($input: EndExceptionInput!) {
  endException(input: $input) { name state }
}`);

export const listRequests = operation<
  { policyRequests: Page<PolicyRequest> },
  { after: string | null; filter: { project: string; state?: string | undefined } }
>(`query ListRequests($after: String, $filter: PolicyRequestFilter) {
  policyRequests(first: 200, after: $after, filter: $filter) {
    edges { node { ${REQUEST} } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const approveRequest = operation<
  { approvePolicyRequest: { claim: string; name: string } },
  { input: { policyRequestId: string; reason?: string | undefined } }
>(`mutation ApproveRequest($input: ApprovePolicyRequestInput!) {
  approvePolicyRequest(input: $input) { claim name }
}`);

export const refuseRequest = operation<
  { refusePolicyRequest: { claim: string; name: string } },
  { input: { policyRequestId: string; reason: string } }
>(`mutation RefuseRequest($input: RefusePolicyRequestInput!) {
  refusePolicyRequest(input: $input) { claim name }
}`);

export interface Claim {
  readonly name: string;
  readonly clusterProject: string | null;
  readonly clusterSelector: Json;
  readonly namespaces: readonly string[] | null;
  readonly namespaceSelector: Json;
}

export const listClaims = operation<
  { namespaceClaims: Page<Claim> },
  { after: string | null; filter: { project: string } }
>(`query ListClaims($after: String, $filter: NamespaceClaimFilter) {
  namespaceClaims(first: 200, after: $after, filter: $filter) {
    edges { node { name clusterProject clusterSelector namespaces namespaceSelector } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const createClaim = operation<
  { createNamespaceClaim: { clusters: { totalCount: number } } },
  {
    input: {
      project: string;
      name: string;
      clusterProject?: string | undefined;
      clusterSelector: Json;
      namespaces: readonly string[];
    };
  }
>(`mutation CreateClaim($input: CreateNamespaceClaimInput!) {
  createNamespaceClaim(input: $input) { clusters { totalCount } }
}`);

export const readGuardRails = operation<{ guardRails: { rails: Json } }, { project: string }>(
  `query ReadGuardRails($project: String!) {
  guardRails(project: $project) { rails }
}`,
);

export const setGuardRails = operation<
  { setGuardRails: { revision: number } },
  { input: { project: string; rails: Json } }
>(`mutation SetGuardRails($input: SetGuardRailsInput!) {
  setGuardRails(input: $input) { revision }
}`);
