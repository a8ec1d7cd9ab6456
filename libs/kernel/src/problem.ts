/** One thing that is wrong with an input: where, what, and what would be right. Lists of problems hold all of them at once. */
export interface Problem {
  /** Path into the document: `spec.clusterPolicies[2].spec.ingress[0].from`. Empty for the document itself. */
  readonly path: string;
  /** Stable, upper snake: `FIELD_UNKNOWN`. */
  readonly code: string;
  readonly message: string;
  /** What is allowed here, when that can be listed or said shortly. */
  readonly allowed?: string;
  readonly severity: 'error' | 'warning';
}

/** The path text of keys and indexes: `['spec', 'to', 0, 'a.b']` → `spec.to[0]["a.b"]`. */
export function pathText(keys: readonly PropertyKey[]): string {
  let text = '';
  for (const key of keys) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w-]+$/.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}
