import type { Because, RuleId, Step, Verdict } from '../model/answer.ts';
import type { Flow } from '../model/flow.ts';
import type { Direction, PolicyId } from '../model/policy.ts';

/** Why a flow is allowed or not, end by end, and what would allow it. Plain data: `explanationText` puts it into words. */
export interface Explanation {
  readonly flow: Flow;
  readonly verdict: Verdict;
  /** The source's end: may it send? */
  readonly egress: ExplainedDirection;
  /** The destination's end: may it receive? */
  readonly ingress: ExplainedDirection;
  /** Only for a denied flow. */
  readonly remedy?: Remedy;
}

export interface ExplainedDirection {
  readonly verdict: Verdict;
  readonly because: Because;
  /** Tier, policy and rule that decided; of an isolation the tier only, its policies are the reasons; absent where nothing did. */
  readonly tier?: string;
  readonly policy?: PolicyId;
  readonly rule?: RuleId;
  /**
   * Rules that passed, in the order of judgement, then what decided: of several NetworkPolicies each once, those that allow with their
   * first matching rule, those that isolate (`selects`) without one.
   */
  readonly reasons: readonly Step[];
  /** Why the verdict is unknown; empty when it is known. */
  readonly unknown: readonly string[];
}

/** The nearest change that allows a denied flow. Additions alone allow it when there are no blockers. */
export interface Remedy {
  /** For each end that denies and can be opened by a NetworkPolicy: the smallest one. Applied together they are proven to allow the flow. */
  readonly additions: readonly Addition[];
  /** What no new NetworkPolicy can override; empty when the additions suffice. */
  readonly blockers: readonly Blocker[];
}

/** A NetworkPolicy to add, and everything that it does (what it does to ICMP and a pod's own node, no NetworkPolicy says). */
export interface Addition {
  readonly direction: Direction;
  readonly manifest: NetworkPolicyManifest;
  /** Workloads as `namespace/name` that it binds: the flow's own end, and others whose labels are the same. */
  readonly binds: readonly string[];
  /** Peers that it lets in or out, as `namespace/name` or CIDR: the flow's other end, and others whose labels are the same. */
  readonly peers: readonly string[];
  /**
   * True when no NetworkPolicy isolates the end yet (the denial is the Baseline tier's): from then on everything else that NetworkPolicies
   * do not allow is denied to what it binds, and the Baseline tier is not asked any more.
   */
  readonly isolates: boolean;
}

/** A NetworkPolicy `networking.k8s.io/v1` as JSON, ready for `kubectl apply`. */
export interface NetworkPolicyManifest {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A denial that stands above NetworkPolicies, or that they cannot express an exception from. */
export interface Blocker {
  readonly direction: Direction;
  /** Absent where the reason is none of these, such as a peer whose address is not known. */
  readonly tier?: string;
  readonly policy?: PolicyId;
  readonly rule?: RuleId;
  readonly reason: string;
}
