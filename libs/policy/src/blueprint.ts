import { z } from 'zod';

import { DnsLabel } from './manifest.ts';
import { strict } from './problems-of.ts';

/** What to do when an object of the same name is there already and is not ours. */
export const Adoption = z.enum(['Always', 'IfNoDiff', 'Never']);
export type Adoption = z.infer<typeof Adoption>;

export const ParameterType = z.enum([
  'string',
  'number',
  'boolean',
  'cidr',
  'cidrList',
  'labelSelector',
]);
export type ParameterType = z.infer<typeof ParameterType>;

/** One typed input of a blueprint. `required` means that an assignment must give it; otherwise the default holds. */
export const ParameterDefinition = strict({
  name: z
    .string()
    .max(63)
    .regex(/^[a-zA-Z][a-zA-Z0-9_]*$/, { error: 'must be letters, digits and "_", a letter first' }),
  type: ParameterType,
  default: z.json().optional(),
  required: z.boolean().optional(),
  description: z.string().max(1_000).optional(),
});
export type ParameterDefinition = z.infer<typeof ParameterDefinition>;

// Names, selectors and specs of entries may hold `${parameters}`, so here they have their type only; validate-entries.ts checks them
// with values in.
const Spec = z.record(z.string(), z.json());
const Reference = z.string().max(253);
const EntryName = z.string().max(253);
const MAX_ENTRIES = 1_000;

/**
 * The blueprint document: what may talk to what, with parameters (`spec` of kind Blueprint, picket.dev/v1alpha1).
 *
 * `onLoss` says what a cluster does that cannot express part of it: `Block` (default) keeps what it has, `Report` goes on without that part.
 */
export const Blueprint = strict({
  description: z.string().max(4_000).optional(),
  onLoss: z.enum(['Block', 'Report']).optional(),
  adoption: Adoption.optional(),
  parameters: z.array(ParameterDefinition).max(100).optional(),
  includes: z
    .array(
      strict({
        blueprint: DnsLabel,
        version: z.int().positive(),
        parameters: z.record(z.string(), z.json()).optional(),
      }),
    )
    .max(20)
    .optional(),
  clusterPolicies: z
    .array(strict({ name: EntryName, adoption: Adoption.optional(), spec: Spec }))
    .max(MAX_ENTRIES)
    .optional(),
  namespacePolicies: z
    .array(
      strict({
        name: EntryName,
        adoption: Adoption.optional(),
        namespaceSelector: z.union([Spec, Reference]),
        spec: Spec,
      }),
    )
    .max(MAX_ENTRIES)
    .optional(),
  manifests: z
    .array(strict({ adoption: Adoption.optional(), manifest: Spec }))
    .max(MAX_ENTRIES)
    .optional(),
});
export type Blueprint = z.infer<typeof Blueprint>;
