import { z } from 'zod';

import { defineJob } from '../platform/jobs.ts';

/**
 * Some clusters are stale: what they must have may have changed. Which ones stands in the table, so one job speaks for any number and a
 * lost one is found by the sweep.
 */
export const clustersStale = defineJob({
  name: 'cluster.stale',
  queue: 'policy-sets',
  payload: z.object({}),
  key: () => 'stale',
  repeats: 'latest',
});
