import { isRecord, type ApiObject } from './api-object.ts';
import type { PrinterColumn, Resource } from './resource.ts';

interface Column {
  readonly name: string;
  readonly cell: (object: ApiObject) => string;
}

/** Columns between name and age, by kind. */
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  NetworkPolicy: [{ name: 'Pod-Selector', cell: podSelector }],
  Namespace: [{ name: 'Status', cell: ({ status }) => textAt(status, 'phase') }],
};

/** The rows that `kubectl get` prints. */
export function tableOf(
  resource: Resource,
  objects: readonly ApiObject[],
  metadata: object,
  now: Date,
): object {
  const columns: readonly Column[] = [
    { name: 'Name', cell: (object) => object.metadata.name },
    ...(resource.columns?.map((column) => customColumn(column, now)) ?? [
      ...(COLUMNS[resource.kind] ?? []),
      { name: 'Age', cell: (object) => age(object.metadata.creationTimestamp, now) },
    ]),
  ];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name }) => ({
      name,
      type: 'string',
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object)),
      object: {
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: object.metadata,
      },
    })),
  };
}

function customColumn({ name, type, jsonPath }: PrinterColumn, now: Date): Column {
  const steps = jsonPath.split('.').filter(Boolean);
  return {
    name,
    cell: (object) => {
      const value = steps.reduce<unknown>(
        (at, step) => (isRecord(at) ? at[step] : undefined),
        object,
      );
      return type === 'date' ? age(value, now) : text(value);
    },
  };
}

/** A label selector as text, in the form of `kubectl -l`. */
function podSelector({ spec }: ApiObject): string {
  const selector = isRecord(spec) && isRecord(spec['podSelector']) ? spec['podSelector'] : {};
  const labels = isRecord(selector['matchLabels']) ? Object.entries(selector['matchLabels']) : [];
  const expressions = Array.isArray(selector['matchExpressions'])
    ? selector['matchExpressions'].filter(isRecord)
    : [];
  const terms = [
    ...labels.map(([key, value]) => `${key}=${String(value)}`),
    ...expressions.map(requirement),
  ];
  return terms.toSorted(byText).join(',') || '<none>';
}

function requirement({ key, operator, values }: Readonly<Record<string, unknown>>): string {
  const list = Array.isArray(values) ? values.map(String).toSorted(byText).join(',') : '';
  const forms: Readonly<Record<string, string>> = {
    In: `${String(key)} in (${list})`,
    NotIn: `${String(key)} notin (${list})`,
    Exists: String(key),
    DoesNotExist: `!${String(key)}`,
  };
  return forms[String(operator)] ?? '<invalid>';
}

function textAt(value: unknown, key: string): string {
  return isRecord(value) ? text(value[key]) : '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '').replace(/^""$/, '');
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** As kubectl tells durations: the largest units that matter. */
function age(since: unknown, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(String(since))) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (minutes < 10) return `${minutes}m${seconds % 60 === 0 ? '' : `${seconds % 60}s`}`;
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return `${hours}h${minutes % 60 === 0 ? '' : `${minutes % 60}m`}`;
  if (hours < 48) return `${hours}h`;
  return days < 8 ? `${days}d${hours % 24 === 0 ? '' : `${hours % 24}h`}` : `${days}d`;
}
