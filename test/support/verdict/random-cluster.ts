import type { Flow, SourceObject } from '@picket/verdict';
import * as fc from 'fast-check';

// A small world, so that selectors, ports and networks often meet.
const NAMESPACES = ['one', 'two'];
const WORKLOADS = ['a', 'b', 'c'];
const OUTSIDE = ['192.0.2.1', '192.0.2.200', '198.51.100.1', '2001:db8::1'];
const CIDRS = ['192.0.2.0/24', '192.0.2.0/25', '0.0.0.0/0', '10.0.0.0/30', '2001:db8::/32', '::/0'];

const key = fc.constantFrom('app', 'tier');
const value = fc.constantFrom('a', 'b');
const labels = fc.dictionary(key, value, { maxKeys: 2 });
const selector = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.record({ matchLabels: labels }),
  fc.record({
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({
          key,
          operator: fc.constantFrom('In', 'NotIn'),
          values: fc.array(value, { minLength: 1, maxLength: 2 }),
        }),
        fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
      ),
      { maxLength: 2 },
    ),
  }),
);
const cidr = fc.constantFrom(...CIDRS);
const port = fc.constantFrom(80, 443, 8080);
const protocol = fc.constantFrom('TCP', 'UDP');

const pod = fc
  .record({
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom(...WORKLOADS),
    labels,
    named: fc.option(fc.record({ port, protocol })),
    address: fc.option(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4')),
  })
  .map(({ namespace, name, labels: own, named, address }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: own },
    spec: {
      containers: [
        {
          ports: named
            ? [{ name: 'main', containerPort: named.port, protocol: named.protocol }]
            : [],
        },
      ],
    },
    status: address === null ? {} : { podIP: address },
  }));

const namespace = fc
  .record({ name: fc.constantFrom(...NAMESPACES), labels })
  .map((metadata) => ({ apiVersion: 'v1', kind: 'Namespace', metadata }));

/** Item of `from` or `to` of a NetworkPolicy. */
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ namespaceSelector: selector, podSelector: selector }),
  fc.record({ ipBlock: fc.record({ cidr }) }),
);
const npPort = fc.oneof(
  fc.record({ protocol, port }),
  fc.record({ protocol, port: fc.constant('main') }),
  fc.record({ protocol }),
  fc.record({ protocol, port: fc.constant(80), endPort: port.filter((end) => end >= 80) }),
);
const peers = fc.array(peer, { maxLength: 2 });
const npPorts = fc.oneof(fc.constant([]), fc.array(npPort, { maxLength: 2 }));

/** A rule of a NetworkPolicy: for ingress with `from`, for egress with `to`. */
export const ingressRule = fc.record({ from: peers, ports: npPorts });
const egressRule = fc.record({ to: peers, ports: npPorts });

/** A NetworkPolicy without its name. */
export const networkPolicy = fc
  .record({
    namespace: fc.constantFrom(...NAMESPACES),
    podSelector: selector,
    policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
    ingress: fc.array(ingressRule, { maxLength: 2 }),
    egress: fc.array(egressRule, { maxLength: 2 }),
  })
  .map(({ namespace: own, ...spec }) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: own },
    spec,
  }));

const clusterPods = fc.oneof(
  fc.record({ namespaces: selector }),
  fc.record({ pods: fc.record({ namespaceSelector: selector, podSelector: selector }) }),
);
const protocols = fc.option(
  fc.array(
    fc.oneof(
      fc.constant({ tcp: { destinationPort: { range: { start: 1, end: 65_535 } } } }),
      fc.record({ udp: fc.record({ destinationPort: fc.record({ number: port }) }) }),
      fc.record({ tcp: fc.record({ destinationPort: fc.record({ number: port }) }) }),
      fc.constant({ tcp: { destinationPort: { range: { start: 80, end: 8080 } } } }),
    ),
    { minLength: 1, maxLength: 2 },
  ),
  { nil: undefined, freq: 1 },
);
const action = fc.constantFrom('Accept', 'Deny', 'Pass');
const clusterIngress = fc.record({
  action,
  from: fc.array(clusterPods, { minLength: 1, maxLength: 2 }),
  protocols,
});
const clusterEgress = fc.record({
  action,
  to: fc.array(
    fc.oneof(
      clusterPods,
      fc.record({ networks: fc.uniqueArray(cidr, { minLength: 1, maxLength: 2 }) }),
    ),
    { minLength: 1, maxLength: 2 },
  ),
  protocols,
});

const clusterPolicy = fc
  .record({
    tier: fc.constantFrom('Admin', 'Baseline'),
    priority: fc.integer({ min: 1, max: 2 }),
    subject: clusterPods,
    ingress: fc.array(clusterIngress, { maxLength: 3 }),
    egress: fc.array(clusterEgress, { maxLength: 3 }),
  })
  .map((spec) => ({
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: {},
    spec,
  }));

interface Named {
  readonly metadata: object;
}

function numbered(objects: readonly Named[]): SourceObject[] {
  return objects.map((object, index) => ({
    value: { ...object, metadata: { ...object.metadata, name: `p${index}` } },
  }));
}

/** Objects of a small cluster, with pods of distinct names and addresses that are partly unknown. */
export const inventoryObjects: fc.Arbitrary<SourceObject[]> = fc
  .tuple(
    fc.uniqueArray(namespace, { selector: ({ metadata }) => metadata.name }),
    fc.uniqueArray(pod, {
      minLength: 2,
      maxLength: 5,
      comparator: (a, b) =>
        (a.metadata.namespace === b.metadata.namespace && a.metadata.name === b.metadata.name) ||
        ('podIP' in a.status && 'podIP' in b.status && a.status.podIP === b.status.podIP),
    }),
  )
  .map(([namespaces, pods]) => [...namespaces, ...pods].map((value) => ({ value })));

/** NetworkPolicies and ClusterNetworkPolicies, equal priorities included. */
export const policyObjects: fc.Arbitrary<SourceObject[]> = fc
  .tuple(fc.array(networkPolicy, { maxLength: 4 }), fc.array(clusterPolicy, { maxLength: 4 }))
  .map(([namespaced, clusterWide]) => [...numbered(namespaced), ...numbered(clusterWide)]);

/** Flows between the peers that are given as `namespace/name` and outside addresses; at most one end is outside. */
export function flowsBetween(workloads: readonly string[]): fc.Arbitrary<Flow> {
  const inside = fc.constantFrom(...workloads.map((workload) => ({ workload })));
  const any = fc.oneof(inside, fc.constantFrom(...OUTSIDE.map((address) => ({ address }))));
  return fc
    .record({
      inside,
      any,
      isOut: fc.boolean(),
      protocol,
      port: fc.constantFrom(79, 80, 443, 8080, 8081),
    })
    .filter(({ inside: one, any: other }) => JSON.stringify(one) !== JSON.stringify(other))
    .map(({ inside: one, any: other, isOut, protocol: proto, port: to }) => ({
      src: isOut ? one : other,
      dst: isOut ? other : one,
      protocol: proto as Flow['protocol'],
      port: to,
    }));
}
