import { readFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { parseBlueprint } from '@picket/policy';
import * as fc from 'fast-check';
import { parse } from 'yaml';

import { corpora, corporaFolder } from '../support/corpora/corpora.ts';
import {
  clusterNetworkPolicyCrd,
  startRealCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(120_000);

/** Why the two verdicts differ, where they do on purpose. */
type Difference =
  /** We refuse what the server takes. */
  | { readonly stricter: string }
  /** We judge as newer servers do; 1.20, which Debian has, refuses or takes it because it is old. */
  | { readonly older: string };
type Row = readonly [title: string, manifest: object, difference?: Difference];

const NO_CEL: Difference = { older: 'rules in CEL are evaluated from 1.25 on' };
const NO_END_PORT: Difference = { older: 'endPort came with 1.21' };

const networkPolicy = (spec: unknown, metadata: object = {}): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'dry', namespace: 'default', ...metadata },
  spec,
});
const peer = (member: unknown): object =>
  networkPolicy({ podSelector: {}, ingress: [{ from: [member] }] });
const port = (member: unknown): object =>
  networkPolicy({ podSelector: {}, egress: [{ ports: [member] }] });
const block = (cidr: unknown, except?: unknown): object =>
  peer({ ipBlock: { cidr, ...(except !== undefined && { except }) } });
const selector = (podSelector: unknown): object => networkPolicy({ podSelector });
const expression = (member: object): object => selector({ matchExpressions: [member] });
const meta = (metadata: object): object => networkPolicy({ podSelector: {} }, metadata);

const NETWORK_POLICIES: readonly Row[] = [
  ['deny all', networkPolicy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
  ['no selector', networkPolicy({})],
  ['no rules', networkPolicy({ podSelector: {}, ingress: [], egress: [] })],
  ['empty rules', networkPolicy({ podSelector: {}, ingress: [{}], egress: [{}] })],
  ['empty peers and ports', networkPolicy({ podSelector: {}, ingress: [{ from: [], ports: [] }] })],
  ['a type twice', networkPolicy({ podSelector: {}, policyTypes: ['Ingress', 'Ingress'] })],
  ['three types', networkPolicy({ podSelector: {}, policyTypes: ['Ingress', 'Egress', 'Egress'] })],
  ['an unknown type', networkPolicy({ podSelector: {}, policyTypes: ['ingress'] })],
  ['an unknown field', networkPolicy({ podSelector: {}, ingres: [] })],
  ['an unknown field of a rule', networkPolicy({ podSelector: {}, ingress: [{ to: [] }] })],
  ['rules that are a map', networkPolicy({ podSelector: {}, ingress: {} })],
  ['a spec that is a text', networkPolicy('deny')],
  [
    'nothing as a selector',
    selector(null),
    { stricter: 'null where an object stands would be read as all pods' },
  ],
  [
    'nothing as rules',
    networkPolicy({ podSelector: {}, ingress: null }),
    { stricter: 'null rules would be read as none' },
  ],

  ['an empty peer', peer({})],
  ['empty selectors as a peer', peer({ podSelector: {}, namespaceSelector: {} })],
  ['a block beside pods', peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} })],
  ['a block beside namespaces', peer({ ipBlock: { cidr: '10.0.0.0/8' }, namespaceSelector: {} })],
  ['an unknown peer', peer({ nodes: {} })],
  ['a block', block('10.0.0.0/8', ['10.1.0.0/16', '10.1.2.3/32'])],
  ['an IPv6 block', block('2001:db8::/32', ['2001:db8:1::/48'])],
  ['a block with host bits', block('10.0.0.7/8')],
  ['everything', block('0.0.0.0/0', ['10.0.0.0/8'])],
  ['no cidr', peer({ ipBlock: {} })],
  ['an empty cidr', block('')],
  ['an address', block('10.0.0.1')],
  ['a long prefix', block('10.0.0.0/33')],
  ['a long IPv6 prefix', block('::/129')],
  ['an octet of 256', block('10.0.0.256/32')],
  ['leading zeros', block('010.0.0.0/8')],
  ['a zone', block('fe80::1%eth0/64')],
  ['IPv4 before the ellipsis', block('1.2.3.4::/64')],
  [
    'a prefix with a leading zero',
    block('10.0.0.0/08'),
    { stricter: 'newer servers refuse it (KEP-4858)' },
  ],
  [
    'IPv4 in IPv6 text',
    block('::ffff:10.0.0.0/104'),
    { stricter: 'newer servers refuse it (KEP-4858), plugins read it differently' },
  ],
  ['an exception outside', block('10.0.0.0/8', ['11.0.0.0/16'])],
  ['an exception around', block('10.0.0.0/8', ['10.0.0.0/7'])],
  ['an exception of the whole', block('10.0.0.0/8', ['10.0.0.0/8'])],
  ['an exception of another family', block('10.0.0.0/8', ['::1/128'])],
  ['an exception that is no cidr', block('10.0.0.0/8', ['10.1.0.0'])],
  ['an exception twice', block('10.0.0.0/8', ['10.1.0.0/16', '10.1.0.0/16'])],

  ['a port', port({ port: 80 })],
  ['a protocol alone', port({ protocol: 'UDP' })],
  ['an empty port', port({})],
  ['SCTP', port({ protocol: 'SCTP', port: 1 })],
  ['an unknown protocol', port({ protocol: 'ICMP', port: 1 })],
  ['a protocol in small letters', port({ protocol: 'tcp', port: 1 })],
  ['port 0', port({ port: 0 })],
  ['port 65535', port({ port: 65_535 })],
  ['port 65536', port({ port: 65_536 })],
  ['a negative port', port({ port: -1 })],
  ['a named port', port({ port: 'http-alt2' })],
  ['a named port of 15', port({ port: 'abcdefghijklmno' })],
  ['a named port of 16', port({ port: 'abcdefghijklmnop' })],
  ['a number in quotes', port({ port: '80' })],
  ['a named port in capitals', port({ port: 'HTTP' })],
  ['two dashes in a row', port({ port: 'a--b' })],
  ['a dash in front', port({ port: '-a' })],
  ['an empty port name', port({ port: '' })],
  ['a boolean port', port({ port: true })],
  ['a range', port({ port: 80, endPort: 90 }), NO_END_PORT],
  ['endPort alone', port({ endPort: 90 })],
  ['endPort beside a name', port({ port: 'http', endPort: 90 })],

  ['labels', selector({ matchLabels: { 'example.com/Team_1': 'A.b-c', empty: '' } })],
  ['a key with a blank', selector({ matchLabels: { 'a b': 'c' } })],
  ['a key with an empty prefix', selector({ matchLabels: { '/a': 'c' } })],
  ['a key with two slashes', selector({ matchLabels: { 'a/b/c': 'c' } })],
  ['a key with a prefix in capitals', selector({ matchLabels: { 'A.b/c': 'c' } })],
  ['a key of 64', selector({ matchLabels: { ['k'.repeat(64)]: 'c' } })],
  [
    'a prefix of 253',
    selector({ matchLabels: { [`${'a'.repeat(63)}.${'b'.repeat(189)}/c`]: 'd' } }),
  ],
  [
    'a prefix of 254',
    selector({ matchLabels: { [`${'a'.repeat(63)}.${'b'.repeat(190)}/c`]: 'd' } }),
  ],
  ['a value with a blank', selector({ matchLabels: { a: 'b c' } })],
  [
    'a value with a blank in an expression',
    expression({ key: 'a', operator: 'In', values: ['b c'] }),
    { older: 'values of expressions are checked from 1.26 on' },
  ],
  ['a value that is a number', selector({ matchLabels: { a: 1 } })],
  ['an empty expression', expression({})],
  ['In', expression({ key: 'a', operator: 'In', values: ['b', ''] })],
  ['In without values', expression({ key: 'a', operator: 'In' })],
  ['NotIn with no values', expression({ key: 'a', operator: 'NotIn', values: [] })],
  ['Exists', expression({ key: 'a', operator: 'Exists' })],
  ['Exists with values', expression({ key: 'a', operator: 'Exists', values: ['b'] })],
  ['DoesNotExist with no values', expression({ key: 'a', operator: 'DoesNotExist', values: [] })],
  ['an operator in small letters', expression({ key: 'a', operator: 'in', values: ['b'] })],
  ['Gt', expression({ key: 'a', operator: 'Gt', values: ['1'] })],
  ['an expression on a bad key', expression({ key: 'a b', operator: 'Exists' })],
  ['an unknown field of a selector', selector({ matchlabels: {} })],

  ['a name with dots', meta({ name: 'a.b-c.1' })],
  ['a name in capitals', meta({ name: 'Dry' })],
  ['a name with two dots in a row', meta({ name: 'a..b' })],
  ['a name of 254', meta({ name: 'a'.repeat(254) })],
  ['labels of the object', meta({ labels: { 'a/b': 'c' } })],
  ['a bad label of the object', meta({ labels: { a: 'b c' } })],
  ['a bad label key of the object', meta({ labels: { '-a': 'b' } })],
  ['annotations', meta({ annotations: { 'Example.COM/Note': 'any {"text": "ä"}\n', short: '' } })],
  ['a bad annotation key', meta({ annotations: { 'a b': '' } })],
  ['an annotation key with an empty prefix', meta({ annotations: { '/a': '' } })],
  ['annotations of 300 KiB', meta({ annotations: { a: 'x'.repeat(300 * 1_024) } })],
];

const clusterPolicy = (spec: object): object => ({
  apiVersion: 'policy.networking.k8s.io/v1alpha2',
  kind: 'ClusterNetworkPolicy',
  metadata: { name: 'dry' },
  spec: { tier: 'Admin', priority: 10, subject: { namespaces: {} }, ...spec },
});
const ingress = (rule: object): object =>
  clusterPolicy({ ingress: [{ action: 'Accept', from: [{ namespaces: {} }], ...rule }] });
const egress = (rule: object): object =>
  clusterPolicy({ egress: [{ action: 'Accept', to: [{ namespaces: {} }], ...rule }] });
const to = (...peers: object[]): object => egress({ to: peers });
const protocol = (member: object): object => ingress({ protocols: [member] });
const destination = (member: object): object => protocol({ tcp: { destinationPort: member } });
const times = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));
const NAMED = { protocols: [{ destinationNamedPort: 'dns' }] };
const FAILS_CLOSED: Difference = { stricter: 'a selector that is none would fail closed' };

const CLUSTER_POLICIES: readonly Row[] = [
  ['no rules', clusterPolicy({})],
  ['empty rules', clusterPolicy({ ingress: [], egress: [] })],
  ['Baseline', clusterPolicy({ tier: 'Baseline', priority: 0 })],
  [
    'the agent’s priority',
    clusterPolicy({ priority: 0 }),
    { stricter: 'priority 0 of tier Admin is the agent’s' },
  ],
  ['priority 1000', clusterPolicy({ priority: 1_000 })],
  ['priority 1001', clusterPolicy({ priority: 1_001 })],
  ['a negative priority', clusterPolicy({ priority: -1 })],
  ['half a priority', clusterPolicy({ priority: 1.5 })],
  ['an unknown tier', clusterPolicy({ tier: 'Tenant' })],
  ['an empty subject', clusterPolicy({ subject: {} })],
  ['two subjects', clusterPolicy({ subject: { namespaces: {}, pods: { podSelector: {} } } })],
  ['pods of every namespace', clusterPolicy({ subject: { pods: { podSelector: {} } } })],
  ['pods without a selector', clusterPolicy({ subject: { pods: { namespaceSelector: {} } } })],
  [
    'a selector that is none',
    clusterPolicy({ subject: { namespaces: { matchLabels: { 'a b': 'c' } } } }),
    FAILS_CLOSED,
  ],
  [
    'an operator that is none',
    clusterPolicy({
      subject: { namespaces: { matchExpressions: [{ key: 'a', operator: 'Gt' }] } },
    }),
    FAILS_CLOSED,
  ],
  ['an unknown field', clusterPolicy({ ingres: [] })],
  [
    '25 rules',
    clusterPolicy({ ingress: times(25, () => ({ action: 'Deny', from: [{ namespaces: {} }] })) }),
  ],
  [
    '26 rules',
    clusterPolicy({ ingress: times(26, () => ({ action: 'Deny', from: [{ namespaces: {} }] })) }),
  ],
  ['an unknown action', ingress({ action: 'Allow' })],
  ['a name of 100', ingress({ name: 'x'.repeat(100) })],
  ['a name of 101', ingress({ name: 'x'.repeat(101) })],
  ['a rule without peers', clusterPolicy({ ingress: [{ action: 'Deny' }] })],
  ['no peers', ingress({ from: [] })],
  ['an empty peer', ingress({ from: [{}] })],
  ['networks in ingress', ingress({ from: [{ networks: ['::/0'] }] })],
  ['26 peers', to(...times(26, () => ({ namespaces: {} })))],
  ['two kinds in a peer', to({ namespaces: {}, networks: ['::/0'] })],
  ['networks', to({ networks: ['10.0.0.0/8', '2001:db8::/32'] })],
  ['no networks', to({ networks: [] })],
  ['26 networks', to({ networks: times(26, (index) => `10.0.${index}.0/24`) })],
  ['a network twice', to({ networks: ['::/0', '::/0'] })],
  ['a network that is none', to({ networks: ['10.0.0.0'] }), NO_CEL],
  ['a network of 44 characters', to({ networks: [`${'0:'.repeat(21)}/0`] })],
  ['nodes', to({ nodes: {} })],
  ['domain names', to({ domainNames: ['example.com', '*.Example.com.'] })],
  ['a domain name that is none', to({ domainNames: ['local host.com'] })],
  ['a domain name of one label', to({ domainNames: ['localhost'] })],
  ['a domain name twice', to({ domainNames: ['a.b', 'a.b'] })],
  [
    'domain names denied',
    egress({ action: 'Deny', to: [{ domainNames: ['a.b'] }] }),
    { stricter: 'the enhancement means them for Accept rules' },
  ],
  ['no protocols', ingress({ protocols: [] })],
  ['an empty protocol', protocol({})],
  ['a protocol without a port', protocol({ tcp: {} })],
  ['a port of nothing', destination({})],
  ['a port', destination({ number: 65_535 })],
  ['port 0', destination({ number: 0 })],
  ['port 65536', destination({ number: 65_536 })],
  ['a port and a range', destination({ number: 1, range: { start: 1, end: 2 } })],
  ['a range', destination({ range: { start: 1, end: 65_535 } })],
  ['a range without an end', destination({ range: { start: 1 } })],
  ['a range of one', destination({ range: { start: 80, end: 80 } }), NO_CEL],
  ['a named port', protocol({ destinationNamedPort: 'dns' })],
  [
    'a named port that is none',
    protocol({ destinationNamedPort: 'DNS!' }),
    { stricter: 'no container can have a port of this name' },
  ],
  ['a named port to pods', egress(NAMED)],
  ['a named port to networks', egress({ ...NAMED, to: [{ networks: ['::/0'] }] }), NO_CEL],
];

/** The published schema, with the experimental peers, is among the corpora; ours lacks those peers. */
const published = path.join(
  corporaFolder,
  'crds/v1alpha2-experimental-clusternetworkpolicies.yaml',
);

describeWith(kubeApiserver, 'our validation and the real API server', () => {
  let cluster: TestCluster;
  let isOld: boolean;
  beforeAll(async () => {
    const crd =
      corpora.missing === undefined
        ? parse(readFileSync(published, 'utf8'))
        : clusterNetworkPolicyCrd;
    cluster = await startRealCluster({ crds: [crd] });
    const { body } = await cluster.client.get('/version');
    isOld = Number.parseInt(body['minor'], 10) <= 20;
  }, 180_000);
  afterAll(() => cluster?.stop());

  /** What the server says to a dry run of what the agent would send, and what we say. */
  async function verdicts(manifest: object): Promise<{ server: string; ours: string }> {
    const { kind, metadata } = manifest as { kind: string; metadata: { name: string } };
    const list =
      kind === 'NetworkPolicy'
        ? '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies'
        : '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies';
    const { status, body } = await cluster.client.apply(
      `${list}/${metadata.name}`,
      manifest,
      'test',
      '&dryRun=All',
    );
    const { problems } = parseBlueprint({ manifests: [{ manifest }] });
    return {
      server: status < 300 ? 'taken' : `refused: ${String(body['message'])}`,
      ours:
        problems.length === 0
          ? 'taken'
          : `refused: ${problems.map(({ path: at, message }) => `${at} ${message}`).join('; ')}`,
    };
  }

  async function expectAgreement(manifest: object, difference?: Difference): Promise<void> {
    const { server, ours } = await verdicts(manifest);
    const [serverWord, ourWord] = [server, ours].map((text) => text.split(':')[0]);

    if (difference !== undefined && 'stricter' in difference) {
      expect(ourWord).toBe('refused');
      if (isOld) expect(serverWord).toBe('taken');
    } else if (difference !== undefined && isOld) expect(serverWord).not.toBe(ourWord);
    else expect([serverWord, server]).toEqual([ourWord, server]);
  }

  it.each(NETWORK_POLICIES)('judge a NetworkPolicy alike: %s', (...[, manifest, difference]: Row) =>
    expectAgreement(manifest, difference),
  );

  describeWith(corpora, 'with the published schema', () => {
    it.each(CLUSTER_POLICIES)(
      'judge a ClusterNetworkPolicy alike: %s',
      (...[, manifest, difference]: Row) => expectAgreement(manifest, difference),
    );
  });

  it('judge any NetworkPolicy alike that is put together of good and bad parts', async () => {
    const key = fc.constantFrom('a', 'example.com/b', 'a b', '/c', 'x'.repeat(64));
    const value = fc.constantFrom('', 'v', 'V.1');
    const labelSelector = fc.record(
      {
        matchLabels: fc.dictionary(key, value, { maxKeys: 2 }),
        matchExpressions: fc.array(
          fc.record(
            {
              key,
              operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt'),
              values: fc.array(value, { maxLength: 2 }),
            },
            { requiredKeys: ['key', 'operator'] },
          ),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: [] },
    );
    const cidr = fc.oneof(
      fc.constantFrom(
        '',
        'x',
        '10.0.0.0',
        '10.0.0.0/33',
        '::/0',
        '2001:db8::/129',
        '10.0.0.256/8',
        '01.0.0.0/8',
        '::1/128',
      ),
      fc
        .tuple(
          fc.constantFrom('10.0.0.0', '10.1.2.3', '192.168.0.0', '2001:db8::', '2001:db8:1::1'),
          fc.integer({ min: 0, max: 32 }),
        )
        .map(([address, prefix]) => `${address}/${prefix}`),
    );
    const peers = fc.array(
      fc.record(
        {
          podSelector: labelSelector,
          namespaceSelector: labelSelector,
          ipBlock: fc.record(
            { cidr, except: fc.array(cidr, { maxLength: 2 }) },
            { requiredKeys: ['cidr'] },
          ),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 2 },
    );
    const ports = fc.array(
      fc.record(
        {
          protocol: fc.constantFrom('TCP', 'UDP', 'SCTP', 'ICMP'),
          port: fc.oneof(
            fc.integer({ min: -1, max: 65_537 }),
            fc.constantFrom('http', 'a--b', '80', '-a', 'a'.repeat(16), ''),
          ),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 2 },
    );
    const spec = fc.record(
      {
        podSelector: labelSelector,
        policyTypes: fc.array(fc.constantFrom('Ingress', 'Egress', 'Both'), { maxLength: 3 }),
        ingress: fc.array(fc.record({ from: peers, ports }, { requiredKeys: [] }), {
          maxLength: 2,
        }),
        egress: fc.array(fc.record({ to: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
      },
      { requiredKeys: ['podSelector'] },
    );

    await fc.assert(
      fc.asyncProperty(spec, (one) =>
        expectAgreement(networkPolicy(JSON.parse(JSON.stringify(one)))),
      ),
      { numRuns: 400 },
    );
  });
});
