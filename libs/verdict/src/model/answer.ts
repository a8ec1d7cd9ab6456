import type { PolicyId } from './policy.ts';
import type { PortProtocol } from './protocol.ts';

export type Verdict = 'allowed' | 'denied' | 'unknown';

/** Allowed when both directions are, denied when one is, else unknown. */
export interface Answer {
  readonly verdict: Verdict;
  readonly egress: DirectionAnswer;
  readonly ingress: DirectionAnswer;
}

/**
 * Why a direction is as it is:
 * `rule` a rule decided; `isolated` policies select the pod and none of their rules matches; `default` no tier decided;
 * `not-a-pod` this end is outside the cluster, a node or on the host network; `self` a pod to itself; `own-node` a pod and its node;
 * `unknown` see `unknown`.
 */
export type Because =
  | 'rule'
  | 'isolated'
  | 'default'
  | 'not-a-pod'
  | 'self'
  | 'own-node'
  | 'unknown';

export interface DirectionAnswer {
  readonly verdict: Verdict;
  readonly because: Because;
  /** Of what decided: tier, policy and rule; of an isolation the tier and the first of its policies by name; else absent. */
  readonly tier?: string;
  readonly policy?: PolicyId;
  readonly rule?: RuleId;
  /** What was met on the way, in the order of judgement. */
  readonly steps: readonly Step[];
  /** Why the verdict is unknown; empty when it is known. */
  readonly unknown: readonly string[];
}

export interface RuleId {
  /** From 0. */
  readonly index: number;
  readonly name?: string;
}

/** `accepts`, `denies`, `passes`: a rule that matched. `selects`: the policy isolates the pod and no rule of it matched. */
export interface Step {
  readonly effect: 'accepts' | 'denies' | 'passes' | 'selects';
  readonly tier: string;
  readonly policy: PolicyId;
  readonly rule?: RuleId;
}

/** Both ends included. */
export type PortRange = readonly [first: number, last: number];

/** Sorted, disjoint and not touching, so equal sets are equal data. */
export type Connections = Readonly<Record<PortProtocol, readonly PortRange[]>>;

/**
 * What one peer may open to another. Pairs with nothing in either set are left out, and so is a workload to itself.
 *
 * A peer is `namespace/owner[Kind]` or a range of outside addresses `first-last`. Where replicas of one owner differ, what holds for at
 * least one pair of pods is listed.
 */
export interface ConnectivityRow {
  readonly src: string;
  readonly dst: string;
  readonly connections: Connections;
  /** Ports whose verdict is unknown; absent when there are none. */
  readonly unknown?: Connections;
}
