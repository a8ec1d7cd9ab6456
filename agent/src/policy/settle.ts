import type { Manifest } from '@picket/compiler';

import { contentOf } from './fingerprint.ts';
import { FIELD_MANAGER, type KubeApi, type KubeObject } from './kube-api.ts';
import { objectPath } from './kinds.ts';

/**
 * Takes out of an object that was just applied what others put into it, and answers what it looks like then.
 *
 * Server-side apply leaves alone each field that the manifest does not name. For a policy that is a hole: `ingress: [{}]`, added by hand to a
 * default deny that names no ingress, would stay and open everything.
 */
export async function settle(
  api: KubeApi,
  manifest: Manifest,
  applied: KubeObject,
): Promise<KubeObject> {
  if (!hasForeignContent(applied)) return applied;
  const wanted = contentOf(manifest);
  const operations = [
    { op: 'test', path: '/metadata/resourceVersion', value: applied.metadata.resourceVersion },
    ...Object.keys(contentOf(applied))
      .filter((field) => !(field in wanted))
      .map((field) => ({ op: 'remove', path: `/${escaped(field)}` })),
    ...Object.entries(wanted).map(([field, value]) => ({
      op: 'replace',
      path: `/${escaped(field)}`,
      value,
    })),
  ];
  return api.patch(objectPath(manifest), operations);
}

/** Whether anybody but our own apply has set something besides metadata and status. */
export function hasForeignContent({ metadata }: KubeObject): boolean {
  return (metadata.managedFields ?? [])
    .filter(({ manager, operation }) => manager !== FIELD_MANAGER || operation !== 'Apply')
    .some(({ fieldsV1 = {} }) =>
      Object.keys(fieldsV1).some((field) => field !== 'f:metadata' && field !== 'f:status'),
    );
}

/** As a step of a JSON pointer (RFC 6901). */
function escaped(field: string): string {
  return field.replaceAll('~', '~0').replaceAll('/', '~1');
}
