/** Clusters that have an assignment of their own, so that a change touches one. */
export const SINGLES = 10;

/** What every cluster of the fleet says of itself. */
export const capabilities = {
  kubernetesVersion: 'v1.33.0',
  cni: null,
  apis: {
    'networking.k8s.io/v1/NetworkPolicy': { enforced: null, fields: null },
    'policy.networking.k8s.io/v1alpha2/ClusterNetworkPolicy': { enforced: null, fields: null },
  },
};

/** Two assignments' worth of policies for every cluster, about 4 KB as JSON; `port` tells one publish from the next. */
export function baseline(port: number): string {
  const allow = Array.from(
    { length: 10 },
    (_, index) => `
    - name: allow-${index}
      namespaceSelector: { matchLabels: { tenant: t${index} } }
      spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{ ports: [{ port: ${port + index} }] }] }`,
  );
  return `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: baseline }
spec:
  clusterPolicies:
    - name: metadata
      spec: { tier: Admin, priority: 10, subject: { namespaces: {} }, egress: [{ action: Deny, to: [{ networks: [169.254.169.254/32] }] }] }
  namespacePolicies:
    - name: deny
      namespaceSelector: {}
      spec: { podSelector: {}, policyTypes: [Ingress, Egress] }${allow.join('')}
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: baseline }
spec: { blueprint: baseline, clusterSelector: {} }
`;
}

/** One blueprint with an assignment of its own for each of the first clusters, so that a change can touch one. */
export const single = `apiVersion: picket.dev/v1alpha1
kind: Blueprint
metadata: { name: single }
spec:
  parameters: [{ name: port, type: number, required: true }]
  namespacePolicies:
    - name: single
      namespaceSelector: {}
      spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{ ports: [{ port: '\${port}' }] }] }
${Array.from(
  { length: SINGLES },
  (_, index) => `---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: single-${index} }
spec: { blueprint: single, clusterSelector: { matchLabels: { single: "${index}" } }, parameters: { port: 1 } }
`,
).join('')}`;
