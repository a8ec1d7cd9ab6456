import { from } from './place.ts';
import { among, list, type Operation, query } from './operation.ts';
import type { Place } from './place.ts';

const nowhere = (): object => ({});
const inProject = ({ project }: Place): object => ({ project });
const byId =
  (of: 'cluster' | 'assignment' | 'blueprint' | 'policy' | 'request') =>
  async (place: Place): Promise<object> => ({ id: (await place[of]()).id });
const byName =
  (of: 'cluster' | 'assignment' | 'blueprint') =>
  async (place: Place): Promise<object> => {
    const { name } = await place[of]();
    return { name, project: place.project };
  };
const claimId = async (place: Place): Promise<object> => ({ id: await place.claimId() });
const whoCan = (arguments_: string, parameters: string): string =>
  `query (${parameters}) { whoCan(permission: "Cluster:read", ${arguments_}) { subject } }`;
export const READS: Readonly<Record<string, Operation>> = {
  me: query('{ me { id } }', '', nowhere),
  myPermissions: query('{ myPermissions { permission } }', '', nowhere),
  organization: query('{ organization { id name } }', '', nowhere),
  roles: query('{ roles { name } }', '', nowhere),
  hubKeys: query('{ hubKeys { keyId } }', '', nowhere),
  trustedNamespaceLabels: query('{ trustedNamespaceLabels }', '', nowhere),
  projects: among(
    '{ projects(first: 200) { edges { node { name } } totalCount } }',
    ({ project }) => project,
    ({ name }) => name,
  ),

  'cluster by id': query(
    'query ($id: ID) { cluster(id: $id) { name } }',
    'CLUSTER_MISSING',
    byId('cluster'),
  ),
  'cluster by name': query(
    'query ($name: String, $project: String) { cluster(name: $name, project: $project) { id } }',
    'CLUSTER_MISSING',
    byName('cluster'),
  ),
  'cluster and its policy set': query(
    'query ($id: ID) { cluster(id: $id) { policySet { digest } } }',
    'CLUSTER_MISSING',
    byId('cluster'),
  ),
  'cluster and the state of its objects': query(
    'query ($id: ID) { cluster(id: $id) { status { objects { totalCount } } } }',
    'CLUSTER_MISSING',
    byId('cluster'),
  ),
  clusters: list(
    'query ($filter: ClusterFilter) { clusters(filter: $filter) { edges { node { id } } totalCount } }',
    async (place) => {
      const { name: nameContains } = await place.cluster();
      return { filter: { project: place.project, nameContains } };
    },
  ),
  previewAssignment: list(
    'query ($input: PreviewAssignmentInput!) { previewAssignment(input: $input, first: 200) { edges { node { id } } totalCount } }',
    async (place) => {
      await place.cluster();
      return { input: { project: place.project, clusterSelector: place.selector } };
    },
  ),

  'assignment by id': query(
    'query ($id: ID) { assignment(id: $id) { name } }',
    'ASSIGNMENT_MISSING',
    byId('assignment'),
  ),
  'assignment by name': query(
    'query ($name: String, $project: String) { assignment(name: $name, project: $project) { id } }',
    'ASSIGNMENT_MISSING',
    byName('assignment'),
  ),
  assignments: list(
    'query ($project: String) { assignments(filter: { project: $project }, first: 200) { edges { node { id } } totalCount } }',
    async (place) => {
      await place.assignment();
      return inProject(place);
    },
  ),
  'blueprint by id': query(
    'query ($id: ID) { blueprint(id: $id) { name } }',
    'BLUEPRINT_MISSING',
    byId('blueprint'),
  ),
  'blueprint by name': query(
    'query ($name: String, $project: String) { blueprint(name: $name, project: $project) { id } }',
    'BLUEPRINT_MISSING',
    byName('blueprint'),
  ),
  'blueprint and with whom it is shared': query(
    'query ($id: ID) { blueprint(id: $id) { sharedWith } }',
    'BLUEPRINT_MISSING',
    byId('blueprint'),
  ),
  blueprints: list(
    'query ($project: String) { blueprints(filter: { project: $project }, first: 200) { edges { node { id } } totalCount } }',
    async (place) => {
      await place.blueprint();
      return inProject(place);
    },
  ),
  diffBlueprintVersions: query(
    'query ($id: ID!) { diffBlueprintVersions(id: $id, from: 1, to: 2) { changes { entry } } }',
    'BLUEPRINT_MISSING',
    byId('blueprint'),
  ),

  guardRails: query(
    'query ($project: String!) { guardRails(project: $project) { rails } }',
    '',
    inProject,
  ),
  'namespaceClaim by id': query(
    'query ($id: ID) { namespaceClaim(id: $id) { name } }',
    'NAMESPACE_CLAIM_MISSING',
    claimId,
  ),
  'namespaceClaim by name': query(
    'query ($name: String, $project: String) { namespaceClaim(name: $name, project: $project) { id } }',
    'NAMESPACE_CLAIM_MISSING',
    ({ claim: name, project }) => ({ name, project }),
  ),
  namespaceClaims: among(
    '{ namespaceClaims(first: 200) { edges { node { name } } totalCount } }',
    ({ claim }) => claim,
    ({ name }) => name,
  ),
  'namespacePolicy by id': query(
    'query ($id: ID) { namespacePolicy(id: $id) { name } }',
    'NAMESPACE_POLICY_MISSING',
    byId('policy'),
  ),
  'namespacePolicy by name': query(
    'query ($name: String, $claim: String, $project: String) { namespacePolicy(name: $name, claim: $claim, project: $project) { id } }',
    'NAMESPACE_CLAIM_MISSING',
    async (place) => {
      const { name } = await place.policy();
      return { name, claim: place.claim, project: place.project };
    },
  ),
  'namespacePolicy and with whom shared': query(
    'query ($id: ID!) { namespacePolicy(id: $id) { sharedWith } }',
    'NAMESPACE_POLICY_MISSING',
    byId('policy'),
  ),
  namespacePolicies: list(
    'query ($filter: NamespacePolicyFilter) { namespacePolicies(filter: $filter, first: 200) { edges { node { id } } totalCount } }',
    async (place) => {
      await place.policy();
      return { filter: { project: place.project, claim: place.claim } };
    },
  ),
  previewNamespacePolicy: query(
    'query ($input: SaveNamespacePolicyInput!) { previewNamespacePolicy(input: $input) { outcome clusters { totalCount } } }',
    'NAMESPACE_CLAIM_MISSING',
    ({ project, claim }) => ({ input: { project, claim, name: 'preview', spec: from('a') } }),
  ),
  policyRequest: query(
    'query ($id: ID!) { policyRequest(id: $id) { state } }',
    'POLICY_REQUEST_MISSING',
    byId('request'),
  ),
  policyRequests: list(
    'query ($filter: PolicyRequestFilter) { policyRequests(filter: $filter, first: 200) { edges { node { id } } totalCount } }',
    async (place) => {
      await place.request();
      return { filter: { project: place.project, claim: place.claim } };
    },
  ),

  auditEvents: list(
    'query ($filter: AuditEventFilter) { auditEvents(filter: $filter, first: 200) { edges { node { id } } totalCount } }',
    async (place) => {
      const { name: text } = await place.cluster();
      return { filter: { project: place.project, text } };
    },
  ),
  apiTokens: among(
    '{ apiTokens(first: 200) { edges { node { id } } totalCount } }',
    async (place) => (await place.token()).id,
    ({ id }) => id,
  ),
  roleBindings: among(
    '{ roleBindings(first: 200) { edges { node { id } } totalCount } }',
    async (place) => (await place.binding('NamespaceViewer', true)).id,
    ({ id }) => id,
  ),
  'whoCan in the organization': query(
    '{ whoCan(permission: "Cluster:read") { subject } }',
    '',
    nowhere,
  ),
  'whoCan in a project': query(whoCan('project: $project', '$project: String'), '', inProject),
  'whoCan in a claim': query(
    whoCan('project: $project, claim: $claim', '$project: String, $claim: String'),
    'NAMESPACE_CLAIM_MISSING',
    ({ project, claim }) => ({ project, claim }),
  ),
  'whoCan to a cluster': query(
    whoCan('clusterId: $clusterId', '$clusterId: ID'),
    'CLUSTER_MISSING',
    async (place) => ({ clusterId: (await place.cluster()).id }),
  ),
};
