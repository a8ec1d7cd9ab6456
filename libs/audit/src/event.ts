import { canonicalJson, type Json } from '@picket/kernel';

import type { Difference } from './diff.ts';

/** How an attempt ended: with a change; without one, as asked (a dry run, problems in the answer); refused; broken off inside the hub. */
export type Outcome = 'DONE' | 'UNCHANGED' | 'REFUSED' | 'FAILED';

/** Who acted. `AGENT` is a cluster, `HUB` the hub itself, `NOBODY` whoever could not say who they are; its id is an address. */
export interface Party {
  readonly kind: 'TOKEN' | 'USER' | 'AGENT' | 'HUB' | 'NOBODY';
  readonly id: string;
  readonly name: string;
}

/** One line of the audit log: who did what to which thing, from where, why, and how it ended. */
export interface AuditEvent {
  readonly organizationId: string;
  /** Absent: of no project, or of all. */
  readonly projectId: string | null;
  /** RFC 3339, UTC, with milliseconds: its order as text is its order in time. */
  readonly at: string;
  readonly actor: Party;
  readonly from: { readonly address: string | null; readonly requestId: string | null };
  /** A mutation of the API, or `signIn`, `useToken`, `enrolAgent`, `bootstrap`. */
  readonly operation: string;
  readonly outcome: Outcome;
  /** Code of the error, or why nothing changed: `DRY_RUN`, `PROBLEMS`. */
  readonly code: string | null;
  readonly thing: string | null;
  readonly thingId: string | null;
  readonly thingName: string | null;
  /** As the actor gave it. */
  readonly reason: string | null;
  readonly changes: readonly Difference[];
  /** Differences beyond the bounds of an event. */
  readonly changesDropped: number;
  /** How many equal ones this one speaks of; `since` is the time of the first. */
  readonly count: number;
  readonly since: string | null;
  /** Where they came from, for uses of a token; bounded. */
  readonly addresses: readonly string[];
}

/** The text of an event that is stored, hashed and exported: canonical JSON. */
export function eventText(event: AuditEvent): string {
  return canonicalJson(event as unknown as Json);
}
