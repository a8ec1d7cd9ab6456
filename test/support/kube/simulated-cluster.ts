import { startSimulator } from '../kube-simulator/server.ts';
import { clusterNetworkPolicyCrd } from './cluster-network-policy-crd.ts';
import { AGENT_USER, newToken, testCluster } from './test-cluster.ts';
import type { ClusterOptions, TestCluster } from './test-cluster.ts';

/** A cluster in this process, in memory: a few milliseconds, a few hundred kilobytes. */
export async function startSimulatedCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const [adminToken, agentToken] = [newToken(), newToken()];
  const { url, ca, stop } = await startSimulator({
    users: new Map([
      [adminToken, { name: 'admin', groups: ['system:masters'] }],
      [agentToken, { name: AGENT_USER, groups: ['system:authenticated'] }],
    ]),
  });
  const cluster = testCluster({ kind: 'simulated', url, ca, adminToken, agentToken, stop });
  for (const crd of options.crds ?? [clusterNetworkPolicyCrd]) {
    const { status, body } = await cluster.client.create(
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      crd,
    );
    if (status !== 201) throw new Error(`${crd.metadata.name}: ${String(body['message'])}`);
  }
  return cluster;
}
