import { expect } from '@jest/globals';

import type { KubeBody, TestCluster } from '../kube/index.ts';
import { eventually } from './eventually.ts';
import { bindAgentRole, JoinedCluster } from './joined-cluster.ts';
import { type Data, TestHub } from './test-hub.ts';

/** What selects the objects with our mark. */
export const OURS = 'labelSelector=app.kubernetes.io/managed-by=picket';
export const CNPS = '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies';

export function policies(namespace: string): string {
  return `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
}

/** A blueprint and its assignment to the clusters of one label; `allowFrom` is what a later version changes. */
export function documents(name: string, { allowFrom = 'web', more = '' } = {}): string {
  return `
apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: ${name} }
spec:
  clusterPolicies:
    - name: ${name}-no-metadata
      spec:
        tier: Admin
        priority: 10
        subject: { namespaces: {} }
        egress:
          - { name: metadata, action: Deny, to: [{ networks: [169.254.169.254/32] }] }
  namespacePolicies:
    - name: ${name}-default-deny
      namespaceSelector: { matchLabels: { suite: ${name} } }
      spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
    - name: ${name}-allow
      namespaceSelector: { matchLabels: { suite: ${name} } }
      spec:
        podSelector: {}
        policyTypes: [Ingress]
        ingress: [{ from: [{ podSelector: { matchLabels: { app: ${allowFrom} } } }] }]
${more}
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: { matchLabels: { suite: ${name} } } }
`;
}

export interface Scene {
  /** Of the cluster, of its label `suite` and of its namespace. */
  readonly name: string;
  readonly member: JoinedCluster;
}

/** A hub and a cluster, and on it one scene after the other: two agents on one cluster would prune each other's objects. */
export class AgentScenes {
  readonly hub: TestHub;
  readonly cluster: TestCluster;
  readonly #joined: JoinedCluster[] = [];
  #count = 0;

  private constructor(hub: TestHub, cluster: TestCluster) {
    this.hub = hub;
    this.cluster = cluster;
  }

  static async start(start: () => Promise<TestCluster>): Promise<AgentScenes> {
    const [hub, cluster] = await Promise.all([TestHub.start(), start()]);
    await bindAgentRole(cluster);
    return new AgentScenes(hub, cluster);
  }

  /** Ends the scene: its agent leaves. */
  async end(): Promise<void> {
    await Promise.all(this.#joined.splice(0).map((member) => member.leave()));
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.hub.stop();
  }

  async createNamespace(name: string, labels: object = {}): Promise<void> {
    const { status } = await this.cluster.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
    expect(status).toBe(201);
  }

  /** A name of its own per test, a namespace of that name, and a joined cluster whose label is the name. */
  async scene(project?: string): Promise<Scene> {
    const name = `s${(this.#count += 1)}`;
    await this.createNamespace(name, { suite: name });
    const member = await JoinedCluster.join(this.hub, this.cluster, {
      name,
      labels: { suite: name },
      ...(project && { project }),
    });
    this.#joined.push(member);
    return { name, member };
  }

  /** A scene whose blueprint is applied. */
  async settled(more: (name: string) => string = () => ''): Promise<Scene> {
    const { name, member } = await this.scene();
    await this.hub.apply(documents(name, { more: more(name) }));
    await eventually(async () => {
      const { status } = await member.read();
      expect(status.phase).toBe('APPLIED');
      expect(status.counts.applied).toBeGreaterThan(2);
    });
    return { name, member };
  }

  /** Names of the objects with our mark, sorted. */
  async names(path: string): Promise<string[]> {
    const { body } = await this.cluster.client.get(`${path}?${OURS}`);
    return body['items'].map(({ metadata }: KubeBody) => metadata.name).toSorted();
  }

  untilPhase(member: JoinedCluster, phase: string): Promise<Data> {
    return eventually(async () => {
      const read = await member.read();
      expect(read).toMatchObject({ status: { phase } });
      return read;
    });
  }

  async unassign(name: string): Promise<void> {
    const { assignments } = await this.hub.ask(
      `{ assignments(first: 100) { edges { node { id name } } } }`,
    );
    const { node } = assignments.edges.find((edge: Data) => edge['node'].name === name);
    await this.hub.ask(
      `mutation ($input: DeleteAssignmentInput!) { deleteAssignment(input: $input) }`,
      { input: { assignmentId: node.id } },
    );
  }
}
