import { mutation, type Operation } from './operation.ts';
import { from, type Place } from './place.ts';

const clusterId = async (place: Place): Promise<object> => ({
  clusterId: (await place.cluster()).id,
});
const blueprintId = async (place: Place): Promise<{ blueprintId: string }> => ({
  blueprintId: (await place.blueprint()).id,
});
const assignmentId = async (place: Place): Promise<{ assignmentId: string }> => ({
  assignmentId: (await place.assignment()).id,
});
const yaml = (kind: string, name: string, rest: object): string =>
  JSON.stringify({ apiVersion: 'picket.dev/v1alpha1', kind, metadata: { name, ...rest } });
const spec = (kind: 'Blueprint' | 'Assignment', name: string, of: object): string =>
  JSON.stringify({ apiVersion: 'picket.dev/v1alpha1', kind, metadata: { name }, spec: of });
const document = {
  namespacePolicies: [{ name: 'deny', namespaceSelector: {}, spec: { podSelector: {} } }],
};
const NONE = { matchLabels: { none: 'yet' } };
const PROBLEMS = '{ problems { code severity } results { name action } }';
const RESULT = '{ assignment { id } }';

export const FLEET_WRITES: Readonly<Record<string, Operation>> = {
  createProject: mutation('createProject', '{ name }', '', ({ world }) => ({ name: world.name() })),
  trustNamespaceLabels: mutation('trustNamespaceLabels', '', '', ({ world }) => ({
    labels: [world.name()],
  })),
  registerCluster: mutation('registerCluster', '{ joinToken }', '', ({ project, world, tier }) => ({
    project,
    name: world.name(),
    labels: { tier },
  })),
  approveCluster: mutation('approveCluster', '{ id }', 'CLUSTER_MISSING', async (place) => {
    const { id } = await place.cluster();
    await place.world.sql(`UPDATE clusters SET state = 'PENDING' WHERE id = $1`, [id]);
    return { clusterId: id };
  }),
  labelCluster: mutation('labelCluster', '{ id }', 'CLUSTER_MISSING', async (place) => ({
    ...(await clusterId(place)),
    labels: { tier: place.tier, more: 'yes' },
  })),
  'labelCluster out of the selector': mutation(
    'labelCluster',
    '{ id }',
    'CLUSTER_MISSING',
    async (place) => ({ ...(await clusterId(place)), labels: { tier: 'none' } }),
  ),
  reissueJoinToken: mutation('reissueJoinToken', '{ joinToken }', 'CLUSTER_MISSING', clusterId),
  removeCluster: mutation('removeCluster', '', 'CLUSTER_MISSING', clusterId),
  revokeCluster: mutation('revokeCluster', '{ id }', 'CLUSTER_MISSING', clusterId),

  saveBlueprintDraft: mutation(
    'saveBlueprintDraft',
    '{ ... on BlueprintProblems { problems { code severity } } }',
    '',
    ({ project, world }) => ({ project, name: world.name(), document }),
  ),
  publishBlueprint: mutation(
    'publishBlueprint',
    '{ ... on BlueprintProblems { problems { code severity } } }',
    'BLUEPRINT_MISSING',
    blueprintId,
  ),
  activateBlueprintVersion: mutation(
    'activateBlueprintVersion',
    '{ version }',
    'BLUEPRINT_MISSING',
    async (place) => ({ ...(await blueprintId(place)), version: 2 }),
  ),
  retireBlueprintVersion: mutation(
    'retireBlueprintVersion',
    '{ version }',
    'BLUEPRINT_MISSING',
    async (place) => ({ ...(await blueprintId(place)), version: 1 }),
  ),
  shareBlueprint: mutation('shareBlueprint', '{ id }', 'BLUEPRINT_MISSING', async (place) => ({
    ...(await blueprintId(place)),
    project: place.project,
  })),
  'shareBlueprint with a third project': mutation(
    'shareBlueprint',
    '{ id }',
    'BLUEPRINT_MISSING',
    async (place) => ({ ...(await blueprintId(place)), project: 'plaza' }),
  ),
  unshareBlueprint: mutation('unshareBlueprint', '{ id }', 'BLUEPRINT_MISSING', async (place) => {
    const input = { ...(await blueprintId(place)), project: place.project };
    await place.do('shareBlueprint', input, '{ id }');
    return input;
  }),

  createAssignment: mutation('createAssignment', RESULT, '', async (place) => {
    // Where there is nothing to bind the question never comes to it.
    const input = { project: place.project, name: place.world.name(), clusterSelector: NONE };
    return { ...input, ...(await blueprintId(place)), version: 1 };
  }),
  'createAssignment in shop, of blueprint': mutation(
    'createAssignment',
    RESULT,
    'BLUEPRINT_MISSING',
    async (place) => {
      const input = { project: 'shop', name: place.world.name(), clusterSelector: NONE };
      return { ...input, ...(await blueprintId(place)), version: 1 };
    },
  ),
  moveAssignment: mutation('moveAssignment', RESULT, 'ASSIGNMENT_MISSING', async (place) => {
    const { id, blueprintId: of } = await place.assignment();
    await place.do('activateBlueprintVersion', { blueprintId: of, version: 2 }, '{ version }');
    return { assignmentId: id, version: 2 };
  }),
  retargetAssignment: mutation(
    'retargetAssignment',
    RESULT,
    'ASSIGNMENT_MISSING',
    async (place) => ({
      ...(await assignmentId(place)),
      clusterSelector: { matchLabels: { none: 'ever' } },
    }),
  ),
  configureAssignment: mutation(
    'configureAssignment',
    RESULT,
    'ASSIGNMENT_MISSING',
    async (place) => ({ ...(await assignmentId(place)), parameters: {} }),
  ),
  deleteAssignment: mutation('deleteAssignment', '', 'ASSIGNMENT_MISSING', assignmentId),

  'applyDocuments with a blueprint': mutation(
    'applyDocuments',
    PROBLEMS,
    '',
    ({ project, world }) => ({ project, yaml: spec('Blueprint', world.name(), document) }),
  ),
  'applyDocuments with labels of a cluster': mutation(
    'applyDocuments',
    PROBLEMS,
    'CLUSTER_MISSING',
    async (place) => {
      const { name } = await place.cluster();
      const labels = { tier: place.tier, more: 'yes' };
      return { project: place.project, yaml: yaml('Cluster', name, { labels }) };
    },
  ),
  'applyDocuments with a policy of a claim': mutation(
    'applyDocuments',
    PROBLEMS,
    'NAMESPACE_CLAIM_MISSING',
    ({ project, claim, namespace, world }) => {
      const metadata = { name: world.name(), claim, namespaces: [namespace] };
      const apiVersion = 'picket.dev/v1alpha1';
      const policy = { apiVersion, kind: 'NamespacePolicy', metadata, spec: from('a') };
      return { project, yaml: JSON.stringify(policy) };
    },
  ),
  'applyDocuments in shop, of blueprint': mutation(
    'applyDocuments',
    PROBLEMS,
    'BLUEPRINT_MISSING',
    async (place) => {
      const { name } = await place.blueprint();
      const blueprint = place.project === 'shop' ? name : `${place.project}/${name}`;
      const of = { blueprint, version: 1, clusterSelector: NONE };
      return { project: 'shop', yaml: spec('Assignment', place.world.name(), of) };
    },
  ),
};
