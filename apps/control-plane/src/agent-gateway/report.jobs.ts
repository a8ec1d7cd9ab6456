import { z } from 'zod';

import { defineJob } from '../platform/jobs.ts';

/** Reports wait in the inbox. Which ones stands in the table, so one job speaks for any number and a lost one is found by the sweep. */
export const reportsReceived = defineJob({
  name: 'status.reports-received',
  queue: 'cluster-status',
  payload: z.object({}),
  key: () => 'inbox',
  repeats: 'latest',
});
