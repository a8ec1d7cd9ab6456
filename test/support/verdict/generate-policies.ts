import { parsePolicies, type Inventory, type Policy, type Workload } from '@picket/verdict';

import { SeededRandom } from './seeded-random.ts';

/**
 * Manifests with the shape of real ones: for each workload who may call it and whom it calls, a default deny in many namespaces, DNS and
 * monitoring, some office networks, and a few cluster-wide ones.
 */
export function generateManifests(inventory: Inventory, count: number, seed: number): object[] {
  const random = new SeededRandom(seed);
  const source = new ManifestSource(inventory, random);
  const clusterWide = Math.min(40, Math.floor(count / 20));
  return Array.from({ length: count }, (_, index) => {
    if (index < clusterWide) return source.clusterNetworkPolicy(index);
    return random.isLucky(0.1) ? source.defaultDeny(index) : source.workloadPolicy(index);
  });
}

/** The same, read. */
export function generatePolicies(
  inventory: Inventory,
  count: number,
  seed: number,
): readonly Policy[] {
  const manifests = generateManifests(inventory, count, seed);
  const { policies, problems } = parsePolicies(
    manifests.map((value) => ({ file: 'generated', value })),
  );
  const [first] = problems.filter(({ severity }) => severity === 'error');
  if (first)
    throw new Error(`The generator made a policy that is refused: ${JSON.stringify(first)}`);
  return policies;
}

class ManifestSource {
  readonly #random: SeededRandom;
  readonly #namespaces: Inventory['namespaces'];
  /** One pod of each workload. */
  readonly #templates: readonly Workload[];
  readonly #byNamespace = new Map<string, Workload[]>();

  constructor({ namespaces, workloads }: Inventory, random: SeededRandom) {
    this.#random = random;
    this.#namespaces = namespaces;
    this.#templates = [...new Map(workloads.map((each) => [each.owner, each])).values()];
    for (const template of this.#templates) {
      const list = this.#byNamespace.get(template.namespace) ?? [];
      this.#byNamespace.set(template.namespace, [...list, template]);
    }
  }

  workloadPolicy(index: number): object {
    const random = this.#random;
    const template = random.pick(this.#templates);
    const { namespace, labels } = template;
    const isEgress = random.isLucky(0.4);
    const spec = {
      podSelector: { matchLabels: pickLabel(labels, random.isLucky(0.9) ? 'name' : 'component') },
      policyTypes: isEgress ? ['Ingress', 'Egress'] : ['Ingress'],
      ingress: Array.from({ length: 1 + random.below(3) }, () => this.#ingressRule(template)),
      ...(isEgress && { egress: [DNS, ...this.#egressRules(namespace)] }),
    };
    return networkPolicy(namespace, `allow-${index}`, spec);
  }

  defaultDeny(index: number): object {
    const { name } = this.#random.pick(this.#namespaces);
    const policyTypes = this.#random.isLucky(0.7) ? ['Ingress'] : ['Ingress', 'Egress'];
    return networkPolicy(name, `default-deny-${index}`, { podSelector: {}, policyTypes });
  }

  clusterNetworkPolicy(index: number): object {
    const random = this.#random;
    const isAdmin = random.isLucky(0.8);
    return {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: `guard-${index}` },
      spec: {
        tier: isAdmin ? 'Admin' : 'Baseline',
        priority: index,
        subject: { namespaces: { matchLabels: { team: this.#team() } } },
        ingress: [
          {
            name: 'monitoring',
            action: 'Accept',
            from: [{ namespaces: { matchLabels: { team: 'edge' } } }],
            protocols: [{ tcp: { destinationPort: { number: 9100 } } }],
          },
          {
            name: 'no-dev',
            action: isAdmin && random.isLucky(0.5) ? 'Pass' : 'Deny',
            from: [{ namespaces: { matchLabels: { environment: 'dev', team: this.#team() } } }],
          },
        ],
        egress: [{ name: 'metadata', action: 'Deny', to: [{ networks: ['169.254.169.254/32'] }] }],
      },
    };
  }

  #ingressRule(template: Workload): object {
    const random = this.#random;
    const ports = [this.#port(template)];
    const dice = random.next();
    if (dice < 0.5) return { from: [this.#neighbour(template.namespace)], ports };
    if (dice < 0.75) {
      const matchLabels = { team: this.#team(), environment: 'prod' };
      const podSelector = { matchLabels: { 'app.kubernetes.io/component': 'gateway' } };
      return { from: [{ namespaceSelector: { matchLabels }, podSelector }], ports };
    }
    if (dice < 0.85) {
      const { name } = random.pick(this.#namespaces);
      const matchLabels = { 'kubernetes.io/metadata.name': name };
      return { from: [{ namespaceSelector: { matchLabels } }], ports };
    }
    if (dice < 0.95) return { from: [{ ipBlock: this.#office() }], ports };
    return { ports: [{ port: 9100 }] };
  }

  #egressRules(namespace: string): object[] {
    return Array.from({ length: 1 + this.#random.below(2) }, () =>
      this.#random.isLucky(0.8)
        ? { to: [this.#neighbour(namespace)] }
        : { to: [{ ipBlock: this.#office() }], ports: [{ port: 443 }] },
    );
  }

  #neighbour(namespace: string): object {
    const { labels } = this.#random.pick(this.#byNamespace.get(namespace) ?? this.#templates);
    return { podSelector: { matchLabels: pickLabel(labels, 'name') } };
  }

  #port({ ports }: Workload): object {
    const [first] = ports;
    const random = this.#random;
    if (random.isLucky(0.2) && first?.name) return { port: first.name, protocol: first.protocol };
    if (random.isLucky(0.1)) return { port: 8000, endPort: 8100 };
    return { port: first?.port ?? 80, protocol: first?.protocol ?? 'TCP' };
  }

  /** One of some hundred networks, or everything but the cluster. */
  #office(): object {
    const random = this.#random;
    if (random.isLucky(0.2)) return { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '192.168.0.0/16'] };
    return { cidr: `203.${random.below(20)}.${random.below(10)}.0/24` };
  }

  #team(): string {
    return this.#random.pick(this.#namespaces).labels['team'] ?? '';
  }
}

const DNS = { to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] };

function pickLabel(labels: Workload['labels'], name: string): Record<string, string> {
  const key = `app.kubernetes.io/${name}`;
  return { [key]: labels[key] ?? '' };
}

function networkPolicy(namespace: string, name: string, spec: object): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name },
    spec,
  };
}
