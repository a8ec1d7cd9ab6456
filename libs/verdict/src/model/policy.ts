import type { LabelFormula } from '@picket/selector';

import type { PortProtocol } from './protocol.ts';

export const DIRECTIONS = ['egress', 'ingress'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** `Accept` and `Deny` end the judgement, `Pass` goes on to the next tier. */
export type Action = 'Accept' | 'Deny' | 'Pass';

/** Tiers are judged by rising `order`, of equal ones by name; their numbers are those that Calico gives the same tiers, so that its own fit between. */
export interface Tier {
  readonly name: string;
  readonly order: number;
}
export const ADMIN: Tier = { name: 'Admin', order: 1_000 };
export const NETWORK_POLICY: Tier = { name: 'NetworkPolicy', order: 1_000_000 };
export const BASELINE: Tier = { name: 'Baseline', order: 10_000_000 };

/** The object that a policy was written as. */
export interface PolicyId {
  /** `networking.k8s.io/v1`: tells Calico's NetworkPolicy from Kubernetes'. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name: string;
}

/**
 * The one shape that every policy kind is translated into.
 *
 * Inside a tier, policies are judged by rising `order`, rules by their place; the first rule that matches decides. Of two with the same
 * order the one with the smaller `tie` comes first; where one has no `tie` their order is not defined. A tier in which no rule matched,
 * but which isolates, denies; otherwise the next tier is asked; after the last one everything is allowed.
 */
export interface Policy {
  readonly id: PolicyId;
  readonly tier: Tier;
  readonly order: number;
  readonly tie?: string;
  readonly subject: Subject;
  /** Absent: the policy says nothing about this direction. */
  readonly ingress?: RuleList;
  readonly egress?: RuleList;
}

export interface RuleList {
  /** What none of the tier's rules matches is denied to the subject, as NetworkPolicy does. */
  readonly isolates: boolean;
  readonly rules: readonly Rule[];
  /** The API leaves open what the list does to ICMP: unknown, unless the semantics judge it. */
  readonly icmpUndefined?: true;
  /** The list is not applied between a pod and its own node, unless the semantics judge that. */
  readonly sparesOwnNode?: true;
}

/** Pods: what `namespaces` and `pods` pick together. Never pods on the host network, unless the semantics say so. */
export interface PodSelection {
  readonly namespaces: LabelFormula;
  readonly pods: LabelFormula;
  /** Names of service accounts, one of them is enough; absent: any. */
  readonly serviceAccounts?: readonly string[];
}

/** Whom a policy binds. `nodes` binds the node itself and pods on its network (host policies). `unknown` may bind any pod. */
export type Subject =
  | ({ readonly kind: 'pods' } & PodSelection)
  | { readonly kind: 'nodes'; readonly nodes: LabelFormula }
  | Unknown;

export interface Rule {
  /** Place in the list that it was written in, from 0. */
  readonly index: number;
  readonly name?: string;
  readonly action: Action;
  /** The other end: one of them is enough; an empty list matches nothing. */
  readonly peers: readonly Peer[];
  /** One of them is enough; absent: all ports of all protocols. */
  readonly ports?: readonly PortMatch[];
  /** Narrows the policy's own end to this (Calico); absent: all subjects. */
  readonly subject?: Peer;
  /** Something not modelled narrows the rule further, such as HTTP paths: where all else matches, whether it matches is not known. */
  readonly narrowedBy?: string;
}

/** The other end of a connection. */
export type Peer =
  | { readonly kind: 'everything' }
  | ({ readonly kind: 'pods' } & PodSelection)
  /** Nodes and pods on their networks, by the node's labels. */
  | { readonly kind: 'nodes'; readonly nodes: LabelFormula }
  | NetworksPeer
  /** Addresses that are neither a pod's nor a node's. */
  | { readonly kind: 'outside' }
  | { readonly kind: 'domainNames'; readonly domainNames: readonly string[] }
  | { readonly kind: 'all'; readonly peers: readonly Peer[] }
  | { readonly kind: 'not'; readonly peer: Peer }
  | Unknown;

export interface NetworksPeer {
  readonly kind: 'networks';
  readonly networks: readonly Network[];
  /** The plugin matches outside addresses only (Cilium); absent: pods are matched by address too, if the semantics say so. */
  readonly outsideOnly?: true;
}

/** A CIDR and the CIDRs inside it that are cut out. Either family. */
export interface Network {
  readonly cidr: string;
  readonly except?: readonly string[];
}

export type PortMatch =
  /** `from` to `to`, both included. */
  | {
      readonly kind: 'ports';
      readonly protocol: PortProtocol;
      readonly from: number;
      readonly to: number;
    }
  /** The container port of this name on the destination pod; `protocol` absent: whichever the pod says. */
  | { readonly kind: 'named'; readonly name: string; readonly protocol?: PortProtocol }
  /** `type` and `code` absent: any. */
  | {
      readonly kind: 'icmp';
      readonly protocol: 'ICMP' | 'ICMPv6';
      readonly type?: number;
      readonly code?: number;
    }
  | Unknown;

/** A part that is not modelled: it may match or not. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly reason: string;
}
