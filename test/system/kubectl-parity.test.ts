import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import {
  type TestCluster,
  startRealCluster,
  startSimulatedCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(120_000);

const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop, labels: { app: web } }
spec:
  podSelector: { matchLabels: { app: web } }
  policyTypes: [Ingress]
  ingress:
    - from: [{ podSelector: {} }, { namespaceSelector: { matchLabels: { team: a } } }, { ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] } }]
      ports: [{ port: 80 }, { port: 53, protocol: UDP }]
`;
const files: Readonly<Record<string, string>> = {
  'policy.yaml': policy,
  'changed.yaml': policy.replace('port: 80', 'port: 8080'),
  'replaced.yaml': policy.replace('port: 80', 'port: 9090'),
  'other.yaml': policy
    .replace('name: web', 'name: other')
    .replace(
      'matchLabels: { app: web }',
      'matchExpressions: [{ key: app, operator: NotIn, values: [web] }]',
    ),
  'invalid.yaml': policy.replace('cidr: 10.0.0.0/8', 'cidr: ten'),
  'typo.yaml': policy.replace('policyTypes', 'policyType'),
  'cluster-wide.yaml': `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: metadata-service }
spec: { tier: Admin, priority: 5, subject: { namespaces: {} }, egress: [{ action: Deny, to: [{ networks: [169.254.169.254/32] }] }] }
`,
};

/** What people type, in this order. */
const commands = [
  'create namespace shop',
  'create namespace shop',
  'label namespace shop tenant=shop',
  'label namespace shop tenant=shop',
  'label namespace shop tenant=other',
  'annotate namespace shop note=x',
  'get namespace shop -o name',
  'get namespaces -l tenant=shop',
  'apply -f policy.yaml',
  'apply -f policy.yaml',
  'apply -f changed.yaml',
  'apply -f invalid.yaml',
  'apply -f typo.yaml',
  'apply --server-side -f other.yaml',
  'apply --server-side -f changed.yaml',
  'create -f policy.yaml',
  'replace -f replaced.yaml',
  'diff -f replaced.yaml',
  'apply --dry-run=server -f changed.yaml',
  'get networkpolicies -A',
  'get netpol -n shop',
  'get netpol -n shop -o wide',
  'get netpol web -n shop --show-labels',
  'get netpol -n shop -l app=web -o name',
  'get netpol web -n shop -o jsonpath={.spec}',
  'get networkpolicies',
  'get netpol nothing -n shop',
  'get nothing',
  'describe networkpolicy -n shop',
  'patch netpol web -n shop -p {"metadata":{"labels":{"app":"new"}}}',
  'patch netpol web -n shop --type=json -p [{"op":"remove","path":"/metadata/labels/app"}]',
  'apply -f cluster-wide.yaml',
  'get clusternetworkpolicies',
  'get cnp metadata-service -o jsonpath={.spec.tier}',
  'get cnp metadata-service -o jsonpath={.spec}',
  'delete -f cluster-wide.yaml',
  'auth can-i delete networkpolicies',
  'delete netpol other -n shop',
  'delete netpol --all -n shop',
  'delete netpol other -n shop',
  'delete namespace shop',
  'get namespace shop',
];

describeWith(kubeApiserver, 'kubectl says the same of a simulated cluster as of a real one', () => {
  let folder: string;
  let clusters: readonly TestCluster[];
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'picket-kubectl-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    clusters = await Promise.all([startRealCluster(), startSimulatedCluster()]);
    for (const cluster of clusters)
      writeFileSync(path.join(folder, cluster.kind), cluster.kubeconfig(), { mode: 0o600 });
  }, 180_000);
  afterAll(async () => {
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(commands.map((command, index) => [index + 1, command] as const))(
    '%i: %s',
    async (_, command) => {
      const [real, simulated] = await Promise.all(
        clusters.map(({ kind }) => kubectl(kind, command)),
      );

      expect(simulated).toEqual(real);
    },
  );

  /** Exit code and words, but for what differs from run to run. */
  function kubectl(kind: string, command: string): Promise<readonly [number, string]> {
    const program = path.join(process.env['PICKET_TEST_KUBE_ASSETS'] ?? '', 'kubectl');
    const cache = path.join(folder, `${kind}-cache`);
    return new Promise((resolve) => {
      execFile(
        program,
        ['--kubeconfig', path.join(folder, kind), '--cache-dir', cache, ...command.split(' ')],
        { cwd: folder },
        (error, stdout, stderr) =>
          resolve([error ? Number(error.code) : 0, timeless(stdout + stderr)]),
      );
    });
  }
});

function timeless(text: string): string {
  return (
    text
      .replaceAll(/ +\d+s\b/g, ' AGE')
      .replaceAll(/ +/g, ' ')
      // Only the real one gives the parts of a schema names of their own.
      .replaceAll(/ in io\.k8s\.api\.networking\.v1\.\S+;/g, ';')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| \+0000 UTC)/g, 'TIME')
  );
}
