import { mutation, type Operation } from './operation.ts';
import { from, inHours, type Place, RAILS } from './place.ts';

const RESULT = '{ outcome problems { code severity } }';
const WRITTEN = '{ namespacePolicies { id } problems { code severity } }';
const CLAIM = 'NAMESPACE_CLAIM_MISSING';
const POLICY = 'NAMESPACE_POLICY_MISSING';
const REQUEST = 'POLICY_REQUEST_MISSING';
const NONE = { matchLabels: { none: 'yet' } };

const claimed = ({ project, claim }: Place): object => ({ project, claim });
const policyId = async (place: Place): Promise<object> => ({
  namespacePolicyId: (await place.policy()).id,
});
const exceptionId = async (place: Place): Promise<object> => ({
  namespacePolicyId: (await place.exception()).id,
});
const claimId = async (place: Place): Promise<object> => ({
  namespaceClaimId: (await place.newClaim()).id,
});
const requestId = async (place: Place): Promise<object> => ({
  policyRequestId: (await place.request()).id,
});
/** Of who asks, where they may; else of another. */
const ownRequestId = async (place: Place, by?: string): Promise<object> => ({
  policyRequestId: (await place.request(by).catch(() => place.request())).id,
});

export const TENANCY_WRITES: Readonly<Record<string, Operation>> = {
  createNamespaceClaim: mutation('createNamespaceClaim', '{ id }', '', ({ project, world }) => {
    const name = world.name();
    return { project, name, namespaces: [name], clusterSelector: NONE };
  }),
  'createNamespaceClaim of shop, there': mutation(
    'createNamespaceClaim',
    '{ id }',
    '',
    ({ project: clusterProject, world }) => {
      const name = world.name();
      return { project: 'shop', name, namespaces: [name], clusterProject, clusterSelector: NONE };
    },
  ),
  'createNamespaceClaim everywhere': mutation('createNamespaceClaim', '{ id }', '', ({ world }) => {
    const name = world.name();
    const clusterSelector = NONE;
    return { project: 'shop', name, namespaces: [name], allProjects: true, clusterSelector };
  }),
  updateNamespaceClaim: mutation('updateNamespaceClaim', '{ id }', CLAIM, async (place) => ({
    ...(await claimId(place)),
    namespaces: [place.world.name()],
  })),
  deleteNamespaceClaim: mutation('deleteNamespaceClaim', '', CLAIM, claimId),
  setGuardRails: mutation('setGuardRails', '{ revision }', '', ({ project }) => ({
    project,
    rails: RAILS,
  })),

  saveNamespacePolicy: mutation('saveNamespacePolicy', RESULT, CLAIM, (place) => ({
    ...claimed(place),
    name: place.world.name(),
    namespaces: [place.namespace],
    spec: from('a'),
  })),
  deleteNamespacePolicy: mutation('deleteNamespacePolicy', RESULT, POLICY, policyId),
  restoreNamespacePolicyVersion: mutation(
    'restoreNamespacePolicyVersion',
    RESULT,
    POLICY,
    async (place) => ({ ...(await policyId(place)), version: 1 }),
  ),
  shareNamespacePolicy: mutation('shareNamespacePolicy', '{ id }', POLICY, async (place) => ({
    ...(await policyId(place)),
    project: place.project,
  })),
  'shareNamespacePolicy with a third': mutation(
    'shareNamespacePolicy',
    '{ id }',
    POLICY,
    async (place) => ({ ...(await policyId(place)), project: 'plaza' }),
  ),
  unshareNamespacePolicy: mutation('unshareNamespacePolicy', '{ id }', POLICY, async (place) => {
    const input = { ...(await policyId(place)), project: place.project };
    await place.do('shareNamespacePolicy', input, '{ id }');
    return input;
  }),

  isolateNamespace: mutation('isolateNamespace', WRITTEN, CLAIM, (place) => ({
    ...claimed(place),
    namespace: `${place.claim}-1`,
    openings: [{ direction: 'ingress', namespace: place.world.name() }],
  })),
  isolateWorkload: mutation('isolateWorkload', WRITTEN, CLAIM, (place) => ({
    ...claimed(place),
    namespace: `${place.claim}-2`,
    labels: { app: place.world.name() },
  })),
  allowWorkload: mutation('allowWorkload', WRITTEN, CLAIM, (place) => ({
    ...claimed(place),
    source: { namespace: `${place.claim}-3`, labels: { app: place.world.name() } },
    target: { namespace: `${place.claim}-4`, labels: { app: 'db' } },
    ports: [{ port: 5432 }],
  })),
  denyNamespace: mutation('denyNamespace', WRITTEN, CLAIM, (place) => ({
    ...claimed(place),
    source: place.world.name(),
    target: `${place.claim}-5`,
  })),
  createException: mutation('createException', RESULT, CLAIM, (place) => ({
    ...claimed(place),
    name: place.world.name(),
    namespaces: [place.namespace],
    spec: from('a'),
    reason: 'test',
    expiresAt: inHours(1),
  })),
  renewException: mutation('renewException', RESULT, POLICY, async (place) => ({
    ...(await exceptionId(place)),
    reason: 'test',
    expiresAt: inHours(2),
  })),
  endException: mutation('endException', '{ id }', POLICY, exceptionId),

  approvePolicyRequest: mutation('approvePolicyRequest', '{ id }', REQUEST, requestId),
  'approvePolicyRequest of one’s own': {
    ...mutation('approvePolicyRequest', '{ id }', REQUEST, ownRequestId),
    isOwn: true,
  },
  refusePolicyRequest: mutation('refusePolicyRequest', '{ id }', REQUEST, async (place) => ({
    ...(await requestId(place)),
    reason: 'test',
  })),
  withdrawPolicyRequest: {
    ...mutation('withdrawPolicyRequest', '{ id }', REQUEST, ownRequestId),
    isOwn: true,
  },
  'withdrawPolicyRequest of another': mutation(
    'withdrawPolicyRequest',
    '{ id }',
    REQUEST,
    requestId,
  ),
};
