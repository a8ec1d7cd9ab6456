import type { ObjectOutcome } from '@picket/agent-protocol';
import type { Manifest } from '@picket/compiler';
import { kindKey } from '@picket/policy';

import type { KubeObject } from './kube-api.ts';

const OUTCOMES_MAX = 500;
const MESSAGE_MAX = 2_000;
/** Of the JSON of all outcomes of a report: the hub takes bodies of 1 MiB. */
const CHARS_MAX = 256 * 1_024;

/** What is to be said of one object, in the API server's own words. */
export function outcomeOf(
  { apiVersion, kind, metadata }: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'> | Manifest,
  state: ObjectOutcome['state'],
  message: string,
): ObjectOutcome {
  const { name, namespace } = metadata;
  return {
    kind: kindKey({ apiVersion, kind }),
    namespace: namespace ?? null,
    name,
    state,
    message: storable(message.slice(0, MESSAGE_MAX)),
  };
}

/** Sorted, so that the same state says the same; and no more than a report holds, the rest counted. */
export function bounded(outcomes: readonly ObjectOutcome[]): {
  outcomes: ObjectOutcome[];
  outcomesDropped: number;
} {
  const sorted = outcomes.toSorted((a, b) => compare(sortKey(a), sortKey(b)));
  const kept: ObjectOutcome[] = [];
  let chars = 0;
  for (const outcome of sorted.slice(0, OUTCOMES_MAX)) {
    chars += JSON.stringify(outcome).length;
    if (chars > CHARS_MAX) break;
    kept.push(outcome);
  }
  return { outcomes: kept, outcomesDropped: outcomes.length - kept.length };
}

function sortKey({ state, kind, namespace, name }: ObjectOutcome): string {
  // What failed is told first when not all can be told.
  return [state === 'failed' ? 0 : 1, kind, namespace ?? '', name].join(' ');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** PostgreSQL takes neither NUL nor half a surrogate pair, and neither tells anybody anything. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
