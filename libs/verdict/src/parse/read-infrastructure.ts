import { Labels, parseAddress } from '@picket/selector';
import { z } from 'zod';

import type { Node, Service } from '../model/inventory.ts';
import { labelsOf, type ReadResult } from './metadata.ts';
import type { Envelope } from './source-object.ts';

const Text = z.string().max(253);

const NodeObject = z.object({
  status: z.object({ addresses: z.array(z.object({ address: Text })).nullish() }).nullish(),
});

/** `status.addresses` holds host names too: those are left out. */
export function readNode(envelope: Envelope): ReadResult<Node> {
  const { data, error } = NodeObject.safeParse(envelope.value);
  if (error) return { error };
  const addresses = (data.status?.addresses ?? []).map(({ address }) => address);
  return {
    thing: {
      name: envelope.name ?? '',
      labels: labelsOf(envelope),
      addresses: addressesIn(addresses),
    },
  };
}

const ServiceObject = z.object({
  spec: z
    .object({
      clusterIP: Text.nullish(),
      clusterIPs: z.array(Text).nullish(),
      externalIPs: z.array(Text).nullish(),
      selector: Labels.nullish(),
      ports: z
        .array(
          z.object({
            protocol: z.enum(['TCP', 'UDP', 'SCTP']).nullish(),
            port: z.int().min(1).max(65_535),
            targetPort: z.union([z.int(), Text]).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
  status: z
    .object({
      loadBalancer: z
        .object({ ingress: z.array(z.object({ ip: Text.nullish() })).nullish() })
        .nullish(),
    })
    .nullish(),
});

/** `clusterIP: None` is no address: a headless service's names mean its pods. */
export function readService(envelope: Envelope): ReadResult<Service> {
  const { data, error } = ServiceObject.safeParse(envelope.value);
  if (error) return { error };
  const { clusterIP, clusterIPs, externalIPs, selector, ports } = data.spec ?? {};
  const ingress = (data.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  return {
    thing: {
      namespace: envelope.namespace ?? 'default',
      name: envelope.name ?? '',
      addresses: addressesIn([
        clusterIP,
        ...(clusterIPs ?? []),
        ...(externalIPs ?? []),
        ...ingress,
      ]),
      ...(selector && Object.keys(selector).length > 0 && { selector }),
      ports: (ports ?? []).map(({ protocol, port, targetPort }) => ({
        protocol: protocol ?? 'TCP',
        port,
        targetPort: targetPort ?? port,
      })),
    },
  };
}

function addressesIn(texts: readonly (string | null | undefined)[]): string[] {
  return [...new Set(texts)].flatMap((text) => (text && parseAddress(text) ? text : []));
}
