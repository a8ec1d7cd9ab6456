import { Ability as CaslAbility, type RawRuleOf, subject } from '@casl/ability';
import { rulesToCondition } from '@casl/ability/extra';
import { type LabelSelector, matchesLabels } from '@picket/selector';

import { selectorSql } from '../platform/selector-sql.ts';
import { type Action, partsOf, type Permission, type Thing } from './permissions.ts';
import type { Scope } from './scope.ts';

/** What a role binding gives an actor. */
export interface Held {
  readonly permissions: readonly Permission[];
  readonly scope: Scope;
}

/** Of which things a rule speaks. What is absent does not matter. */
export interface Where {
  readonly organizationId: string;
  readonly projectId?: string;
  readonly labels?: LabelSelector;
}

/** What is known of one thing when it is asked for; a thing of no project has no `projectId`. */
export interface Instance {
  readonly organizationId: string;
  readonly projectId?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Where a list keeps what rules speak of; absent: the rows have no such thing. */
export interface Columns {
  readonly organizationId: string;
  readonly projectId?: string;
  readonly labels?: string;
}

export type Ability = CaslAbility<[Action, Thing | (Instance & object)], Where>;

/** What somebody may do who holds these roles in this organization. */
export function abilityFor(organizationId: string, held: readonly Held[]): Ability {
  const rules = held.flatMap(({ permissions, scope }): RawRuleOf<Ability>[] => [
    // Whoever holds anything sees of which organization it is a part, and what it may do there.
    { action: 'read', subject: 'Organization', conditions: { organizationId } },
    ...permissions.flatMap((permission) => {
      const [thing, action] = partsOf(permission);
      const conditions = whereOf(organizationId, scope, thing);
      return conditions ? [{ action, subject: thing, conditions }] : [];
    }),
  ]);
  return new CaslAbility<[Action, Thing | (Instance & object)], Where>(rules, {
    conditionsMatcher: (where) => (instance) => holds(where, instance as unknown as Instance),
  });
}

/** Whether the ability covers this very thing. */
export function mayDo(ability: Ability, action: Action, thing: Thing, instance: Instance): boolean {
  return ability.can(action, subject(thing, { ...instance }));
}

/**
 * A condition that holds exactly for the rows that `mayDo` allows; its parameters are appended to `values`. `false` when there can be none.
 * Rows without a project or labels are not reached by rules that speak of those.
 */
export function abilitySql(
  ability: Ability,
  action: Action,
  thing: Thing,
  columns: Columns,
  values: unknown[],
): string {
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const sqlOf = ({ organizationId, projectId, labels }: Where): string => {
    const parts = [`${columns.organizationId} = ${bind(organizationId)}`];
    if (projectId !== undefined)
      parts.push(columns.projectId ? `${columns.projectId} = ${bind(projectId)}` : 'false');
    if (labels !== undefined)
      parts.push(columns.labels ? `(${selectorSql(labels, columns.labels, values)})` : 'false');
    return `(${parts.join(' AND ')})`;
  };
  const sql = rulesToCondition<Ability, string, string>(
    ability.rulesFor(action, thing),
    ({ conditions }) => (conditions ? sqlOf(conditions) : 'true'),
    {
      and: (parts) => `(${parts.join(' AND ')})`,
      or: (parts) => `(${parts.join(' OR ')})`,
      empty: () => 'true',
    },
  );
  return sql ?? 'false';
}

/** What a scope means for things of a kind; undefined: it does not reach them. */
function whereOf(organizationId: string, scope: Scope, thing: Thing): Where | undefined {
  switch (scope.kind) {
    case 'organization':
      return { organizationId };
    case 'project':
      return { organizationId, projectId: scope.projectId };
    case 'clusters': {
      const project = scope.projectId === null ? {} : { projectId: scope.projectId };
      return thing === 'Cluster'
        ? { organizationId, ...project, labels: scope.selector }
        : undefined;
    }
  }
}

function holds({ organizationId, projectId, labels }: Where, instance: Instance): boolean {
  return (
    instance.organizationId === organizationId &&
    (projectId === undefined || instance.projectId === projectId) &&
    (labels === undefined ||
      (instance.labels !== undefined && matchesLabels(labels, instance.labels)))
  );
}
