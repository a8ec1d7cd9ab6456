import { stringify } from 'yaml';

import type { Approvers } from './approval.ts';
import { stateSecretNames } from './state-secrets.ts';

export interface AgentManifestInput {
  readonly hubUrl: string;
  readonly image: string;
  readonly joinToken: string;
  /** Whose approval this cluster wants from now on; absent: nobody's. They are for the person who applies the manifest to compare. */
  readonly approvers?: Approvers | undefined;
}

const NAMESPACE = 'picket-system';
const LABELS = { 'app.kubernetes.io/name': 'picket-agent', 'app.kubernetes.io/part-of': 'picket' };
/** Pod Security Admission: every level but this one refuses the host network. */
const ADMITS_HOST_NETWORK = { 'pod-security.kubernetes.io/enforce': 'privileged' };
const HEALTH_PORT = 9641;
const POLICY_VERBS = ['get', 'list', 'watch', 'create', 'patch', 'delete'];

/** What the agent may do over the whole cluster: policy kinds and looking at namespaces, nothing else. */
export const AGENT_CLUSTER_RULES = [
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: POLICY_VERBS },
  {
    apiGroups: ['policy.networking.k8s.io'],
    resources: ['clusternetworkpolicies'],
    verbs: POLICY_VERBS,
  },
  {
    apiGroups: ['cilium.io'],
    resources: ['ciliumnetworkpolicies', 'ciliumclusterwidenetworkpolicies'],
    verbs: POLICY_VERBS,
  },
  {
    apiGroups: ['projectcalico.org'],
    resources: ['networkpolicies', 'globalnetworkpolicies', 'tiers'],
    verbs: POLICY_VERBS,
  },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] },
  { nonResourceURLs: ['/version', '/apis/*', '/openapi/*'], verbs: ['get'] },
] as const;

/** What the agent may do in its own namespace: its state and its lease. */
export const AGENT_NAMESPACE_RULES = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  // Identity and last set are Secrets of these names; other Secrets of the namespace stay closed.
  {
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: ['identity', 'set'].flatMap((name) => {
      const { first, a, b } = stateSecretNames(name);
      return [first, ...a, ...b];
    }),
    verbs: ['get', 'patch'],
  },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: ['picket-agent'],
    verbs: ['get', 'update'],
  },
] as const;

/** The objects of {@link agentManifest}, in the order in which they must be applied. */
export function agentObjects({
  hubUrl,
  image,
  joinToken,
  approvers,
}: AgentManifestInput): object[] {
  const meta = { namespace: NAMESPACE, name: 'picket-agent', labels: LABELS };
  const global = { name: 'picket-agent', labels: LABELS };
  const subjects = [{ kind: 'ServiceAccount', namespace: NAMESPACE, name: 'picket-agent' }];
  const roleRef = (kind: string): object => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind,
    name: 'picket-agent',
  });
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE, labels: { ...LABELS, ...ADMITS_HOST_NETWORK } },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: global,
      rules: AGENT_CLUSTER_RULES,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: global,
      roleRef: roleRef('ClusterRole'),
      subjects,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: meta,
      rules: AGENT_NAMESPACE_RULES,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: meta,
      roleRef: roleRef('Role'),
      subjects,
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...meta, name: 'picket-agent-join' },
      type: 'Opaque',
      stringData: { token: joinToken },
    },
    deployment(image, meta, [
      '--hub',
      hubUrl,
      '--token-file',
      '/var/run/picket/token',
      '--state-dir',
      '/var/lib/picket',
      '--listen',
      `127.0.0.1:${HEALTH_PORT}`,
      ...approverArgs(approvers),
    ]),
  ];
}

/** Everything that a cluster needs to join: `kubectl apply -f -`. Holds the one-time join token, so it is as secret as that. */
export function agentManifest(input: AgentManifestInput): string {
  return agentObjects(input)
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}

function approverArgs({ keys, needed }: Approvers = { keys: [], needed: 1 }): string[] {
  if (keys.length === 0) return [];
  return [
    ...keys.flatMap(({ name, publicKey }) => ['--approver-key', `${name}=${publicKey}`]),
    '--approvals-needed',
    String(needed),
  ];
}

function deployment(image: string, metadata: object, args: readonly string[]): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 2,
      // On the host network two replicas cannot share a node: the old one makes room before the new one comes.
      strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      selector: { matchLabels: { 'app.kubernetes.io/name': 'picket-agent' } },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: 'picket-agent',
          // A policy cannot cut off a pod on the host network: the agent must outlive every policy it applies (decision 9).
          hostNetwork: true,
          dnsPolicy: 'ClusterFirstWithHostNet',
          priorityClassName: 'system-cluster-critical',
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_532,
            runAsGroup: 65_532,
            fsGroup: 65_532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'agent',
              image,
              args,
              ports: [{ name: 'health', containerPort: HEALTH_PORT }],
              livenessProbe: probe('/healthz'),
              readinessProbe: probe('/readyz'),
              env: [
                { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                {
                  name: 'POD_NAMESPACE',
                  valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } },
                },
              ],
              resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '256Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [
                { name: 'join', mountPath: '/var/run/picket', readOnly: true },
                { name: 'spool', mountPath: '/var/lib/picket' },
              ],
            },
          ],
          volumes: [
            { name: 'join', secret: { secretName: 'picket-agent-join', defaultMode: 0o440 } },
            { name: 'spool', emptyDir: { sizeLimit: '64Mi' } },
          ],
          tolerations: [{ operator: 'Exists' }],
        },
      },
    },
  };
}

/** The kubelet is on the host network too, so loopback is where it finds the agent. */
function probe(path: string): object {
  return { httpGet: { host: '127.0.0.1', path, port: HEALTH_PORT }, periodSeconds: 10 };
}
