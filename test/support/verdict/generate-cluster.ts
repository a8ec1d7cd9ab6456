import {
  completeInventory,
  type ContainerPort,
  type Inventory,
  type Workload,
} from '@picket/verdict';

import { SeededRandom } from './seeded-random.ts';

export interface ClusterSize {
  readonly seed: number;
  readonly pods: number;
  /** Deployments, StatefulSets and DaemonSets: pods of one are alike, so this is about the number of label classes. */
  readonly workloads: number;
  readonly namespaces: number;
  readonly nodes: number;
}

const TEAMS = ['payments', 'search', 'identity', 'data', 'edge', 'mobile', 'ledger', 'growth'];
const ENVIRONMENTS = ['prod', 'prod', 'staging', 'dev'];
const COMPONENTS = ['api', 'web', 'worker', 'db', 'cache', 'queue', 'cron', 'gateway'];
const PORTS: readonly ContainerPort[] = [
  { name: 'http', protocol: 'TCP', port: 8080 },
  { name: 'https', protocol: 'TCP', port: 8443 },
  { name: 'grpc', protocol: 'TCP', port: 9090 },
  { name: 'metrics', protocol: 'TCP', port: 9100 },
  { name: 'postgres', protocol: 'TCP', port: 5432 },
  { name: 'redis', protocol: 'TCP', port: 6379 },
  { name: 'dns', protocol: 'UDP', port: 53 },
];

/**
 * A cluster with the shape of real ones: few big and many small workloads, the recommended labels, and on each pod labels that no policy
 * asks for (template hash, name in the StatefulSet). Pods have addresses of 10.0.0.0/8, nodes of 192.168.0.0/16.
 */
export function generateCluster(size: ClusterSize): Inventory {
  const random = new SeededRandom(size.seed);
  const namespaces = Array.from({ length: size.namespaces }, (_, index) => {
    const team = random.pick(TEAMS);
    const name = `${team}-${index}`;
    const environment = random.pick(ENVIRONMENTS);
    return { name, labels: { 'kubernetes.io/metadata.name': name, team, environment } };
  });
  const nodes = Array.from({ length: size.nodes }, (_, index) => ({
    name: `node-${index}`,
    labels: {
      'kubernetes.io/hostname': `node-${index}`,
      'topology.kubernetes.io/zone': `zone-${index % 3}`,
    },
    addresses: [`192.168.${index >> 8}.${index & 255}`],
  }));
  const replicas = replicasOf(size, random);
  let address = 10 * 2 ** 24;
  const workloads = replicas.flatMap((count, index): Workload[] => {
    const template = templateOf(index, random.pickSkewed(namespaces).name, random);
    return Array.from({ length: count }, (_, replica) =>
      podOf(template, replica, addressText(address++), random.pick(nodes).name),
    );
  });
  return completeInventory({ namespaces, workloads, nodes, services: [] });
}

/** Skewed: a tenth of the workloads has half of the pods. Each has at least one. */
function replicasOf({ pods, workloads }: ClusterSize, random: SeededRandom): number[] {
  const replicas = Array.from({ length: workloads }, () => 1);
  for (let left = pods - workloads; left > 0; left--) {
    const index = Math.floor(workloads * random.next() ** 3);
    replicas[index] = (replicas[index] ?? 0) + 1;
  }
  return replicas;
}

interface Template {
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'ReplicaSet' | 'StatefulSet';
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly ContainerPort[];
  readonly serviceAccount: string;
}

function templateOf(index: number, namespace: string, random: SeededRandom): Template {
  const component = random.pick(COMPONENTS);
  const name = `${component}-${index}`;
  const hash = random.below(2 ** 31).toString(36);
  return {
    namespace,
    name: `${name}-${hash}`,
    kind: component === 'db' || component === 'queue' ? 'StatefulSet' : 'ReplicaSet',
    labels: {
      'app.kubernetes.io/name': name,
      'app.kubernetes.io/instance': `${name}-${namespace}`,
      'app.kubernetes.io/component': component,
      'app.kubernetes.io/version': `1.${random.below(20)}.${random.below(10)}`,
      'pod-template-hash': hash,
    },
    ports: [random.pick(PORTS), random.pick(PORTS)],
    serviceAccount: random.isLucky(0.5) ? name : 'default',
  };
}

function podOf(template: Template, replica: number, address: string, node: string): Workload {
  const { namespace, name, kind, labels, ports, serviceAccount } = template;
  const podName = `${name}-${replica}`;
  return {
    namespace,
    name: podName,
    kind: 'Pod',
    owner: `${namespace}/${name}[${kind}]`,
    labels:
      kind === 'StatefulSet'
        ? { ...labels, 'statefulset.kubernetes.io/pod-name': podName }
        : { ...labels },
    ports,
    serviceAccount,
    hostNetwork: false,
    addresses: [address],
    node,
  };
}

function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}
