import {
  ADMIN,
  BASELINE,
  DEFAULT_SEMANTICS,
  NETWORK_POLICY,
  type Flow,
  type FlowPeer,
  type Input,
  type Inventory,
  type Network,
  type Peer,
  type Policy,
  type PodSelection,
  type PortMatch,
  type Rule,
  type RuleList,
  type Semantics,
  type Subject,
  type Workload,
} from '@picket/verdict';
import type { LabelFormula } from '@picket/selector';
import * as fc from 'fast-check';

/** Small clusters, policies and flows that meet in all corners: few names, so that things often match. */

const KEYS = ['app', 'tier', 'odd'];
const VALUES = ['web', 'db', ''];
const NAMESPACES = ['alpha', 'beta', 'gamma'];
const NODES = ['n1', 'n2'];
const PORT_NAMES = ['http', 'dns'];
const PORTS = [1, 53, 80, 81, 443, 65_535];
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.1.1',
  '192.168.0.1',
  'fd00::1',
  'fd00::1:1',
  '8.8.8.8',
];
const OUTSIDE = [
  '8.8.8.8',
  '8.8.4.4',
  '10.0.0.9',
  '2001:db8::1',
  'fd00::9',
  '0.0.0.0',
  '255.255.255.255',
];
const DOMAINS = ['example.com', '*.example.com', 'web.alpha.svc.cluster.local', '*.local'];
const NAMES = ['example.com', 'a.example.com', 'A.B.example.com.', 'other.org'];

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 3 });
const portProtocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);
const port = fc.constantFrom(...PORTS);

const containerPort = fc.record(
  { name: fc.constantFrom(...PORT_NAMES), protocol: portProtocol, port },
  { requiredKeys: ['protocol', 'port'] },
);

const workload = fc
  .record({
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom('p0', 'p1', 'p2', 'p3'),
    kind: fc.constantFrom(
      'Pod' as const,
      'Pod' as const,
      'Deployment' as const,
      'LabelSet' as const,
    ),
    replicaSet: fc.option(fc.constantFrom('r0', 'r1'), { nil: undefined }),
    labels,
    ports: fc.array(containerPort, { maxLength: 2 }),
    serviceAccount: fc.constantFrom('default', 'robot'),
    hostNetwork: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    addresses: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 2 }),
    node: fc.option(fc.constantFrom(...NODES, 'gone'), { nil: undefined }),
  })
  .map(({ replicaSet, node, ...rest }): Workload => ({
    ...rest,
    owner: replicaSet
      ? `${rest.namespace}/${replicaSet}[ReplicaSet]`
      : `${rest.namespace}/${rest.name}[${rest.kind}]`,
    ...(node !== undefined && { node }),
  }));

export const inventory: fc.Arbitrary<Inventory> = fc.record({
  namespaces: fc.tuple(labels, labels, labels).map((all) =>
    all.map((own, index) => {
      const name = NAMESPACES[index] ?? '';
      return { name, labels: { ...own, 'kubernetes.io/metadata.name': name } };
    }),
  ),
  workloads: fc.uniqueArray(workload, {
    maxLength: 6,
    selector: ({ namespace, name }) => `${namespace}/${name}`,
  }),
  nodes: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...NODES),
      labels,
      addresses: fc.uniqueArray(fc.constantFrom('192.168.0.1', 'fd00::9'), { maxLength: 2 }),
    }),
    { maxLength: 2, selector: ({ name }) => name },
  ),
  services: fc.array(
    fc.constant({
      namespace: 'alpha',
      name: 'web',
      addresses: ['8.8.4.4'],
      ports: [{ protocol: 'TCP' as const, port: 80, targetPort: 80 }],
    }),
    { maxLength: 1 },
  ),
});

const labelTest = fc
  .record({ key: fc.constantFrom(...KEYS), values: fc.constantFrom(['web'], ['db', ''], ['e']) })
  .chain(({ key, values }) =>
    fc.constantFrom<LabelFormula>(
      { key, operator: 'In', values },
      { key, operator: 'NotIn', values },
      { key, operator: 'Exists' },
      { key, operator: 'DoesNotExist' },
      { key, operator: 'Contains', values },
      { key, operator: 'StartsWith', values },
      { key, operator: 'EndsWith', values },
    ),
  );
const formula: fc.Arbitrary<LabelFormula> = fc.letrec<{ formula: LabelFormula }>((tie) => ({
  formula: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<LabelFormula>({ all: [] }),
    labelTest,
    fc.array(tie('formula'), { maxLength: 2 }).map((all): LabelFormula => ({ all })),
    fc.array(tie('formula'), { maxLength: 2 }).map((any): LabelFormula => ({ any })),
    tie('formula').map((not): LabelFormula => ({ not })),
  ),
})).formula;
const namespaceFormula = fc.oneof(
  formula,
  fc.constantFrom(...NAMESPACES).map((name): LabelFormula => ({
    key: 'kubernetes.io/metadata.name',
    operator: 'In',
    values: [name],
  })),
);

const selection: fc.Arbitrary<PodSelection> = fc.record(
  {
    namespaces: namespaceFormula,
    pods: formula,
    serviceAccounts: fc.constantFrom(['robot'], ['default', 'ghost']),
  },
  { requiredKeys: ['namespaces', 'pods'] },
);
const unknown = fc
  .constantFrom('an entity without an address', 'a field of a later version')
  .map((reason) => ({
    kind: 'unknown' as const,
    reason,
  }));

const network: fc.Arbitrary<Network> = fc.constantFrom<Network>(
  { cidr: '0.0.0.0/0' },
  { cidr: '::/0' },
  { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] },
  { cidr: '10.0.0.0/24' },
  { cidr: '10.0.0.0/16', except: ['10.0.0.0/31', '10.0.1.0/24'] },
  { cidr: '10.0.0.2/32' },
  { cidr: 'fd00::/16' },
  { cidr: 'fd00::/64', except: ['fd00::1:0/112'] },
  { cidr: '8.8.0.0/16' },
  { cidr: '255.0.0.0/8' },
);
export const peer: fc.Arbitrary<Peer> = fc.letrec<{ peer: Peer }>((tie) => ({
  peer: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<Peer>({ kind: 'everything' }),
    selection.map((picked): Peer => ({ kind: 'pods', ...picked })),
    fc.record({ kind: fc.constant('nodes' as const), nodes: formula }),
    fc.record(
      {
        kind: fc.constant('networks' as const),
        networks: fc.array(network, { minLength: 1, maxLength: 2 }),
        outsideOnly: fc.constant(true as const),
      },
      { requiredKeys: ['kind', 'networks'] },
    ),
    fc.constant<Peer>({ kind: 'outside' }),
    fc.record({
      kind: fc.constant('domainNames' as const),
      domainNames: fc.uniqueArray(fc.constantFrom(...DOMAINS), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      kind: fc.constant('all' as const),
      peers: fc.array(tie('peer'), { maxLength: 2 }),
    }),
    fc.record({ kind: fc.constant('not' as const), peer: tie('peer') }),
    unknown,
  ),
})).peer;

const portMatch: fc.Arbitrary<PortMatch> = fc.oneof(
  fc
    .record({ protocol: portProtocol, ends: fc.tuple(port, port) })
    .map(({ protocol, ends }): PortMatch => {
      const [from, to] = ends.toSorted((a, b) => a - b) as [number, number];
      return { kind: 'ports', protocol, from, to };
    }),
  fc.record(
    {
      kind: fc.constant('named' as const),
      name: fc.constantFrom(...PORT_NAMES),
      protocol: portProtocol,
    },
    { requiredKeys: ['kind', 'name'] },
  ),
  fc.constantFrom<PortMatch>(
    { kind: 'icmp', protocol: 'ICMP' },
    { kind: 'icmp', protocol: 'ICMP', type: 8 },
    { kind: 'icmp', protocol: 'ICMPv6', type: 128, code: 0 },
  ),
  unknown,
);

const ruleParts = {
  action: fc.constantFrom('Accept' as const, 'Deny' as const, 'Pass' as const),
  peers: fc.array(peer, { minLength: 0, maxLength: 2 }),
  name: fc.constantFrom('first', 'second'),
  ports: fc.array(portMatch, { maxLength: 2 }),
};
/** As they mostly come from a parser. */
const plainRule = fc.record(ruleParts, { requiredKeys: ['action', 'peers'] });
const rule = fc.record(
  { ...ruleParts, subject: peer, narrowedBy: fc.constant('HTTP paths are not modelled') },
  { requiredKeys: ['action', 'peers'] },
);
const rules = fc
  .array(fc.oneof({ weight: 3, arbitrary: plainRule }, rule), { maxLength: 3 })
  .map((all) => all.map((each, index): Rule => ({ ...each, index })));

const ruleList: fc.Arbitrary<RuleList> = fc.record(
  {
    isolates: fc.boolean(),
    rules,
    icmpUndefined: fc.constant(true as const),
    sparesOwnNode: fc.constant(true as const),
  },
  { requiredKeys: ['isolates', 'rules'] },
);
const networkPolicyList: fc.Arbitrary<RuleList> = rules.map((all) => ({
  isolates: true,
  icmpUndefined: true,
  sparesOwnNode: true,
  rules: all.map((each) => ({ ...each, action: 'Accept' as const })),
}));

const subject: fc.Arbitrary<Subject> = fc.oneof(
  { weight: 8, arbitrary: selection.map((picked): Subject => ({ kind: 'pods', ...picked })) },
  fc.record({ kind: fc.constant('nodes' as const), nodes: formula }),
  unknown,
);

const policyName = fc.constantFrom('a', 'b', 'c', 'd', 'e');
/** Of any kind, and of none that there is. */
const anyPolicy = fc.record(
  {
    id: policyName.map((name) => ({ apiVersion: 'test/v1', kind: 'TestPolicy', name })),
    tier: fc.constantFrom(ADMIN, NETWORK_POLICY, BASELINE, { name: 'security', order: 500 }),
    order: fc.constantFrom(1, 2, 1_000),
    tie: policyName,
    subject,
    ingress: ruleList,
    egress: ruleList,
  },
  { requiredKeys: ['id', 'tier', 'order', 'subject'] },
);
const networkPolicy = fc
  .record(
    {
      name: policyName,
      namespace: fc.constantFrom(...NAMESPACES),
      pods: formula,
      ingress: networkPolicyList,
      egress: networkPolicyList,
    },
    { requiredKeys: ['name', 'namespace', 'pods'] },
  )
  .map(({ name, namespace, pods, ...lists }): Policy => ({
    ...lists,
    id: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace, name },
    tier: NETWORK_POLICY,
    order: 1_000,
    subject: {
      kind: 'pods',
      namespaces: { key: 'kubernetes.io/metadata.name', operator: 'In', values: [namespace] },
      pods,
    },
  }));

export const policy: fc.Arbitrary<Policy> = fc.oneof(anyPolicy, networkPolicy);

/** Sorted, as a parser leaves them. Of two with the same tie the order would not be defined, so ties differ. */
export const policies: fc.Arbitrary<Policy[]> = fc
  .uniqueArray(policy, { maxLength: 5, selector: nameOf })
  .map((all) => sorted(all));

export function sorted(all: readonly Policy[]): Policy[] {
  return all.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

export function nameOf({ id: { apiVersion, kind, namespace, name } }: Policy): string {
  return `${apiVersion} ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

export const semantics: fc.Arbitrary<Semantics> = fc
  .record(
    {
      hostNetworkAsPods: fc.boolean(),
      networksMatchPods: fc.boolean(),
      judgeSelf: fc.boolean(),
      judgeOwnNode: fc.boolean(),
      judgeIcmp: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((own) => ({ ...DEFAULT_SEMANTICS, ...own }));

export const input: fc.Arbitrary<Input> = fc.record({ inventory, policies, semantics });

function peerOf({ workloads }: Inventory): fc.Arbitrary<FlowPeer> {
  const outside = fc.record(
    {
      address: fc.constantFrom(...OUTSIDE, ...ADDRESSES),
      domainNames: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
    },
    { requiredKeys: ['address'] },
  );
  if (workloads.length === 0) return outside;
  const names = workloads.flatMap(({ namespace, name, owner }) => [`${namespace}/${name}`, owner]);
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...names).map((name) => ({ workload: name })) },
    outside,
  );
}

/** Flows between ends of the inventory and outside. */
export function flowsIn(of: Inventory): fc.Arbitrary<Flow[]> {
  const transport = fc.oneof(
    { weight: 4, arbitrary: fc.record({ protocol: portProtocol, port }) },
    fc.constantFrom(
      { protocol: 'ICMP' as const },
      { protocol: 'ICMP' as const, icmp: { type: 8, code: 0 } },
      { protocol: 'ICMPv6' as const, icmp: { type: 128, code: 0 } },
    ),
  );
  const ends = fc.record(
    { src: peerOf(of), dst: peerOf(of), reply: fc.constant(true as const) },
    { requiredKeys: ['src', 'dst'] },
  );
  return fc.array(
    fc.tuple(ends, transport).map(([peers, rest]): Flow => ({ ...peers, ...rest })),
    { minLength: 1, maxLength: 8 },
  );
}
