import { z } from 'zod';

/** What the API speaks of. */
export const THINGS = [
  'Organization',
  'Project',
  'Cluster',
  'Blueprint',
  'Assignment',
  'RoleBinding',
  'Token',
] as const;
export type Thing = (typeof THINGS)[number];

/** `write` makes, changes and ends; whoever may write may not read by that. */
export const ACTIONS = ['read', 'write'] as const;
export type Action = (typeof ACTIONS)[number];

/** What a role consists of: `Cluster:read`. */
export const Permission = z.enum(
  THINGS.flatMap((thing) => ACTIONS.map((action) => `${thing}:${action}` as const)),
);
export type Permission = z.infer<typeof Permission>;
export const Permissions = z.array(Permission).min(1);
export const PERMISSIONS: readonly Permission[] = Permission.options;

export function partsOf(permission: Permission): [thing: Thing, action: Action] {
  return permission.split(':') as [Thing, Action];
}

const reads = (things: readonly Thing[]): Permission[] =>
  things.map((thing): Permission => `${thing}:read`);
const writes = (things: readonly Thing[]): Permission[] =>
  things.map((thing): Permission => `${thing}:write`);
const FLEET: readonly Thing[] = ['Cluster', 'Blueprint', 'Assignment'];

/** The roles that are always there. */
export const ROLES = {
  /** Everything in the organization. */
  OrgAdmin: PERMISSIONS,
  /** Blueprints, assignments and clusters. */
  PlatformAdmin: [...reads(['Organization', 'Project', ...FLEET]), ...writes(FLEET)],
  /** Who is in a project and what it owns, not what is rolled out over its clusters. */
  ProjectAdmin: [
    ...reads(['Organization', 'Project', ...FLEET, 'RoleBinding']),
    ...writes(['RoleBinding']),
  ],
  /** Sees everything and changes nothing. */
  Auditor: reads(THINGS),
} as const satisfies Record<string, readonly Permission[]>;
export type RoleName = keyof typeof ROLES;

export const RoleName = z.enum(Object.keys(ROLES) as [RoleName, ...RoleName[]]);
