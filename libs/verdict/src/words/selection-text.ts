import type { LabelFormula } from '@picket/selector';

import { NAMESPACE_NAME_LABEL } from '../model/inventory.ts';
import type { PodSelection } from '../model/policy.ts';
import { onlyNamespace } from '../reference/binding-policies.ts';

/** `namespace shop, pods with app=web`; `any namespace, pods with tier`; `namespaces with env in (a, b), all pods`. */
export function selectionText({ namespaces, pods, serviceAccounts }: PodSelection): string {
  const who = formulaText(pods);
  return [
    namespacesText(namespaces),
    who === '' ? 'all pods' : `pods with ${who}`,
    ...(serviceAccounts ? [`service account ${serviceAccounts.join(' or ')}`] : []),
  ].join(', ');
}

function namespacesText(namespaces: LabelFormula): string {
  const where = formulaText(namespaces);
  const name = onlyNamespace(namespaces);
  if (name !== undefined && where === `${NAMESPACE_NAME_LABEL}=${name}`) return `namespace ${name}`;
  return where === '' ? 'any namespace' : `namespaces with ${where}`;
}

/** As kubectl writes selectors, `app=web,tier in (a, b),!old`; empty for what holds for everything. */
export function formulaText(formula: LabelFormula): string {
  if ('all' in formula)
    return formula.all
      .map((part) => formulaText(part))
      .filter((text) => text !== '')
      .join(',');
  if ('any' in formula)
    return formula.any.length === 0
      ? 'nothing'
      : `(${formula.any.map((part) => formulaText(part) || 'anything').join(' or ')})`;
  if ('not' in formula) return `not (${formulaText(formula.not) || 'anything'})`;
  const { key, operator, values = [] } = formula;
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(', ')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(', ')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'Contains':
      return `${key} contains ${values.join(' or ')}`;
    case 'StartsWith':
      return `${key} starts with ${values.join(' or ')}`;
    case 'EndsWith':
      return `${key} ends with ${values.join(' or ')}`;
  }
}
