import { isRecord, type ApiObject } from './api-object.ts';
import { networkPolicySchema } from './network-policy.ts';
import type { Schema } from './schema.ts';

/** A kind that is served. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly shortNames: readonly string[];
  /** Without one, any field is taken. */
  readonly schema?: Schema | undefined;
  /** Columns that `kubectl get` shows besides the name; absent: those of the kind, and the age. */
  readonly columns?: readonly PrinterColumn[] | undefined;
  /** Whether objects are pruned and validated by the schema, as those of a CRD. */
  readonly isCustom?: boolean;
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  /** Of JSONPath only names and dots: `.spec.tier`. */
  readonly jsonPath: string;
}

export function groupVersion({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group ? `${group}/${version}` : version;
}

/** `networkpolicies.networking.k8s.io`: a resource as messages name it. */
export function qualifiedName({ plural, group }: Resource): string {
  return group ? `${plural}.${group}` : plural;
}

const rows: readonly [string, string, string, string, boolean, string?][] = [
  ['', 'v1', 'namespaces', 'Namespace', false, 'ns'],
  ['', 'v1', 'nodes', 'Node', false, 'no'],
  ['', 'v1', 'pods', 'Pod', true, 'po'],
  ['', 'v1', 'services', 'Service', true, 'svc'],
  ['', 'v1', 'endpoints', 'Endpoints', true, 'ep'],
  ['', 'v1', 'secrets', 'Secret', true],
  ['', 'v1', 'configmaps', 'ConfigMap', true, 'cm'],
  ['', 'v1', 'events', 'Event', true, 'ev'],
  ['', 'v1', 'serviceaccounts', 'ServiceAccount', true, 'sa'],
  ['apps', 'v1', 'deployments', 'Deployment', true, 'deploy'],
  ['apps', 'v1', 'replicasets', 'ReplicaSet', true, 'rs'],
  ['apps', 'v1', 'statefulsets', 'StatefulSet', true, 'sts'],
  ['apps', 'v1', 'daemonsets', 'DaemonSet', true, 'ds'],
  ['batch', 'v1', 'jobs', 'Job', true],
  ['batch', 'v1', 'cronjobs', 'CronJob', true, 'cj'],
  ['coordination.k8s.io', 'v1', 'leases', 'Lease', true],
  ['discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', true],
  ['networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', true, 'netpol'],
  ['rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', false],
  ['rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', false],
  ['rbac.authorization.k8s.io', 'v1', 'roles', 'Role', true],
  ['rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding', true],
  [
    'apiextensions.k8s.io',
    'v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    false,
    'crd',
  ],
];

export const builtIn: readonly Resource[] = rows.map(
  ([group, version, plural, kind, isNamespaced, short]) => ({
    group,
    version,
    plural,
    kind,
    isNamespaced,
    shortNames: short ? [short] : [],
    ...(kind === 'NetworkPolicy' && { schema: networkPolicySchema }),
  }),
);

interface CrdSpec {
  readonly group: string;
  readonly scope: string;
  readonly names: {
    readonly plural: string;
    readonly kind: string;
    readonly shortNames?: string[];
  };
  readonly versions: readonly {
    readonly name: string;
    readonly served: boolean;
    readonly schema?: { readonly openAPIV3Schema: Schema };
    readonly additionalPrinterColumns?: readonly PrinterColumn[];
  }[];
}

/** The resources that a CustomResourceDefinition adds. */
export function resourcesOf(crd: ApiObject): Resource[] {
  const spec = crd['spec'];
  if (!isRecord(spec)) return [];
  const { group, scope, names, versions } = spec as unknown as CrdSpec;
  return versions
    .filter(({ served }) => served)
    .map(({ name, schema, additionalPrinterColumns }) => ({
      group,
      version: name,
      plural: names.plural,
      kind: names.kind,
      isNamespaced: scope === 'Namespaced',
      shortNames: names.shortNames ?? [],
      schema: withMetadata(schema?.openAPIV3Schema),
      columns: additionalPrinterColumns,
      isCustom: true,
    }));
}

function withMetadata(schema: Schema | undefined): Schema | undefined {
  if (!schema) return undefined;
  const { metadata: _, ...properties } = schema.properties ?? {};
  const own = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: {} };
  return { ...schema, properties: { ...properties, ...own } };
}
