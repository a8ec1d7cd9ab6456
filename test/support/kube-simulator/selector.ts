import type { ApiObject } from './api-object.ts';

/** The `labelSelector` and `fieldSelector` of a list or watch, as one question. */
export function selectorOf(query: URLSearchParams): (object: ApiObject) => boolean {
  const labels = terms(query.get('labelSelector'));
  const fields = terms(query.get('fieldSelector'));
  return ({ metadata }) =>
    labels.every((term) => holds(term, metadata.labels ?? {})) &&
    fields.every((term) =>
      holds(term, {
        'metadata.name': metadata.name,
        'metadata.namespace': metadata.namespace ?? '',
      }),
    );
}

function terms(text: string | null): string[] {
  return text ? text.split(/,(?![^(]*\))/).map((term) => term.trim()) : [];
}

function holds(term: string, values: Readonly<Record<string, string>>): boolean {
  const set = /^(\S+)\s+(in|notin)\s*\((.*)\)$/.exec(term);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const isIn = list.split(',').some((value) => value.trim() === values[key]);
    return operator === 'in' ? isIn : !isIn;
  }
  const equality = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(term);
  if (equality) {
    const [, key = '', operator, value] = equality;
    return (values[key] === value) === (operator !== '!=');
  }
  return term.startsWith('!') ? values[term.slice(1)] === undefined : values[term] !== undefined;
}
