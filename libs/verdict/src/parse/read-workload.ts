import { Labels, parseAddress } from '@picket/selector';
import { z } from 'zod';

import { WORKLOAD_KINDS, type ContainerPort, type Workload } from '../model/inventory.ts';
import type { ReadResult } from './metadata.ts';
import type { Envelope } from './source-object.ts';

const Text = z.string().max(253);

const Port = z.object({
  name: z.string().max(63).nullish(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).nullish(),
  // The API server requires it. A port without is none, and nothing else about the pod is in doubt.
  containerPort: z.int().min(1).max(65_535).nullish(),
});

const Container = z.object({
  ports: z.array(Port).max(1_000).nullish(),
  restartPolicy: z.string().nullish(),
});

const PodSpec = z.object({
  containers: z.array(Container).max(1_000).nullish(),
  initContainers: z.array(Container).max(1_000).nullish(),
  hostNetwork: z.boolean().nullish(),
  serviceAccountName: Text.nullish(),
  nodeName: Text.nullish(),
});

const Ip = z.string().refine((text) => text === '' || parseAddress(text) !== undefined, {
  error: 'not an IPv4 or IPv6 address',
});

const Pod = z.object({
  metadata: z.object({
    labels: Labels.nullish(),
    ownerReferences: z
      .array(z.object({ kind: Text, name: Text, controller: z.boolean().nullish() }))
      .nullish(),
  }),
  spec: PodSpec.nullish(),
  status: z
    .object({
      phase: z.string().nullish(),
      podIP: Ip.nullish(),
      podIPs: z.array(z.object({ ip: Ip.nullish() })).nullish(),
    })
    .nullish(),
});

const Template = z.object({
  metadata: z.object({ labels: Labels.nullish() }).nullish(),
  spec: PodSpec.nullish(),
});

const Controller = z.object({ spec: z.object({ template: Template }) });
const CronJob = z.object({
  spec: z.object({ jobTemplate: z.object({ spec: z.object({ template: Template }) }) }),
});

/** API groups of the kinds, whatever their version: the pod template is at the same place in all of them. */
const GROUPS = /^(v1|(apps|batch|extensions)\/v\w+)$/;

/** The workload of a Pod or of an object with a pod template; undefined for other kinds. */
export function readWorkload(envelope: Envelope): ReadResult<Workload> | undefined {
  const kind = WORKLOAD_KINDS.find((known) => known === envelope.kind);
  if (!kind || !GROUPS.test(envelope.apiVersion)) return undefined;
  const { value, name = '', namespace = 'default' } = envelope;
  if (kind === 'Pod') return readPod(value, name, namespace);
  const template = readTemplate(kind === 'CronJob', value);
  if ('error' in template) return template;
  const { metadata, spec } = template.thing;
  return {
    thing: {
      namespace,
      name,
      kind,
      owner: `${namespace}/${name}[${kind}]`,
      labels: metadata?.labels ?? {},
      ...ofSpec(spec),
      addresses: [],
    },
  };
}

function readPod(value: unknown, name: string, namespace: string): ReadResult<Workload> {
  const { data, error } = Pod.safeParse(value);
  if (error) return { error };
  const { metadata, spec, status } = data;
  // The mirror of a static pod belongs to its Node, which is no workload.
  const controller = metadata.ownerReferences?.find(
    (reference) => reference.controller && reference.kind !== 'Node',
  );
  const { name: ownerName, kind: ownerKind } = controller ?? { name, kind: 'Pod' };
  // The address of a pod that has ended may be another's by now.
  const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const addresses = hasEnded ? [] : [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return {
    thing: {
      namespace,
      name,
      kind: 'Pod',
      owner: `${namespace}/${ownerName}[${ownerKind}]`,
      labels: metadata.labels ?? {},
      ...ofSpec(spec),
      addresses: [...new Set(addresses)].flatMap((address) => address || []),
      ...(spec?.nodeName && { node: spec.nodeName }),
    },
  };
}

function readTemplate(
  isCronJob: boolean,
  value: unknown,
): { thing: z.infer<typeof Template> } | { error: z.ZodError } {
  if (isCronJob) {
    const { data, error } = CronJob.safeParse(value);
    return error ? { error } : { thing: data.spec.jobTemplate.spec.template };
  }
  const { data, error } = Controller.safeParse(value);
  return error ? { error } : { thing: data.spec.template };
}

function ofSpec(
  spec: z.infer<typeof PodSpec> | null | undefined,
): Pick<Workload, 'ports' | 'serviceAccount' | 'hostNetwork'> {
  // Init containers with restartPolicy Always are sidecars, whose ports can be named too (KEP-753).
  const sidecars = (spec?.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  return {
    ports: [...(spec?.containers ?? []), ...sidecars].flatMap(({ ports }) =>
      (ports ?? []).flatMap(portOf),
    ),
    serviceAccount: spec?.serviceAccountName ?? 'default',
    hostNetwork: spec?.hostNetwork ?? false,
  };
}

function portOf({ name, protocol, containerPort }: z.infer<typeof Port>): ContainerPort[] {
  if (!containerPort) return [];
  return [{ ...(name && { name }), protocol: protocol ?? 'TCP', port: containerPort }];
}
