import { ACCESS_WRITES } from './access-writes.ts';
import { APPROVALS } from './approvals.ts';
import { FLEET_WRITES } from './fleet-writes.ts';
import type { Operation } from './operation.ts';
import { READS } from './reads.ts';
import { TENANCY_WRITES } from './tenancy-writes.ts';

/** Every line of the table. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...READS,
  ...FLEET_WRITES,
  ...TENANCY_WRITES,
  ...ACCESS_WRITES,
  ...APPROVALS,
};
