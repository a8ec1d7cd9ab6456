/** Where an object of a policy set comes from. `entry` is `clusterPolicies/deny-all`: section and name. */
export interface Origin {
  readonly blueprint: string;
  readonly version: number;
  readonly entry: string;
  readonly assignment: string;
}

export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'picket' } as const;
export const BLUEPRINT_LABEL = 'picket.dev/blueprint';
export const ORIGIN_ANNOTATION = 'picket.dev/origin';

/** The annotation text: `zero-trust@3 clusterPolicies/deny-all via baseline-everywhere`. */
export function originText({ blueprint, version, entry, assignment }: Origin): string {
  return `${blueprint}@${version} ${entry} via ${assignment}`;
}

/** Reads the origin back from an object's annotations; undefined when it is not one of ours. */
export function originOf(annotations: Readonly<Record<string, string>>): Origin | undefined {
  const match = /^([^@ ]+)@(\d+) (\S+) via (\S+)$/.exec(annotations[ORIGIN_ANNOTATION] ?? '');
  if (!match) return undefined;
  const [, blueprint = '', version, entry = '', assignment = ''] = match;
  return { blueprint, version: Number(version), entry, assignment };
}
