import type { NetworkPolicyPort, Opening, WorkloadRef } from '@picket/policy';
import { Labels } from '@picket/selector';
import { z } from 'zod';

import { checked, nameSchema } from '../platform/input.ts';
import type * as graphql from './isolation.graphql.ts';

const OPENINGS_MAX = 100;
const PORTS_MAX = 100;
const SomeLabels = Labels.refine((labels) => Object.keys(labels).length > 0, {
  error: 'name at least one label',
});

const Place = z
  .object({
    namespace: nameSchema.nullish(),
    labels: SomeLabels.nullish(),
    cidr: z.string().nullish(),
  })
  .refine(({ namespace, labels, cidr }) => !cidr || (!namespace && !labels), {
    error: 'give cidr, or namespace and labels',
  });

export function openingsOf(
  openings: readonly graphql.OpeningInput[] | null | undefined,
): Opening[] {
  return bounded(openings ?? [], OPENINGS_MAX, 'openings').map((opening, index) => {
    const { namespace, labels, cidr } = checked(Place, opening, `openings[${index}]`);
    return {
      direction: opening.direction,
      ...(namespace && { namespace }),
      ...(labels && { labels }),
      ...(cidr && { cidr }),
      ports: portsOf(opening.ports),
    };
  });
}

export function portsOf(
  ports: readonly graphql.PortInput[] | null | undefined,
): NetworkPolicyPort[] {
  return bounded(ports ?? [], PORTS_MAX, 'ports').map(({ protocol, port, endPort }) => ({
    protocol: protocol ?? 'TCP',
    port,
    ...(typeof endPort === 'number' && { endPort }),
  }));
}

export function workloadOf(
  { namespace, labels }: graphql.WorkloadInput,
  field: string,
): WorkloadRef {
  return {
    namespace: nameOf(namespace, `${field}.namespace`),
    labels: labelsOf(labels, `${field}.labels`),
  };
}

export function labelsOf(labels: unknown, field: string): Labels {
  return checked(SomeLabels as z.ZodType<Labels>, labels, field);
}

export function nameOf(name: string, field: string): string {
  return checked(nameSchema, name, field);
}

function bounded<T>(items: readonly T[], max: number, field: string): readonly T[] {
  checked(z.array(z.unknown()).max(max), items, field);
  return items;
}
