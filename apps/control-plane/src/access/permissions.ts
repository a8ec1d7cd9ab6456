import { z } from 'zod';

/** What the API speaks of. */
export const THINGS = [
  'Organization',
  'Project',
  'Cluster',
  'PolicySet',
  'Approval',
  'Blueprint',
  'Assignment',
  'NamespaceClaim',
  'NamespacePolicy',
  'PolicyRequest',
  'GuardRails',
  'RoleBinding',
  'Token',
  'AuditEvent',
] as const;
export type Thing = (typeof THINGS)[number];

/** `write` makes, changes, decides and ends; whoever may write may not read by that. */
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
/** A cluster itself, what it must have and what it says. */
const FLEET: readonly Thing[] = ['Cluster', 'PolicySet', 'Blueprint', 'Assignment'];
const TENANCY: readonly Thing[] = [
  'NamespaceClaim',
  'NamespacePolicy',
  'PolicyRequest',
  'GuardRails',
];
const NAMESPACE_READS = reads(['Organization', 'Project', 'Cluster', ...TENANCY]);

/** The roles that are always there. */
export const ROLES = {
  /** Everything in the organization. */
  OrgAdmin: PERMISSIONS,
  /** Blueprints, assignments and clusters; which namespaces are whose, and what teams may open there. */
  PlatformAdmin: [
    ...reads(['Organization', 'Project', ...FLEET, 'Approval', ...TENANCY]),
    ...writes(['Cluster', 'Blueprint', 'Assignment', ...TENANCY]),
  ],
  /** Who is in a project, its claims and its namespace policies; not what is rolled out over its clusters, nor its guard rails. */
  ProjectAdmin: [
    ...reads(['Organization', 'Project', ...FLEET, ...TENANCY, 'RoleBinding']),
    ...writes(['RoleBinding', 'NamespaceClaim', 'NamespacePolicy']),
  ],
  /** The policies of namespaces. */
  NamespaceEditor: [...NAMESPACE_READS, ...writes(['NamespacePolicy'])],
  /** Sees namespaces and their policies. */
  NamespaceViewer: NAMESPACE_READS,
  /** Sees everything and changes nothing. */
  Auditor: reads(THINGS),
} as const satisfies Record<string, readonly Permission[]>;
export type RoleName = keyof typeof ROLES;

export const RoleName = z.enum(Object.keys(ROLES) as [RoleName, ...RoleName[]]);
