import { mutation, type Operation } from './operation.ts';
import type { Place } from './place.ts';

const someone = ({ world }: Place): object => ({
  subjectKind: 'USER',
  subject: `${world.name()}@example.org`,
});

export const ACCESS_WRITES: Readonly<Record<string, Operation>> = {
  createApiToken: mutation('createApiToken', '{ secret }', '', ({ world }) => ({
    name: world.name(),
  })),
  revokeApiToken: mutation('revokeApiToken', '', 'TOKEN_MISSING', async (place) => ({
    tokenId: (await place.token()).id,
  })),
  saveRole: mutation('saveRole', '{ name }', '', ({ world }) => ({
    name: world.name(),
    permissions: ['Project:read'],
  })),
  deleteRole: mutation('deleteRole', '', 'ROLE_MISSING', async (place) => ({
    name: await place.role(),
  })),
  'createRoleBinding everywhere': mutation('createRoleBinding', '{ id }', '', (place) => ({
    ...someone(place),
    role: 'NamespaceViewer',
  })),
  'createRoleBinding in a project': mutation('createRoleBinding', '{ id }', '', (place) => ({
    ...someone(place),
    role: 'NamespaceViewer',
    project: place.project,
  })),
  'createRoleBinding for clusters': mutation('createRoleBinding', '{ id }', '', (place) => ({
    ...someone(place),
    role: 'NamespaceViewer',
    project: place.project,
    clusterSelector: place.selector,
  })),
  'createRoleBinding for a claim': mutation(
    'createRoleBinding',
    '{ id }',
    'NAMESPACE_CLAIM_MISSING',
    (place) => ({
      ...someone(place),
      role: 'NamespaceViewer',
      project: place.project,
      claim: place.claim,
    }),
  ),
  'createRoleBinding of more than one has': mutation(
    'createRoleBinding',
    '{ id }',
    '',
    (place) => ({
      ...someone(place),
      role: 'PlatformAdmin',
      project: place.project,
    }),
  ),
  'createRoleBinding to a token': mutation(
    'createRoleBinding',
    '{ id }',
    'TOKEN_MISSING',
    async (place) => ({
      subjectKind: 'TOKEN',
      subject: (await place.token()).id,
      role: 'NamespaceViewer',
      project: 'shop',
    }),
  ),
  deleteRoleBinding: mutation('deleteRoleBinding', '', 'ROLE_BINDING_MISSING', async (place) => ({
    roleBindingId: (await place.binding('NamespaceViewer', true)).id,
  })),
  'deleteRoleBinding of more than one has': mutation(
    'deleteRoleBinding',
    '',
    'ROLE_BINDING_MISSING',
    async (place) => ({ roleBindingId: (await place.binding('PlatformAdmin', false)).id }),
  ),
};
