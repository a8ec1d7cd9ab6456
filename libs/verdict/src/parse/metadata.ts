import { DnsLabel, DnsSubdomain } from '@picket/policy';
import { Labels } from '@picket/selector';
import { z } from 'zod';

import type { Envelope } from './source-object.ts';

/** What a reader of one kind says: what it found, or why it cannot be read. */
export type ReadResult<Thing> = { readonly thing: Thing } | { readonly error: z.ZodError };

/** What we use of an object's metadata. */
export const Metadata = z.object({
  metadata: z.object({
    name: DnsSubdomain,
    namespace: DnsLabel.optional(),
    labels: Labels.nullish(),
  }),
});

/** Labels of the object itself; empty when it has none or they are faulty, which is a problem of its own. */
export function labelsOf({ value }: Envelope): Labels {
  return Metadata.safeParse(value).data?.metadata.labels ?? {};
}
