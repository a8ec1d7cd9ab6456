import { ApiRefusal, type ApiObject } from './api-object.ts';
import type { Store } from './store.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const RBAC = 'rbac.authorization.k8s.io';

/** RBAC: whether some role that is bound to the user has a rule for this. */
export function isAllowed(store: Store, user: User, wanted: Attributes): boolean {
  if (user.groups.includes('system:masters')) return true;
  const cluster = store.list(`clusterrolebindings.${RBAC}`).map(([, binding]) => binding);
  const local = store
    .list(`rolebindings.${RBAC}`)
    .map(([, binding]) => binding)
    .filter(({ metadata }) => metadata.namespace === wanted.namespace);
  return [...cluster, ...local].some(
    (binding) =>
      ((binding['subjects'] ?? []) as Subject[]).some((subject) => isSubject(subject, user)) &&
      rulesOf(store, binding).some((rule) => permits(rule, wanted)),
  );
}

function isSubject({ kind, name, namespace }: Subject, user: User): boolean {
  if (kind === 'User') return name === user.name;
  if (kind === 'Group') return user.groups.includes(name);
  return user.name === `system:serviceaccount:${namespace}:${name}`;
}

function rulesOf(store: Store, binding: ApiObject): readonly Rule[] {
  const { kind, name } = binding['roleRef'] as { kind: string; name: string };
  const role =
    kind === 'ClusterRole'
      ? store.find(`clusterroles.${RBAC}`, name)
      : store.find(`roles.${RBAC}`, `${binding.metadata.namespace}/${name}`);
  return (role?.['rules'] ?? []) as readonly Rule[];
}

function permits(rule: Rule, { verb, group, resource, name }: Attributes): boolean {
  const has = (values: readonly string[] | undefined, value: string): boolean =>
    values?.includes('*') === true || values?.includes(value) === true;
  const names = rule.resourceNames ?? [];
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    has(rule.resources, resource) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

/** The 403 in the API server's words. */
export function forbidden(
  user: User,
  { verb, group, resource, namespace, name }: Attributes,
): ApiRefusal {
  const [plural] = resource.split('/');
  const what = group ? `${plural}.${group}` : plural;
  const where = namespace ? ` in the namespace "${namespace}"` : ' at the cluster scope';
  const message = `${what}${name ? ` "${name}"` : ''} is forbidden: User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}"${where}`;
  const details = { ...(name && { name }), ...(group && { group }), kind: plural };
  return new ApiRefusal(403, 'Forbidden', message, details);
}
