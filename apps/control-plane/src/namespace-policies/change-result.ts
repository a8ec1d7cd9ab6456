import type { Problem } from '@picket/kernel';

import type { NamespacePolicy } from './namespace-policy.ts';
import type { PolicyRequest } from './policy-request.ts';

export type Outcome = 'SAVED' | 'UNCHANGED' | 'REQUESTED' | 'REFUSED';

/** What became of a change. */
export interface ChangeResult {
  readonly outcome: Outcome;
  /** What was in force. */
  readonly before: NamespacePolicy | null;
  readonly policy: NamespacePolicy | null;
  readonly request: PolicyRequest | null;
  readonly problems: readonly Problem[];
}

/** Nothing came of it. */
export function refused(problems: readonly Problem[]): ChangeResult {
  return { outcome: 'REFUSED', before: null, policy: null, request: null, problems };
}
