import type { Party } from '@picket/audit';

import type { Attempt } from './attempt.ts';

/** What the audit needs to know of whoever acts. */
export interface Acting {
  readonly caller: Party;
  readonly organizationId: string;
  readonly attempt?: Attempt;
}
