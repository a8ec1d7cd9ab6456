/** Where an object of a policy set comes from. */
export type Origin = BlueprintOrigin | NamespacePolicyOrigin;

/** `entry` is `clusterPolicies/deny-all`: section and name. */
export interface BlueprintOrigin {
  readonly blueprint: string;
  readonly version: number;
  readonly entry: string;
  readonly assignment: string;
}

/** An application team's policy: its name in a namespace claim of a project. */
export interface NamespacePolicyOrigin {
  readonly project: string;
  readonly claim: string;
  readonly namespacePolicy: string;
  readonly version: number;
}

export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'picket' } as const;
export const BLUEPRINT_LABEL = 'picket.dev/blueprint';
export const PROJECT_LABEL = 'picket.dev/project';
export const CLAIM_LABEL = 'picket.dev/claim';
export const NAMESPACE_POLICY_LABEL = 'picket.dev/namespace-policy';
export const ORIGIN_ANNOTATION = 'picket.dev/origin';

/** Whether an object carries the labels of one that a policy set made, whoever put them there. */
export function isStamped(labels: Readonly<Record<string, string>>): boolean {
  return BLUEPRINT_LABEL in labels || NAMESPACE_POLICY_LABEL in labels;
}

/** Whether an application team wrote it, and not the platform. */
export function isOfTeam(labels: Readonly<Record<string, string>>): boolean {
  return NAMESPACE_POLICY_LABEL in labels && !(BLUEPRINT_LABEL in labels);
}

/** The annotation text: `zero-trust@3 clusterPolicies/deny-all via baseline-everywhere`, or `namespace policy payments/shop/allow-web@2`. */
export function originText(origin: Origin): string {
  if ('namespacePolicy' in origin) {
    const { project, claim, namespacePolicy, version } = origin;
    return `namespace policy ${project}/${claim}/${namespacePolicy}@${version}`;
  }
  const { blueprint, version, entry, assignment } = origin;
  return `${blueprint}@${version} ${entry} via ${assignment}`;
}

/** Reads the origin back from an object's annotations; undefined when it is not one of ours. */
export function originOf(annotations: Readonly<Record<string, string>>): Origin | undefined {
  const text = annotations[ORIGIN_ANNOTATION] ?? '';
  const policy = /^namespace policy ([^/ ]+)\/([^/ ]+)\/([^@ ]+)@(\d+)$/.exec(text);
  if (policy) {
    const [, project = '', claim = '', namespacePolicy = '', version] = policy;
    return { project, claim, namespacePolicy, version: Number(version) };
  }
  const entryOf = /^([^@ ]+)@(\d+) (\S+) via (\S+)$/.exec(text);
  if (!entryOf) return undefined;
  const [, blueprint = '', version, entry = '', assignment = ''] = entryOf;
  return { blueprint, version: Number(version), entry, assignment };
}
