import { LabelSelector } from '@picket/selector';
import { z } from 'zod';

/** Where a role holds: in the whole organization, in one project, or for the clusters that a selector picks, of one project or of all. */
export const Scope = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('organization') }),
  z.object({ kind: z.literal('project'), projectId: z.uuid() }),
  z.object({
    kind: z.literal('clusters'),
    projectId: z.uuid().nullable(),
    selector: LabelSelector,
  }),
]);
export type Scope = z.infer<typeof Scope>;
