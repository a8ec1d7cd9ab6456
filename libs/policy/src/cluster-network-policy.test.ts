import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { ClusterNetworkPolicySpec, problemsOf } from './index.ts';

/** `path CODE` of each problem of the spec. */
function faults(spec: unknown): string[] {
  const { error } = ClusterNetworkPolicySpec.safeParse(spec);
  return error ? problemsOf(error).map(({ path, code }) => `${path} ${code}`) : [];
}

const NAMESPACES = { namespaces: {} };
const policy = (more: object): object => ({
  tier: 'Admin',
  priority: 10,
  subject: NAMESPACES,
  ...more,
});
const ingress = (rule: object): object =>
  policy({ ingress: [{ action: 'Accept', from: [NAMESPACES], ...rule }] });
const egress = (rule: object): object =>
  policy({ egress: [{ action: 'Accept', to: [NAMESPACES], ...rule }] });
const to = (...peers: object[]): object => egress({ to: peers });
const protocol = (member: object): object => ingress({ protocols: [member] });
const port = (destinationPort: unknown): object => protocol({ tcp: { destinationPort } });
const times = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));
const network = (index: number): string => `10.0.${index}.0/24`;

describe('ClusterNetworkPolicySpec takes', () => {
  it.each([
    ['a policy without rules', policy({})],
    ['empty lists of rules', policy({ ingress: [], egress: [] })],
    ['tier Baseline at priority 0', policy({ tier: 'Baseline', priority: 0 })],
    ['priority 1000', policy({ priority: 1_000 })],
    [
      'pods of chosen namespaces',
      policy({ subject: { pods: { namespaceSelector: {}, podSelector: {} } } }),
    ],
    ['pods of every namespace', policy({ subject: { pods: { podSelector: {} } } })],
    [
      'every action',
      policy({
        ingress: ['Accept', 'Deny', 'Pass'].map((action) => ({ action, from: [NAMESPACES] })),
      }),
    ],
    ['a name of 100 characters', ingress({ name: 'x'.repeat(100) })],
    ['nodes', to({ nodes: { matchLabels: { a: 'b' } } })],
    ['25 networks', to({ networks: times(25, network) })],
    ['an IPv6 network', to({ networks: ['2001:db8::/32'] })],
    ['domain names', to({ domainNames: ['example.com', '*.Example.com', 'a_b.example.com.'] })],
    ['a port', port({ number: 1 })],
    ['a range', port({ range: { start: 1, end: 65_535 } })],
    [
      'UDP and SCTP',
      ingress({
        protocols: [
          { udp: { destinationPort: { number: 53 } } },
          { sctp: { destinationPort: { number: 9 } } },
        ],
      }),
    ],
    ['a named port', protocol({ destinationNamedPort: 'dns-tcp' })],
    ['a named port to pods', egress({ protocols: [{ destinationNamedPort: 'dns' }] })],
    [
      '25 rules, peers and protocols',
      policy({
        egress: times(25, () => ({
          action: 'Deny',
          to: times(25, () => NAMESPACES),
          protocols: times(25, () => ({ destinationNamedPort: 'a' })),
        })),
      }),
    ],
  ])('%s', (_, spec) => {
    expect(faults(spec)).toEqual([]);
  });
});

describe('ClusterNetworkPolicySpec refuses', () => {
  it.each([
    ['a list', [], ' TYPE_WRONG'],
    ['an unknown field', policy({ ingres: [] }), 'ingres FIELD_UNKNOWN'],
    ['no tier', { priority: 1, subject: NAMESPACES }, 'tier VALUE_NOT_ALLOWED'],
    ['no priority', { tier: 'Admin', subject: NAMESPACES }, 'priority FIELD_REQUIRED'],
    ['no subject', { tier: 'Admin', priority: 1 }, 'subject FIELD_REQUIRED'],
    ['an unknown tier', policy({ tier: 'Tenant' }), 'tier VALUE_NOT_ALLOWED'],
    ['priority 1001', policy({ priority: 1_001 }), 'priority TOO_MANY_OR_TOO_LARGE'],
    ['a negative priority', policy({ priority: -1 }), 'priority TOO_FEW_OR_TOO_SMALL'],
    ['half a priority', policy({ priority: 1.5 }), 'priority TYPE_WRONG'],
    ['the agent’s own priority', policy({ priority: 0 }), 'priority PRIORITY_RESERVED'],
    ['an empty subject', policy({ subject: {} }), 'subject PEER_EMPTY'],
    [
      'two subjects',
      policy({ subject: { namespaces: {}, pods: { podSelector: {} } } }),
      'subject PEER_MIXED',
    ],
    [
      'a subject of networks',
      policy({ subject: { networks: ['::/0'] } }),
      ['subject.networks FIELD_UNKNOWN', 'subject PEER_EMPTY'],
    ],
    [
      'pods without a selector',
      policy({ subject: { pods: {} } }),
      'subject.pods.podSelector FIELD_REQUIRED',
    ],
    [
      '26 rules',
      policy({ ingress: times(26, () => ({ action: 'Deny', from: [NAMESPACES] })) }),
      'ingress TOO_MANY_OR_TOO_LARGE',
    ],
    ['26 peers', to(...times(26, () => NAMESPACES)), 'egress[0].to TOO_MANY_OR_TOO_LARGE'],
    [
      '26 protocols',
      ingress({ protocols: times(26, () => ({ destinationNamedPort: 'a' })) }),
      'ingress[0].protocols TOO_MANY_OR_TOO_LARGE',
    ],
    [
      '26 networks',
      to({ networks: times(26, network) }),
      'egress[0].to[0].networks TOO_MANY_OR_TOO_LARGE',
    ],
    [
      '26 domain names',
      to({ domainNames: times(26, (index) => `a${index}.example.com`) }),
      'egress[0].to[0].domainNames TOO_MANY_OR_TOO_LARGE',
    ],
    ['no peers', to(), 'egress[0].to TOO_FEW_OR_TOO_SMALL'],
    ['no networks', to({ networks: [] }), 'egress[0].to[0].networks TOO_FEW_OR_TOO_SMALL'],
    ['no protocols', ingress({ protocols: [] }), 'ingress[0].protocols TOO_FEW_OR_TOO_SMALL'],
    [
      'a rule without an action',
      policy({ ingress: [{ from: [NAMESPACES] }] }),
      'ingress[0].action VALUE_NOT_ALLOWED',
    ],
    [
      'the word of another API',
      ingress({ action: 'Allow' }),
      'ingress[0].action VALUE_NOT_ALLOWED',
    ],
    [
      'a rule without peers',
      policy({ ingress: [{ action: 'Deny' }] }),
      'ingress[0].from FIELD_REQUIRED',
    ],
    ['a long name', ingress({ name: 'x'.repeat(101) }), 'ingress[0].name TOO_MANY_OR_TOO_LARGE'],
    ['an empty peer, which would deny all', to({}), 'egress[0].to[0] PEER_EMPTY'],
    [
      'two kinds of peer in one',
      to({ namespaces: {}, networks: ['::/0'] }),
      'egress[0].to[0] PEER_MIXED',
    ],
    [
      'networks in ingress',
      ingress({ from: [{ networks: ['::/0'] }] }),
      ['ingress[0].from[0].networks FIELD_UNKNOWN', 'ingress[0].from[0] PEER_EMPTY'],
    ],
    [
      'a network that is none',
      to({ networks: ['10.0.0.0'] }),
      'egress[0].to[0].networks[0] CIDR_INVALID',
    ],
    [
      'IPv4 in IPv6 text',
      to({ networks: ['::ffff:10.0.0.0/104'] }),
      'egress[0].to[0].networks[0] CIDR_INVALID',
    ],
    [
      'a network twice',
      to({ networks: ['::/0', '10.0.0.0/8', '::/0'] }),
      'egress[0].to[0].networks[2] ITEM_REPEATED',
    ],
    [
      'a domain name twice',
      to({ domainNames: ['a.b', 'a.b'] }),
      'egress[0].to[0].domainNames[1] ITEM_REPEATED',
    ],
    [
      'a domain name of one label',
      to({ domainNames: ['localhost'] }),
      'egress[0].to[0].domainNames[0] FORMAT_WRONG',
    ],
    [
      'a wildcard inside',
      to({ domainNames: ['a.*.com'] }),
      'egress[0].to[0].domainNames[0] FORMAT_WRONG',
    ],
    [
      'a long domain name',
      to({ domainNames: [`${'a.'.repeat(126)}com`] }),
      'egress[0].to[0].domainNames[0] TOO_MANY_OR_TOO_LARGE',
    ],
    [
      'domain names in a Deny rule',
      egress({ action: 'Deny', to: [{ domainNames: ['a.b'] }] }),
      'egress[0].to[0].domainNames DOMAIN_NAMES_NOT_ACCEPT',
    ],
    [
      'domain names in a Pass rule',
      egress({ action: 'Pass', to: [{ domainNames: ['a.b'] }] }),
      'egress[0].to[0].domainNames DOMAIN_NAMES_NOT_ACCEPT',
    ],
    [
      'a protocol without a port',
      protocol({ tcp: {} }),
      'ingress[0].protocols[0].tcp.destinationPort FIELD_REQUIRED',
    ],
    ['an empty protocol', protocol({}), 'ingress[0].protocols[0] PEER_EMPTY'],
    [
      'two protocols in one',
      protocol({ tcp: { destinationPort: { number: 1 } }, destinationNamedPort: 'a' }),
      'ingress[0].protocols[0] PEER_MIXED',
    ],
    [
      'an unknown protocol',
      protocol({ icmp: {} }),
      ['ingress[0].protocols[0].icmp FIELD_UNKNOWN', 'ingress[0].protocols[0] PEER_EMPTY'],
    ],
    ['a port of nothing', port({}), 'ingress[0].protocols[0].tcp.destinationPort PEER_EMPTY'],
    [
      'a port and a range',
      port({ number: 1, range: { start: 1, end: 2 } }),
      'ingress[0].protocols[0].tcp.destinationPort PEER_MIXED',
    ],
    [
      'port 0',
      port({ number: 0 }),
      'ingress[0].protocols[0].tcp.destinationPort.number TOO_FEW_OR_TOO_SMALL',
    ],
    [
      'a range of one',
      port({ range: { start: 80, end: 80 } }),
      'ingress[0].protocols[0].tcp.destinationPort.range.end PORT_RANGE_INVALID',
    ],
    [
      'a range backwards',
      port({ range: { start: 90, end: 80 } }),
      'ingress[0].protocols[0].tcp.destinationPort.range.end PORT_RANGE_INVALID',
    ],
    [
      'a range without an end',
      port({ range: { start: 80 } }),
      'ingress[0].protocols[0].tcp.destinationPort.range.end FIELD_REQUIRED',
    ],
    [
      'a named port that is none',
      protocol({ destinationNamedPort: '80' }),
      'ingress[0].protocols[0].destinationNamedPort FORMAT_WRONG',
    ],
  ])('%s', (_, spec, expected) => {
    expect(faults(spec)).toEqual([expected].flat());
  });

  it.each(['networks', 'nodes', 'domainNames'])('a named port to %s, at each such peer', (kind) => {
    const outside = { networks: ['::/0'], nodes: {}, domainNames: ['a.b'] }[kind];
    const protocols = [
      { tcp: { destinationPort: { number: 1 } } },
      { destinationNamedPort: 'dns' },
    ];

    expect(faults(egress({ protocols, to: [NAMESPACES, { [kind]: outside }] }))).toEqual([
      'egress[0].to[1] NAMED_PORT_WITH_NETWORKS',
    ]);
  });

  it('domain names in tier Baseline', () => {
    const rule = { action: 'Accept', to: [{ domainNames: ['a.b'] }] };

    expect(faults(policy({ tier: 'Baseline', egress: [rule] }))).toEqual([
      'egress[0].to[0].domainNames DOMAIN_NAMES_NOT_ADMIN',
    ]);
  });

  it('all of it at once, the rules over the whole too', () => {
    const spec = policy({
      priority: 0,
      subject: { namespaces: { matchLabels: { 'a b': 'c' } } },
      ingress: [{ action: 'Reject', from: [] }],
      egress: [{ action: 'Reject', to: [{ domainNames: ['a.b', 7] }, {}, null] }, 'x'],
    });

    expect(faults(spec).toSorted()).toEqual([
      'egress[0].action VALUE_NOT_ALLOWED',
      'egress[0].to[0].domainNames DOMAIN_NAMES_NOT_ACCEPT',
      'egress[0].to[0].domainNames[1] TYPE_WRONG',
      'egress[0].to[1] PEER_EMPTY',
      'egress[0].to[2] TYPE_WRONG',
      'egress[1] TYPE_WRONG',
      'ingress[0].action VALUE_NOT_ALLOWED',
      'ingress[0].from TOO_FEW_OR_TOO_SMALL',
      'priority PRIORITY_RESERVED',
      'subject.namespaces.matchLabels["a b"] VALUE_INVALID',
    ]);
  });
});

it('never throws, whatever stands where a field is expected', () => {
  const odd = fc.anything({ maxDepth: 3, withBigInt: true });
  const rule = fc.record({
    action: odd,
    to: fc.array(
      fc.oneof(odd, fc.record({ networks: odd, domainNames: odd }, { requiredKeys: [] })),
    ),
    protocols: odd,
  });
  const shaped = fc.record(
    {
      tier: fc.oneof(odd, fc.constant('Baseline')),
      priority: odd,
      subject: odd,
      ingress: odd,
      egress: fc.oneof(odd, fc.array(rule)),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(shaped, (spec) => void faults(spec)),
    { numRuns: 500 },
  );
});
