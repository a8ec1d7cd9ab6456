// ClusterNetworkPolicy v1alpha2 as its API defines it, without the experimental peers and without CEL.
const text = { type: 'string' };
const stringMap = { type: 'object', additionalProperties: text };
const integer = (minimum: number, maximum: number): object => ({
  type: 'integer',
  format: 'int32',
  minimum,
  maximum,
});
const record = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});
const oneOf = (properties: object): object => ({
  ...record(properties),
  minProperties: 1,
  maxProperties: 1,
});
const list = (items: object, bounds: object = {}): object => ({ type: 'array', items, ...bounds });

const selector = {
  ...record({
    matchLabels: stringMap,
    matchExpressions: list(
      record({ key: text, operator: text, values: list(text) }, ['key', 'operator']),
    ),
  }),
  'x-kubernetes-map-type': 'atomic',
};
const pods = record({ namespaceSelector: selector, podSelector: selector }, ['podSelector']);
const port = integer(1, 65_535);
const range = record({ start: port, end: port }, ['start', 'end']);
const transport = {
  ...record({ destinationPort: oneOf({ number: port, range }) }),
  minProperties: 1,
};
const protocol = oneOf({
  tcp: transport,
  udp: transport,
  sctp: transport,
  destinationNamedPort: text,
});
const networks = list(
  { ...text, maxLength: 43 },
  { minItems: 1, maxItems: 25, 'x-kubernetes-list-type': 'set' },
);

const rules = (peers: 'from' | 'to', peer: object): object =>
  list(
    record(
      {
        name: { ...text, maxLength: 100 },
        action: { ...text, enum: ['Accept', 'Deny', 'Pass'] },
        [peers]: list(oneOf(peer), { minItems: 1, maxItems: 25 }),
        protocols: list(protocol, { minItems: 1, maxItems: 25 }),
      },
      ['action', peers],
    ),
    { maxItems: 25 },
  );

const spec = record(
  {
    tier: { ...text, enum: ['Admin', 'Baseline'] },
    priority: integer(0, 1000),
    subject: oneOf({ namespaces: selector, pods }),
    ingress: rules('from', { namespaces: selector, pods }),
    egress: rules('to', { namespaces: selector, pods, networks }),
  },
  ['tier', 'priority', 'subject'],
);
const status = record({
  conditions: list(
    record({ type: text, status: text, reason: text, message: text }, ['type', 'status']),
    {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
  ),
});

export const clusterNetworkPolicyCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'clusternetworkpolicies.policy.networking.k8s.io',
    // The API server serves k8s.io groups only with a word on their review.
    annotations: {
      'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/network-policy-api/pull/30',
    },
  },
  spec: {
    group: 'policy.networking.k8s.io',
    scope: 'Cluster',
    names: {
      kind: 'ClusterNetworkPolicy',
      listKind: 'ClusterNetworkPolicyList',
      plural: 'clusternetworkpolicies',
      singular: 'clusternetworkpolicy',
      shortNames: ['cnp'],
    },
    versions: [
      {
        name: 'v1alpha2',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Tier', type: 'string', jsonPath: '.spec.tier' },
          { name: 'Priority', type: 'string', jsonPath: '.spec.priority' },
        ],
        schema: {
          openAPIV3Schema: record(
            { apiVersion: text, kind: text, metadata: { type: 'object' }, spec, status },
            ['metadata', 'spec'],
          ),
        },
      },
    ],
  },
};
