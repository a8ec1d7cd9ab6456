import { operation } from './hub-client.ts';
import type { Page } from './list-all.ts';
import type { Json } from './operations.ts';

export type SubjectKind = 'TOKEN' | 'USER' | 'GROUP';

export interface Me {
  readonly kind: 'TOKEN' | 'USER';
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly organization: string;
}

export const whoAmI = operation<{ me: Me }>(
  'query WhoAmI { me { kind id name groups organization } }',
);

/** Where a role holds; all null: in the whole organization. */
export interface Place {
  readonly project: string | null;
  readonly clusterSelector: Json;
  readonly claim: string | null;
}

export const listMyPermissions = operation<{
  myPermissions: readonly (Place & { permission: string })[];
}>('query ListMyPermissions { myPermissions { permission project clusterSelector claim } }');

export interface Subject {
  readonly subjectKind: SubjectKind;
  readonly subject: string;
}

export const listWhoCan = operation<
  { whoCan: readonly Subject[] },
  {
    permission: string;
    project?: string | undefined;
    clusterId?: string | undefined;
    claim?: string | undefined;
  }
>(`query ListWhoCan($permission: String!, $project: String, $clusterId: ID, $claim: String) {
  whoCan(permission: $permission, project: $project, clusterId: $clusterId, claim: $claim) { subjectKind subject }
}`);

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

export const listTokens = operation<
  { apiTokens: Page<ApiToken> },
  { after: string | null }
>(`query ListTokens($after: String) {
  apiTokens(first: 200, after: $after) {
    edges { node { id name createdAt expiresAt lastUsedAt } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const createToken = operation<
  { createApiToken: { secret: string; apiToken: ApiToken } },
  { input: { name: string; expiresAt?: string | undefined } }
>(`mutation CreateToken($input: CreateApiTokenInput!) {
  createApiToken(input: $input) { secret apiToken { id name createdAt expiresAt lastUsedAt } }
}`);

export const revokeToken = operation<{ revokeApiToken: string }, { input: { tokenId: string } }>(
  'mutation RevokeToken($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) }',
);

export interface Role {
  readonly name: string;
  readonly permissions: readonly string[];
  readonly builtIn: boolean;
}

export const listRoles = operation<{ roles: readonly Role[] }>(
  'query ListRoles { roles { name permissions builtIn } }',
);

export const saveRole = operation<
  { saveRole: Role },
  { input: { name: string; permissions: readonly string[] } }
>(`mutation SaveRole($input: SaveRoleInput!) {
  saveRole(input: $input) { name permissions builtIn }
}`);

export const deleteRole = operation<{ deleteRole: string }, { input: { name: string } }>(
  'mutation DeleteRole($input: DeleteRoleInput!) { deleteRole(input: $input) }',
);

export interface RoleBinding extends Subject, Place {
  readonly id: string;
  readonly role: string;
  readonly createdAt: string;
}

export const listBindings = operation<
  { roleBindings: Page<RoleBinding> },
  { after: string | null }
>(`query ListBindings($after: String) {
  roleBindings(first: 200, after: $after) {
    edges { node { id role subjectKind subject project clusterSelector claim createdAt } }
    pageInfo { hasNextPage endCursor }
  }
}`);

export const createBinding = operation<
  { createRoleBinding: RoleBinding },
  { input: Subject & Partial<Place> & { role: string } }
>(`mutation CreateBinding($input: CreateRoleBindingInput!) {
  createRoleBinding(input: $input) { id role subjectKind subject project clusterSelector claim createdAt }
}`);

export const deleteBinding = operation<
  { deleteRoleBinding: string },
  { input: { roleBindingId: string } }
>('mutation DeleteBinding($input: DeleteRoleBindingInput!) { deleteRoleBinding(input: $input) }');
