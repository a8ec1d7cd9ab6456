import { describe, expect, it } from '@jest/globals';

import {
  checkGuardRails,
  GuardRails,
  outcomeOf,
  problemsOf,
  type NetworkPolicySpec,
} from './index.ts';

const NAME = 'kubernetes.io/metadata.name';
const own = {
  matchExpressions: [{ key: NAME, operator: 'In' as const, values: ['shop', 'cart'] }],
};
const named = (...values: string[]) => ({
  matchExpressions: [{ key: NAME, operator: 'In' as const, values }],
});

function faults(spec: NetworkPolicySpec, rails: GuardRails = {}, others = 0): string[] {
  return checkGuardRails(spec, { rails, own, others }).map(({ path, code }) => `${path} ${code}`);
}

type Peer = NonNullable<NonNullable<NetworkPolicySpec['egress']>[number]['to']>[number];
const to = (...peers: Peer[]): NetworkPolicySpec => ({ egress: [{ to: peers }] });
const block = (cidr: string, except?: string[]): NetworkPolicySpec =>
  to({ ipBlock: except ? { cidr, except } : { cidr } });
const egress = (open: NonNullable<GuardRails['egress']>): GuardRails => ({ egress: open });
const OUTSIDE = ['spec.egress[0].to[0].ipBlock.cidr CIDR_NOT_ALLOWED'];

describe('checkGuardRails, of addresses', () => {
  it.each<[string, NetworkPolicySpec, GuardRails]>([
    ['an allowed block', block('10.0.0.0/8'), egress({ cidrs: ['10.0.0.0/8'] })],
    ['a part of one', block('10.7.0.0/16'), egress({ cidrs: ['172.16.0.0/12', '10.0.0.0/8'] })],
    [
      'two that lie side by side',
      block('10.0.0.0/8'),
      egress({ cidrs: ['10.128.0.0/9', '10.0.0.0/9'] }),
    ],
    [
      'what is left of it',
      block('10.0.0.0/8', ['10.0.0.0/9']),
      egress({ cidrs: ['10.128.0.0/9'] }),
    ],
    ['everything when that is allowed', block('0.0.0.0/0'), egress({ cidrs: ['0.0.0.0/0'] })],
    [
      'everything but what is not allowed',
      block('0.0.0.0/0', ['10.0.0.0/8']),
      egress({ cidrs: ['0.0.0.0/0'], exceptCidrs: ['10.1.0.0/16'] }),
    ],
    ['IPv6', block('2001:db8:1::/48'), egress({ cidrs: ['2001:db8::/32'] })],
  ])('takes %s', (_, spec, rails) => {
    expect(faults(spec, rails)).toEqual([]);
  });

  it.each<[string, NetworkPolicySpec, GuardRails]>([
    ['any when none is allowed', block('10.0.0.0/8'), {}],
    ['a wider block', block('10.0.0.0/7'), egress({ cidrs: ['10.0.0.0/8'] })],
    [
      'everything in two halves',
      to({ ipBlock: { cidr: '0.0.0.0/1' } }),
      egress({ cidrs: ['10.0.0.0/8'] }),
    ],
    ['IPv6 for IPv4', block('::/0'), egress({ cidrs: ['0.0.0.0/0'] })],
    [
      'what is cut out',
      block('10.1.2.0/24'),
      egress({ cidrs: ['10.0.0.0/8'], exceptCidrs: ['10.1.0.0/16'] }),
    ],
    [
      'more than what is cut out',
      block('10.0.0.0/8', ['10.1.0.0/24']),
      egress({ cidrs: ['0.0.0.0/0'], exceptCidrs: ['10.1.0.0/16'] }),
    ],
    [
      'pods by address',
      block('10.0.0.0/8'),
      { podNetworks: ['10.200.0.0/16'], ...egress({ cidrs: ['0.0.0.0/0'] }) },
    ],
    ['what the other direction may', block('10.0.0.0/8'), { ingress: { cidrs: ['10.0.0.0/8'] } }],
  ])('refuses %s', (_, spec, rails) => {
    expect(faults(spec, rails)).toEqual(OUTSIDE);
  });

  it('says where, what and what is allowed', () => {
    const rails = egress({ cidrs: ['10.0.0.0/8', '172.16.0.0/12'], exceptCidrs: ['10.1.0.0/16'] });
    const spec = { egress: [{ to: [{ podSelector: {} }, { ipBlock: { cidr: '8.8.8.8/32' } }] }] };

    expect(checkGuardRails(spec, { rails, own, others: 0 })).toEqual([
      {
        path: 'spec.egress[0].to[1].ipBlock.cidr',
        code: 'CIDR_NOT_ALLOWED',
        message: '8.8.8.8/32 reaches addresses that this project may not open',
        allowed: 'addresses in 10.0.0.0/8, 172.16.0.0/12 but not in 10.1.0.0/16',
        severity: 'error',
      },
    ]);
  });
});

describe('checkGuardRails, of namespaces', () => {
  const rails = egress({
    namespaces: { names: ['db'], selector: { matchLabels: { open: 'yes' } } },
  });

  it.each<[string, NetworkPolicySpec]>([
    ['pods of its own namespace', to({ podSelector: {} })],
    ['a namespace of the claim', to({ namespaceSelector: { matchLabels: { [NAME]: 'cart' } } })],
    ['an allowed name', to({ namespaceSelector: named('db', 'shop') })],
    ['an allowed label', to({ namespaceSelector: { matchLabels: { open: 'yes', more: 'x' } } })],
    [
      'some pods there',
      to({ namespaceSelector: named('db'), podSelector: { matchLabels: { app: 'x' } } }),
    ],
  ])('takes %s', (_, spec) => {
    expect(faults(spec, rails)).toEqual([]);
  });

  it.each<[string, NetworkPolicySpec]>([
    ['all', to({ namespaceSelector: {} })],
    ['all, with empty lists', to({ namespaceSelector: { matchLabels: {}, matchExpressions: [] } })],
    ['another name', to({ namespaceSelector: named('db', 'bank') })],
    [
      'all but one',
      to({
        namespaceSelector: {
          matchExpressions: [{ key: NAME, operator: 'NotIn', values: ['bank'] }],
        },
      }),
    ],
    ['another value of the label', to({ namespaceSelector: { matchLabels: { open: 'no' } } })],
    [
      'whatever has the label',
      to({ namespaceSelector: { matchExpressions: [{ key: 'open', operator: 'Exists' }] } }),
    ],
    ['some pods of all', to({ namespaceSelector: {}, podSelector: { matchLabels: { app: 'x' } } })],
  ])('refuses %s', (_, spec) => {
    expect(faults(spec, rails)).toEqual([
      'spec.egress[0].to[0].namespaceSelector NAMESPACE_NOT_ALLOWED',
    ]);
  });

  it('takes any namespace when nothing is said of them, and none but its own when none is named', () => {
    const all = to({ namespaceSelector: {} });

    expect(faults(all)).toEqual([]);
    expect(faults(all, egress({ namespaces: {} }))).toHaveLength(1);
    expect(faults(to({ namespaceSelector: named('shop') }), egress({ namespaces: {} }))).toEqual(
      [],
    );
  });

  it('says what is allowed', () => {
    const [found] = checkGuardRails(to({ namespaceSelector: {} }), { rails, own, others: 0 });

    expect(found?.message).toBe('an empty selector means all namespaces');
    expect(found?.allowed).toBe(
      'namespaces of the claim, or kubernetes.io/metadata.name In (db), or namespaceSelector {"matchLabels":{"open":"yes"}}',
    );
  });
});

it('does not look at labels that cannot make a selector wider, however many', () => {
  const rails = egress({ namespaces: { selector: { matchLabels: { open: 'yes' } } } });
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 'a']));
  const peer = (more: object): Peer => ({
    namespaceSelector: { matchLabels: { ...many, ...more } },
  });

  expect(faults(to(peer({ open: 'yes' })), rails)).toEqual([]);
  expect(faults(to(peer({ open: 'no' })), rails)).toHaveLength(1);
});

describe('checkGuardRails, of a rule without peers', () => {
  const all = { cidrs: ['0.0.0.0/0', '::/0'] };

  it.each<[string, NetworkPolicySpec]>([
    ['no list', { egress: [{}] }],
    ['an empty list', { egress: [{ to: [] }] }],
  ])('refuses %s unless everything is allowed', (_, spec) => {
    expect(faults(spec)).toEqual(['spec.egress[0] PEERS_NOT_NAMED']);
    expect(faults(spec, egress({ cidrs: ['0.0.0.0/0'] }))).toHaveLength(1);
    expect(faults(spec, egress({ ...all, namespaces: { names: ['db'] } }))).toHaveLength(1);
    expect(faults(spec, { podNetworks: ['10.0.0.0/8'], ...egress(all) })).toHaveLength(1);
    expect(faults(spec, egress(all))).toEqual([]);
  });

  it('takes a list without rules, which opens nothing', () => {
    expect(faults({ policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] })).toEqual([]);
  });
});

describe('checkGuardRails, of ports', () => {
  const rails = egress({
    ports: [
      { protocol: 'TCP', port: 8081, endPort: 8090 },
      { protocol: 'TCP', port: 443 },
      { protocol: 'TCP', port: 8000, endPort: 8080 },
      { protocol: 'UDP', port: 1, endPort: 65_535 },
    ],
  });
  const ports = (
    ...list: NonNullable<NonNullable<NetworkPolicySpec['egress']>[number]['ports']>
  ) => ({
    egress: [{ to: [{ podSelector: {} }], ports: list }],
  });

  it.each<[string, NetworkPolicySpec]>([
    ['a number', ports({ port: 443 })],
    ['a range over two that touch', ports({ protocol: 'TCP', port: 8000, endPort: 8090 })],
    ['all ports of a protocol that is free', ports({ protocol: 'UDP' })],
    ['a name of a protocol that is free', ports({ protocol: 'UDP', port: 'dns' })],
  ])('takes %s', (_, spec) => {
    expect(faults(spec, rails)).toEqual([]);
  });

  it.each<[string, NetworkPolicySpec, string]>([
    ['another number', ports({ port: 80 }), 'TCP 80 may not be opened in this project'],
    [
      'a range with another',
      ports({ port: 8000, endPort: 8091 }),
      'TCP 8000-8091 may not be opened in this project',
    ],
    [
      'another protocol',
      ports({ protocol: 'SCTP', port: 443 }),
      'SCTP 443 may not be opened in this project',
    ],
    [
      'all ports of a protocol',
      ports({ protocol: 'TCP' }),
      'an entry without port means all ports of TCP',
    ],
    [
      'a name',
      ports({ port: 'https' }),
      'which number https has is up to the pods: write the number',
    ],
    ['all ports', ports(), 'a rule without ports means all ports'],
  ])('refuses %s', (_, spec, message) => {
    const [found, ...more] = checkGuardRails(spec, { rails, own, others: 0 });

    expect(more).toEqual([]);
    expect(found).toMatchObject({
      message,
      allowed: 'TCP 8081-8090, TCP 443, TCP 8000-8080, UDP 1-65535',
    });
    expect(found?.path).toMatch(/^spec\.egress\[0\](\.ports\[0\])?$/);
  });

  it('allows no port at all by an empty list', () => {
    const [found] = checkGuardRails(ports({ port: 443 }), {
      rails: egress({ ports: [] }),
      own,
      others: 0,
    });

    expect(found?.allowed).toBe('no port');
  });
});

describe('checkGuardRails, of numbers', () => {
  const rules = (count: number): NetworkPolicySpec => ({
    ingress: Array.from({ length: count }, () => ({ from: [{ podSelector: {} }] })),
  });

  it('counts rules, policies and size', () => {
    expect(faults(rules(50), {}, 49)).toEqual([]);
    expect(faults(rules(51))).toEqual(['spec RULES_TOO_MANY']);
    expect(faults(rules(3), { maxRules: 2 })).toEqual(['spec RULES_TOO_MANY']);
    expect(faults({}, {}, 50)).toEqual([' POLICIES_TOO_MANY']);
    expect(faults({}, { maxPolicies: 2 }, 2)).toEqual([' POLICIES_TOO_MANY']);
    expect(faults(rules(50), { maxChars: 256 })).toEqual(['spec POLICY_TOO_LARGE']);
  });

  it('tells at most a hundred problems', () => {
    const many = Array.from({ length: 300 }, () => ({ ipBlock: { cidr: '0.0.0.0/0' } }));

    expect(faults({ egress: [{ to: many }, { to: many }] })).toHaveLength(100);
  });
});

describe('outcomeOf', () => {
  const [problem] = checkGuardRails({ egress: [{}] }, { rails: {}, own, others: 0 });
  const outside = problem ? [problem] : [];

  it.each([
    [undefined, 'save', 'refuse'],
    ['never', 'save', 'refuse'],
    ['whenOutside', 'save', 'ask'],
    ['always', 'ask', 'ask'],
  ] as const)('with approval %s: inside %s, outside %s', (requiresApproval, inside, beyond) => {
    const rails = requiresApproval === undefined ? {} : { requiresApproval };

    expect(outcomeOf(rails, [])).toBe(inside);
    expect(outcomeOf(rails, outside)).toBe(beyond);
  });
});

describe('GuardRails', () => {
  it('reads what a platform team writes', () => {
    const rails = {
      requiresApproval: 'whenOutside',
      egress: { cidrs: ['10.0.0.0/8'], ports: [{ protocol: 'TCP', port: 1, endPort: 1024 }] },
      ingress: { namespaces: { names: ['ingress-nginx'] } },
      podNetworks: ['10.244.0.0/16'],
      maxRules: 10,
    };

    expect(GuardRails.parse(rails)).toEqual(rails);
  });

  it.each([
    [{ requiresApproval: 'sometimes' }, 'requiresApproval VALUE_NOT_ALLOWED'],
    [{ egress: { cidr: ['10.0.0.0/8'] } }, 'egress.cidr FIELD_UNKNOWN'],
    [{ egress: { cidrs: ['10.0.0.0'] } }, 'egress.cidrs[0] CIDR_INVALID'],
    [
      { egress: { ports: [{ protocol: 'TCP', port: 9, endPort: 8 }] } },
      'egress.ports[0].endPort END_PORT_INVALID',
    ],
    [{ egress: { ports: [{ port: 9 }] } }, 'egress.ports[0].protocol VALUE_NOT_ALLOWED'],
    [{ maxRules: 0 }, 'maxRules TOO_FEW_OR_TOO_SMALL'],
  ])('refuses %j', (rails, expected) => {
    const { error } = GuardRails.safeParse(rails);

    expect(problemsOf(error as never).map(({ path, code }) => `${path} ${code}`)).toEqual([
      expected,
    ]);
  });
});
