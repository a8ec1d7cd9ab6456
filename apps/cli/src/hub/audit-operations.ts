import { operation } from './hub-client.ts';
import type { Page } from './list-all.ts';

export interface AuditEvent {
  readonly id: string;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly name: string };
  readonly from: { readonly address: string | null };
  readonly operation: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly thing: string | null;
  readonly thingId: string | null;
  readonly thingName: string | null;
  readonly project: string | null;
  readonly reason: string | null;
  readonly count: number;
}

export interface AuditEventFilter {
  readonly actor?: string | undefined;
  readonly operation?: string | undefined;
  readonly thing?: string | undefined;
  readonly thingId?: string | undefined;
  readonly project?: string | undefined;
  readonly outcome?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly text?: string | undefined;
}

export const listAuditEvents = operation<
  { auditEvents: Page<AuditEvent> },
  { first: number; after: string | null; filter: AuditEventFilter }
>(`query ListAuditEvents($first: Int!, $after: String, $filter: AuditEventFilter) {
  auditEvents(first: $first, after: $after, filter: $filter) {
    edges {
      node {
        id at actor { kind id name } from { address requestId } operation outcome code thing thingId thingName project
        reason changes { path before after } changesDropped count since addresses sequence hash
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`);
