import { randomBytes } from 'node:crypto';

import { KubeClient } from './kube-client.ts';

/** One Kubernetes cluster for a test, real or simulated: the same to whoever uses it. */
export interface TestCluster {
  readonly kind: 'real' | 'simulated';
  readonly url: string;
  /** PEM that the server's certificate is checked with. */
  readonly ca: string;
  readonly adminToken: string;
  /** A user without any group: it may do only what RBAC of the test binds to `agentUser`. */
  readonly agentToken: string;
  readonly agentUser: string;
  /** The API as the administrator. */
  readonly client: KubeClient;
  as(token: string): KubeClient;
  /** A kubeconfig file's text; the administrator's unless a token is given. */
  kubeconfig(token?: string): string;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** CustomResourceDefinitions that are served before the cluster is handed out. Default: ClusterNetworkPolicy. */
  readonly crds?: readonly { readonly metadata: { readonly name: string } }[];
}

export const AGENT_USER = 'picket-agent';

export function newToken(): string {
  return randomBytes(16).toString('hex');
}

interface Parts {
  readonly kind: TestCluster['kind'];
  readonly url: string;
  readonly ca: string;
  readonly adminToken: string;
  readonly agentToken: string;
  stop(): Promise<void>;
}

/** What real and simulated clusters have in common. */
export function testCluster(parts: Parts): TestCluster {
  const { url, ca, adminToken } = parts;
  const as = (token: string): KubeClient => new KubeClient(url, token, ca);
  return {
    ...parts,
    agentUser: AGENT_USER,
    client: as(adminToken),
    as,
    kubeconfig: (token = adminToken) => kubeconfig(url, ca, token),
  };
}

/** JSON, which is YAML too. */
function kubeconfig(server: string, ca: string, token: string): string {
  const trust = { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'picket',
    clusters: [{ name: 'picket', cluster: { server, ...trust } }],
    users: [{ name: 'picket', user: { token } }],
    contexts: [{ name: 'picket', context: { cluster: 'picket', user: 'picket' } }],
  });
}
