import type { Capabilities, ServedApi } from '@picket/agent-protocol';
import { kindKey, MANIFEST_KINDS } from '@picket/policy';

import { type KubeApi, KubeRefused } from './kube-api.ts';

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string }[];
}
interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    group: string;
    version: string;
    kind: string;
  }[];
}
type Definitions = Readonly<Record<string, Schema>>;
type Reader = Pick<KubeApi, 'get' | 'find'>;

const FIELDS_MAX = 5_000;
const DEPTH_MAX = 24;

/** What this cluster can express: version, network plugin, and the fields of each policy kind that its API server serves. */
export async function readCapabilities(api: Reader): Promise<Capabilities> {
  const { gitVersion } = await api.get<{ gitVersion: string }>('/version');
  const apis: Record<string, ServedApi> = {};
  const groups = Map.groupBy(MANIFEST_KINDS, ({ apiVersion }) => apiVersion);
  // All of OpenAPI v2 is one large document: read once, for the groups that have nothing newer.
  let v2: Promise<Definitions | undefined> | undefined;
  const fallback = (): Promise<Definitions | undefined> => (v2 ??= readV2(api));
  for (const [apiVersion, kinds] of groups) {
    const served = await api.find<ResourceList>(`/apis/${apiVersion}`);
    const present = kinds.filter(({ kind, plural }) =>
      served?.resources.some((resource) => resource.name === plural && resource.kind === kind),
    );
    if (present.length === 0) continue;
    const definitions = await schemasOf(api, apiVersion, fallback);
    for (const kind of present)
      apis[kindKey(kind)] = { enforced: null, fields: fieldsOf(definitions, kind) };
  }
  return { kubernetesVersion: gitVersion, cni: pluginOf(Object.keys(apis)), apis };
}

/** OpenAPI v3 of one group (Kubernetes 1.24 and later), else v2. Undefined when neither is told. */
async function schemasOf(
  api: Reader,
  apiVersion: string,
  fallback: () => Promise<Definitions | undefined>,
): Promise<Definitions | undefined> {
  const v3 = await api
    .find<{ components?: { schemas?: Definitions } }>(`/openapi/v3/apis/${apiVersion}`)
    .catch(noneWhenRefused);
  return v3?.components?.schemas ?? (await fallback());
}

async function readV2(api: Reader): Promise<Definitions | undefined> {
  const v2 = await api.find<{ definitions?: Definitions }>('/openapi/v2').catch(noneWhenRefused);
  return v2?.definitions;
}

function noneWhenRefused(error: unknown): undefined {
  if (error instanceof KubeRefused) return undefined;
  throw error;
}

function fieldsOf(
  definitions: Definitions | undefined,
  { apiVersion, kind }: { apiVersion: string; kind: string },
): string[] | null {
  const [group, version] = apiVersion.split('/');
  const root = Object.values(definitions ?? {}).find((schema) =>
    schema['x-kubernetes-group-version-kind']?.some(
      (gvk) => gvk.group === group && gvk.version === version && gvk.kind === kind,
    ),
  );
  const spec = root?.properties?.['spec'];
  if (!definitions || !spec) return null;
  const fields = new Set<string>();
  collect(spec, 'spec', definitions, fields, 0);
  return fields.size <= 1 || fields.size > FIELDS_MAX ? null : [...fields].toSorted();
}

function collect(
  schema: Schema,
  path: string,
  definitions: Definitions,
  fields: Set<string>,
  depth: number,
): void {
  if (depth > DEPTH_MAX || fields.size > FIELDS_MAX) return;
  fields.add(path);
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  const target =
    reference === undefined ? schema : definitions[reference.slice(reference.lastIndexOf('/') + 1)];
  if (!target) return;
  for (const [name, member] of Object.entries(target.properties ?? {}))
    collect(member, `${path}.${name}`, definitions, fields, depth + 1);
  if (target.items) collect(target.items, `${path}[]`, definitions, fields, depth + 1);
}

/** Told by the kinds that a plugin brings. Null when nothing tells: a wrong guess would be worse. */
function pluginOf(kinds: readonly string[]): string | null {
  if (kinds.some((kind) => kind.startsWith('cilium.io/'))) return 'cilium';
  return kinds.some((kind) => kind.startsWith('projectcalico.org/')) ? 'calico' : null;
}
