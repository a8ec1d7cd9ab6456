import { groupVersion, type Resource } from './resource.ts';
import type { Schema } from './schema.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What `/version`, `/api`, `/apis` and below answer; undefined for a path that is not there. */
export function discover(
  path: string,
  resources: readonly Resource[],
  version: string,
): object | undefined {
  if (path === '/version') {
    const [major, minor] = version.slice(1).split('.');
    return { major, minor, gitVersion: version, platform: 'simulated' };
  }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = Map.groupBy(
    resources.filter(({ group }) => group !== ''),
    ({ group }) => group,
  );
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [...groups].map(([name, members]) => apiGroup(name, members)),
    };
  const [, , group = '', one] = path.split('/');
  if (path.startsWith('/apis/') && one === undefined) {
    const members = groups.get(group);
    return members && { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group, members) };
  }
  const wanted = path.replace(/^\/apis?\//, '');
  const served = resources.filter((resource) => groupVersion(resource) === wanted);
  return served.length === 0
    ? undefined
    : {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: wanted,
        resources: served.map(apiResource),
      };
}

function apiGroup(name: string, members: readonly Resource[]): object {
  const versions = [...new Set(members.map(({ version }) => version))].map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function apiResource({ plural, kind, isNamespaced, shortNames }: Resource): object {
  return {
    name: plural,
    singularName: '',
    namespaced: isNamespaced,
    kind,
    verbs: VERBS,
    shortNames,
  };
}

export interface OpenApiV2 {
  readonly swagger: '2.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: object;
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** OpenAPI with the kinds whose schema is known: from it an agent learns which fields are served. */
export function openApiV2(resources: readonly Resource[], version: string): OpenApiV2 {
  const definitions = resources.flatMap(({ schema, group, kind, version: at }) =>
    schema
      ? [
          [
            definitionName(group, at, kind),
            { ...schema, 'x-kubernetes-group-version-kind': [{ group, kind, version: at }] },
          ],
        ]
      : [],
  );
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: {},
    definitions: Object.fromEntries(definitions) as OpenApiV2['definitions'],
  };
}

/** `/openapi/v3` and one document per group and version below it. */
export function openApiV3(
  path: string,
  resources: readonly Resource[],
  version: string,
): object | undefined {
  const prefix = ({ group }: Resource): string => (group ? 'apis/' : 'api/');
  if (path === '/openapi/v3') {
    const paths = resources.map((resource) => {
      const at = `${prefix(resource)}${groupVersion(resource)}`;
      return [at, { serverRelativeURL: `/openapi/v3/${at}` }];
    });
    return { paths: Object.fromEntries(paths) as object };
  }
  const wanted = path.replace('/openapi/v3/', '');
  const served = resources.filter(
    (resource) => `${prefix(resource)}${groupVersion(resource)}` === wanted,
  );
  if (served.length === 0) return undefined;
  const { definitions } = openApiV2(served, version);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: {},
    components: { schemas: definitions },
  };
}

function definitionName(group: string, version: string, kind: string): string {
  const domain =
    group.endsWith('networking.k8s.io') && kind === 'NetworkPolicy'
      ? 'io.k8s.api.networking'
      : group.split('.').toReversed().join('.');
  return [domain, version, kind].filter(Boolean).join('.');
}
