export { clusterNetworkPolicyCrd } from './cluster-network-policy-crd.ts';
export { fieldProblems } from './field-problems.ts';
export { findKubeAssets } from './kube-assets.ts';
export { KubeClient } from './kube-client.ts';
export type { KubeBody, KubeResponse, KubeWatch } from './kube-client.ts';
export { kustomize, kustomizeReadme } from './kustomize.ts';
export { startRealCluster } from './real-cluster.ts';
export { startSimulatedCluster } from './simulated-cluster.ts';
export type { ClusterOptions, TestCluster } from './test-cluster.ts';
