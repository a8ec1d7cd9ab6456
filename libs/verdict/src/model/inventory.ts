import type { Labels } from '@picket/selector';

import type { PortProtocol } from './protocol.ts';

/**
 * Who is in the cluster: everything that policies can select. Plain data; order has no meaning.
 *
 * Every namespace that a workload names is listed and carries `kubernetes.io/metadata.name`, as the API server sees to it.
 */
export interface Inventory {
  readonly namespaces: readonly Namespace[];
  readonly workloads: readonly Workload[];
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
}

/** The label that the API server puts on every namespace. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

export interface Namespace {
  readonly name: string;
  readonly labels: Labels;
}

export const WORKLOAD_KINDS = [
  'Pod',
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'ReplicationController',
] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/**
 * Something with pods that are alike: one pod, the pods of one template, or (from an agent's facts) the pods with one label set.
 *
 * `name` is the pod's, the workload object's, or the label set's; with its namespace it is unique among those of its `kind`.
 */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly kind: WorkloadKind | 'LabelSet';
  /** `namespace/owner[Kind]`: what people call it. The pod's controller if it has one, else itself. Replicas share it. */
  readonly owner: string;
  readonly labels: Labels;
  /** Container ports, those without a name too; only named ones matter to policies. */
  readonly ports: readonly ContainerPort[];
  readonly serviceAccount: string;
  readonly hostNetwork: boolean;
  /** IPv4 and IPv6, canonical or not; empty when not known. On the host network these are its node's. */
  readonly addresses: readonly string[];
  /** Name of its node, when known. */
  readonly node?: string;
}

export interface ContainerPort {
  readonly name?: string;
  readonly protocol: PortProtocol;
  readonly port: number;
}

export interface Node {
  readonly name: string;
  readonly labels: Labels;
  /** `status.addresses` that are addresses, not names. */
  readonly addresses: readonly string[];
}

/** Known so that a flow to its address is not taken for one to the outside: which pod gets it is the node's choice. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  /** Cluster, external and load balancer addresses. */
  readonly addresses: readonly string[];
  /** Labels that a backend must have, all of them; absent when endpoints are made by hand. */
  readonly selector?: Labels;
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  readonly protocol: PortProtocol;
  readonly port: number;
  /** Number or name of the backend's port. */
  readonly targetPort: number | string;
}
