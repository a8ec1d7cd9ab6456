import { isRecord, type ApiObject } from './api-object.ts';

/** The rows that `kubectl get` prints. */
export function tableOf(objects: readonly ApiObject[], metadata: object, now: Date): object {
  const isPolicy = objects[0]?.kind === 'NetworkPolicy';
  const column = (name: string): object => ({
    name,
    type: 'string',
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority: 0,
  });
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: ['Name', ...(isPolicy ? ['Pod-Selector'] : []), 'Age'].map(column),
    rows: objects.map((object) => ({
      cells: [object.metadata.name, ...(isPolicy ? [podSelector(object)] : []), age(object, now)],
      object: {
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: object.metadata,
      },
    })),
  };
}

function podSelector({ spec }: ApiObject): string {
  const selector = isRecord(spec) && isRecord(spec['podSelector']) ? spec['podSelector'] : {};
  const labels = isRecord(selector['matchLabels']) ? Object.entries(selector['matchLabels']) : [];
  return labels.map(([key, value]) => `${key}=${String(value)}`).join(',') || '<none>';
}

function age({ metadata }: ApiObject, now: Date): string {
  const seconds = Math.max(
    0,
    Math.round((now.getTime() - Date.parse(metadata.creationTimestamp ?? '')) / 1000),
  );
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
