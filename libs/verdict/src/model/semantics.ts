/** Where Kubernetes leaves the answer to the network plugin, or tools differ. Each is stated, none is guessed. */
export interface Semantics {
  /**
   * Pods on the host network are bound and picked like other pods. Default false: they are their node (Kubernetes documentation, Network
   * Policies, "NetworkPolicy and hostNetwork pods", the second and most common behaviour; ClusterNetworkPolicy demands it).
   */
  readonly hostNetworkAsPods: boolean;
  /** ipBlock and networks pick pods by address too. Default true, as ClusterNetworkPolicy says; false: outside addresses and nodes only. */
  readonly networksMatchPods: boolean;
  /** A pod's traffic to itself is judged like any other. Default false: a pod cannot block itself (Kubernetes documentation). */
  readonly judgeSelf: boolean;
  /** NetworkPolicy is applied between a pod and its own node. Default false: always allowed (Kubernetes documentation). */
  readonly judgeOwnNode: boolean;
  /** NetworkPolicy isolates ICMP like TCP. Default false: undefined (Kubernetes documentation), so the verdict is unknown. */
  readonly judgeIcmp: boolean;
  /** DNS domain of the cluster: names below it can mean pods, other names only outside addresses (NPEP-133, Expected Behavior). */
  readonly clusterDomain: string;
}

export const DEFAULT_SEMANTICS: Semantics = {
  hostNetworkAsPods: false,
  networksMatchPods: true,
  judgeSelf: false,
  judgeOwnNode: false,
  judgeIcmp: false,
  clusterDomain: 'cluster.local',
};
