import { Ability as CaslAbility, type RawRuleOf, subject } from '@casl/ability';
import { rulesToCondition } from '@casl/ability/extra';
import { type LabelSelector, matchesLabels } from '@picket/selector';

import { selectorSql } from '../platform/selector-sql.ts';
import { type Action, partsOf, type Permission, type Thing } from './permissions.ts';
import type { Reach, Scope } from './scope.ts';

/** What a role binding gives an actor. */
export interface Held {
  readonly permissions: readonly Permission[];
  readonly scope: Scope;
}

/** Of which things a rule speaks: all that is given must hold. Of thousands there is one rule, never one each. */
export interface Where {
  readonly organizationId: string;
  readonly projectIds?: readonly string[];
  /** With `projectIds`: what others share with these projects, too. */
  readonly shared?: true;
  readonly labels?: LabelSelector;
  readonly claimIds?: readonly string[];
  /** Clusters that any of these picks. */
  readonly reach?: readonly Reach[];
}

/** What is known of one thing when it is asked for; a thing of no project has no `projectId`. */
export interface Instance {
  readonly organizationId: string;
  readonly projectId?: string;
  /** Projects that it is shared with. */
  readonly sharedWith?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly claimId?: string;
}

/** Where a list keeps what rules speak of, as SQL; absent: the rows have no such thing. */
export interface Columns {
  readonly organizationId: string;
  readonly projectId?: string;
  /** An array. */
  readonly sharedWith?: string;
  readonly labels?: string;
  readonly claimId?: string;
  readonly clusterId?: string;
}

export type Ability = CaslAbility<[Action, Thing | (Instance & object)], Where>;

/** What somebody may do who holds these roles in this organization. */
export function abilityFor(organizationId: string, held: readonly Held[]): Ability {
  const rules = [...gathered(held)].flatMap(([permission, places]): RawRuleOf<Ability>[] => {
    const [thing, action] = partsOf(permission);
    return wheresOf(places, thing, action).map((where) => ({
      action,
      subject: thing,
      conditions: { organizationId, ...where },
    }));
  });
  // Whoever holds anything sees of which organization it is a part, and what it may do there.
  if (held.length > 0)
    rules.push({ action: 'read', subject: 'Organization', conditions: { organizationId } });
  return new CaslAbility<[Action, Thing | (Instance & object)], Where>(rules, {
    conditionsMatcher: (where) => (instance) => holds(where, instance as unknown as Instance),
  });
}

/** Whether a permission means anything in a scope: a role for picked clusters gives nothing but clusters. */
export function isReached(permission: Permission, scope: Scope): boolean {
  const [thing, action] = partsOf(permission);
  const places = gathered([{ permissions: [permission], scope }]).get(permission);
  return places !== undefined && wheresOf(places, thing, action).length > 0;
}

/** Whether the ability covers this very thing. */
export function mayDo(ability: Ability, action: Action, thing: Thing, instance: Instance): boolean {
  return ability.can(action, subject(thing, { ...instance }));
}

/**
 * A condition that holds exactly for the rows that `mayDo` allows; its parameters are appended to `values`. `false` when there can be none.
 * Rows without a project, labels, claim or cluster are not reached by rules that speak of those.
 */
export function abilitySql(
  ability: Ability,
  action: Action,
  thing: Thing,
  columns: Columns,
  values: unknown[],
): string {
  const sql = rulesToCondition<Ability, string, string>(
    ability.rulesFor(action, thing),
    ({ conditions }) => (conditions ? whereSql(conditions, columns, values) : 'true'),
    {
      and: (parts) => `(${parts.join(' AND ')})`,
      or: (parts) => `(${parts.join(' OR ')})`,
      empty: () => 'true',
    },
  );
  return sql ?? 'false';
}

/** Where one permission is held, over all bindings that give it. */
interface Places {
  everywhere: boolean;
  readonly projects: Set<string>;
  readonly picked: Extract<Scope, { kind: 'clusters' }>[];
  readonly claimIds: Set<string>;
  readonly claimProjects: Set<string>;
  readonly reach: Map<string, Reach>;
}

function gathered(held: readonly Held[]): Map<Permission, Places> {
  const all = new Map<Permission, Places>();
  const placesOf = (permission: Permission): Places => {
    const known = all.get(permission);
    if (known) return known;
    const places: Places = {
      everywhere: false,
      projects: new Set(),
      picked: [],
      claimIds: new Set(),
      claimProjects: new Set(),
      reach: new Map(),
    };
    all.set(permission, places);
    return places;
  };
  for (const { permissions, scope } of held)
    for (const places of permissions.map(placesOf))
      switch (scope.kind) {
        case 'organization':
          places.everywhere = true;
          break;
        case 'project':
          places.projects.add(scope.projectId);
          for (const { reach } of scope.claims) places.reach.set(reach.selectorId, reach);
          break;
        case 'clusters':
          places.picked.push(scope);
          break;
        case 'claim':
          places.claimIds.add(scope.claim.id);
          places.claimProjects.add(scope.claim.projectId);
          places.reach.set(scope.claim.reach.selectorId, scope.claim.reach);
          break;
      }
  return all;
}

/** What belongs to a cluster as a whole. Who holds a claim in it sees the cluster, but not what others have there. */
const OF_CLUSTERS: ReadonlySet<Thing> = new Set(['Cluster', 'PolicySet', 'Approval']);
const OF_CLAIMS: ReadonlySet<Thing> = new Set([
  'NamespaceClaim',
  'NamespacePolicy',
  'PolicyRequest',
]);
/** What whoever holds a claim sees of its project. */
const AROUND_CLAIMS: ReadonlySet<Thing> = new Set(['Project', 'GuardRails']);
const SHARED: ReadonlySet<Thing> = new Set(['Blueprint', 'NamespacePolicy']);

/** What these places mean for things of a kind. */
function wheresOf(places: Places, thing: Thing, action: Action): Omit<Where, 'organizationId'>[] {
  if (places.everywhere) return [{}];
  const isRead = action === 'read';
  const projects = [
    ...places.projects,
    ...(isRead && AROUND_CLAIMS.has(thing) ? places.claimProjects : []),
  ];
  return [
    ...(projects.length === 0
      ? []
      : [
          {
            projectIds: [...new Set(projects)],
            ...(isRead && SHARED.has(thing) && { shared: true as const }),
          },
        ]),
    ...(OF_CLUSTERS.has(thing) ? places.picked : []).map(({ projectId, selector }) => ({
      ...(projectId !== null && { projectIds: [projectId] }),
      labels: selector,
    })),
    ...(OF_CLAIMS.has(thing) && places.claimIds.size > 0
      ? [{ claimIds: [...places.claimIds] }]
      : []),
    ...(isRead && thing === 'Cluster' && places.reach.size > 0
      ? [{ reach: [...places.reach.values()] }]
      : []),
  ];
}

function holds(where: Where, instance: Instance): boolean {
  const { organizationId, projectIds, shared, labels, claimIds, reach } = where;
  return (
    instance.organizationId === organizationId &&
    (projectIds === undefined ||
      (instance.projectId !== undefined && projectIds.includes(instance.projectId)) ||
      (shared === true && projectIds.some((id) => instance.sharedWith?.includes(id)))) &&
    (labels === undefined ||
      (instance.labels !== undefined && matchesLabels(labels, instance.labels))) &&
    (claimIds === undefined ||
      (instance.claimId !== undefined && claimIds.includes(instance.claimId))) &&
    (reach === undefined || reach.some((each) => reaches(each, instance)))
  );
}

function reaches({ projectId, selector }: Reach, instance: Instance): boolean {
  return (
    instance.labels !== undefined &&
    (projectId === null || projectId === instance.projectId) &&
    matchesLabels(selector, instance.labels)
  );
}

function whereSql(where: Where, columns: Columns, values: unknown[]): string {
  const { organizationId, projectIds, shared, labels, claimIds, reach } = where;
  const ids = (list: readonly string[]): string => `$${values.push(list)}::uuid[]`;
  const parts = [`${columns.organizationId} = $${values.push(organizationId)}`];
  if (projectIds !== undefined) {
    const given = ids(projectIds);
    const own = columns.projectId ? `${columns.projectId} = ANY(${given})` : 'false';
    parts.push(
      shared && columns.sharedWith ? `(${own} OR ${columns.sharedWith} && ${given})` : own,
    );
  }
  if (labels !== undefined)
    parts.push(columns.labels ? `(${selectorSql(labels, columns.labels, values)})` : 'false');
  if (claimIds !== undefined)
    parts.push(columns.claimId ? `${columns.claimId} = ANY(${ids(claimIds)})` : 'false');
  if (reach !== undefined)
    parts.push(
      columns.clusterId
        ? reachSql(columns.clusterId, ids(reach.map(({ selectorId }) => selectorId)), reach.length)
        : 'false',
    );
  return `(${parts.join(' AND ')})`;
}

/** Fewer selectors pick few clusters, so that these are found first; more pick most of them, so that each row is looked at in its turn. */
const SELECTORS_FEW = 64;

/** `IS TRUE` and `LIMIT` keep PostgreSQL from making a join of it, which would go through the whole fleet for a page of fifty. */
function reachSql(clusterId: string, ids: string, count: number): string {
  return count <= SELECTORS_FEW
    ? `${clusterId} = ANY(ARRAY(SELECT cluster_id FROM selected_clusters WHERE selector_id = ANY(${ids})))`
    : `(SELECT true FROM selected_clusters s WHERE s.cluster_id = ${clusterId} AND (s.selector_id IN (SELECT unnest(${ids}))) IS TRUE LIMIT 1)`;
}
