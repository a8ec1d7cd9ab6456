import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { NetworkPolicySpec, problemsOf } from './index.ts';

/** `path CODE` of each problem of the spec. */
function faults(spec: unknown): string[] {
  const { error } = NetworkPolicySpec.safeParse(spec);
  return error ? problemsOf(error).map(({ path, code }) => `${path} ${code}`) : [];
}

const peer = (member: object): object => ({ ingress: [{ from: [member] }] });
const port = (member: object): object => ({ ingress: [{ ports: [member] }] });
const block = (cidr: unknown, except?: unknown): object =>
  peer({ ipBlock: except === undefined ? { cidr } : { cidr, except } });

describe('NetworkPolicySpec takes', () => {
  it.each([
    ['a deny-all for both directions', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }],
    ['nothing but the default', {}],
    ['an empty list of rules, which allows nothing', { podSelector: {}, ingress: [] }],
    ['an empty rule, which allows all', { podSelector: {}, ingress: [{}], egress: [{}] }],
    ['empty lists of peers and ports, which match all', { ingress: [{ from: [], ports: [] }] }],
    ['a type that stands there twice', { policyTypes: ['Ingress', 'Ingress'] }],
    ['no type at all', { policyTypes: [] }],
    ['an empty selector as a peer', peer({ podSelector: {} })],
    ['both selectors in one peer', peer({ podSelector: {}, namespaceSelector: {} })],
    ['an IPv4 block', block('10.0.0.0/8', ['10.1.0.0/16', '10.2.0.0/24'])],
    ['an IPv6 block', block('2001:db8::/32', ['2001:db8:1::/48'])],
    ['everything outside', block('0.0.0.0/0', ['10.0.0.0/8'])],
    ['a block with host bits', block('10.0.0.7/8', ['10.1.2.3/16'])],
    ['a block without exceptions', block('10.0.0.0/8', [])],
    ['an entry without a port', port({ protocol: 'UDP' })],
    ['an empty entry of ports', port({})],
    ['SCTP', port({ protocol: 'SCTP', port: 36412 })],
    ['a port by number', port({ port: 65_535 })],
    ['a port by name', port({ port: 'http-alt2' })],
    ['a range', port({ port: 1, endPort: 65_535 })],
    ['a range of one', port({ port: 80, endPort: 80 })],
  ])('%s', (_, spec) => {
    expect(faults(spec)).toEqual([]);
  });
});

describe('NetworkPolicySpec refuses', () => {
  it.each([
    ['a text', 'deny', ' TYPE_WRONG'],
    ['a list', [], ' TYPE_WRONG'],
    ['nothing', undefined, ' FIELD_REQUIRED'],
    ['an unknown field', { podselector: {} }, 'podselector FIELD_UNKNOWN'],
    ['an unknown type', { policyTypes: ['ingress'] }, 'policyTypes[0] VALUE_NOT_ALLOWED'],
    [
      'three types',
      { policyTypes: ['Ingress', 'Egress', 'Ingress'] },
      'policyTypes TOO_MANY_OR_TOO_LARGE',
    ],
    ['rules that are no list', { ingress: {} }, 'ingress TYPE_WRONG'],
    ['a rule of nothing', { ingress: [null] }, 'ingress[0] TYPE_WRONG'],
    ['`to` in ingress', { ingress: [{ to: [] }] }, 'ingress[0].to FIELD_UNKNOWN'],
    ['`from` in egress', { egress: [{ from: [] }] }, 'egress[0].from FIELD_UNKNOWN'],
    ['an empty peer', peer({}), 'ingress[0].from[0] PEER_EMPTY'],
    [
      'a peer of an unknown kind',
      peer({ nodes: {} }),
      ['ingress[0].from[0].nodes FIELD_UNKNOWN', 'ingress[0].from[0] PEER_EMPTY'],
    ],
    [
      'a block beside pods',
      peer({ ipBlock: { cidr: '::/0' }, podSelector: {} }),
      'ingress[0].from[0] PEER_MIXED',
    ],
    [
      'a block beside namespaces',
      peer({ ipBlock: { cidr: '::/0' }, namespaceSelector: {} }),
      'ingress[0].from[0] PEER_MIXED',
    ],
    [
      'a block without a cidr',
      peer({ ipBlock: {} }),
      'ingress[0].from[0].ipBlock.cidr FIELD_REQUIRED',
    ],
    [
      'an address without a length',
      block('10.0.0.1'),
      'ingress[0].from[0].ipBlock.cidr CIDR_INVALID',
    ],
    ['an empty cidr', block(''), 'ingress[0].from[0].ipBlock.cidr CIDR_INVALID'],
    [
      'a cidr with leading zeros',
      block('010.0.0.0/8'),
      'ingress[0].from[0].ipBlock.cidr CIDR_INVALID',
    ],
    [
      'IPv4 in IPv6 text',
      block('::ffff:10.0.0.0/104'),
      'ingress[0].from[0].ipBlock.cidr CIDR_INVALID',
    ],
    [
      'an exception of another family',
      block('10.0.0.0/8', ['::1/128']),
      'ingress[0].from[0].ipBlock.except[0] EXCEPT_OUTSIDE_CIDR',
    ],
    [
      'an exception outside',
      block('10.0.0.0/8', ['10.1.0.0/16', '11.0.0.0/16']),
      'ingress[0].from[0].ipBlock.except[1] EXCEPT_OUTSIDE_CIDR',
    ],
    [
      'an exception around the block',
      block('10.0.0.0/8', ['10.0.0.0/7']),
      'ingress[0].from[0].ipBlock.except[0] EXCEPT_OUTSIDE_CIDR',
    ],
    [
      'an exception that is the whole block',
      block('10.0.0.0/8', ['10.0.0.0/8']),
      'ingress[0].from[0].ipBlock.except[0] EXCEPT_OUTSIDE_CIDR',
    ],
    [
      'an exception that is no cidr',
      block('10.0.0.0/8', ['10.1.2.3']),
      'ingress[0].from[0].ipBlock.except[0] CIDR_INVALID',
    ],
    [
      'exceptions that are no list',
      block('10.0.0.0/8', '10.1.0.0/16'),
      'ingress[0].from[0].ipBlock.except TYPE_WRONG',
    ],
    [
      'an unknown protocol',
      port({ protocol: 'ICMP' }),
      'ingress[0].ports[0].protocol VALUE_NOT_ALLOWED',
    ],
    [
      'a protocol in small letters',
      port({ protocol: 'tcp' }),
      'ingress[0].ports[0].protocol VALUE_NOT_ALLOWED',
    ],
    ['port 0', port({ port: 0 }), 'ingress[0].ports[0].port TOO_FEW_OR_TOO_SMALL'],
    ['port 65536', port({ port: 65_536 }), 'ingress[0].ports[0].port TOO_MANY_OR_TOO_LARGE'],
    ['half a port', port({ port: 80.5 }), 'ingress[0].ports[0].port TYPE_WRONG'],
    ['a number in quotes', port({ port: '80' }), 'ingress[0].ports[0].port FORMAT_WRONG'],
    ['a name in capitals', port({ port: 'HTTP' }), 'ingress[0].ports[0].port FORMAT_WRONG'],
    [
      'a name with two dashes in a row',
      port({ port: 'a--b' }),
      'ingress[0].ports[0].port FORMAT_WRONG',
    ],
    ['a name that ends with a dash', port({ port: 'a-' }), 'ingress[0].ports[0].port FORMAT_WRONG'],
    [
      'a name of 16 letters',
      port({ port: 'abcdefghijklmnop' }),
      'ingress[0].ports[0].port TOO_MANY_OR_TOO_LARGE',
    ],
    ['an empty name', port({ port: '' }), 'ingress[0].ports[0].port FORMAT_WRONG'],
    ['endPort without port', port({ endPort: 90 }), 'ingress[0].ports[0].endPort END_PORT_INVALID'],
    [
      'endPort beside a named port',
      port({ port: 'http', endPort: 90 }),
      'ingress[0].ports[0].endPort END_PORT_INVALID',
    ],
    [
      'endPort below port',
      port({ port: 80, endPort: 79 }),
      'ingress[0].ports[0].endPort END_PORT_INVALID',
    ],
    [
      'endPort 65536',
      port({ port: 80, endPort: 65_536 }),
      'ingress[0].ports[0].endPort TOO_MANY_OR_TOO_LARGE',
    ],
    [
      'a wrong selector',
      { podSelector: { matchLabels: { a: 'b c' } } },
      'podSelector.matchLabels.a VALUE_INVALID',
    ],
  ])('%s', (_, spec, expected) => {
    expect(faults(spec)).toEqual([expected].flat());
  });

  it('all of it at once', () => {
    const spec = {
      podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] },
      policyTypes: ['Egres'],
      ingress: [{ from: [{}, { ipBlock: { cidr: '10.0.0.0/33' } }], ports: [{ endPort: 1 }] }],
      egress: [
        {
          to: [
            { ipBlock: { cidr: '10.0.0.0/8', except: ['x', '11.0.0.0/9'] }, podSelector: { a: 1 } },
          ],
        },
      ],
    };

    expect(faults(spec).toSorted()).toEqual([
      'egress[0].to[0] PEER_MIXED',
      'egress[0].to[0].ipBlock.except[0] CIDR_INVALID',
      'egress[0].to[0].ipBlock.except[1] EXCEPT_OUTSIDE_CIDR',
      'egress[0].to[0].podSelector.a FIELD_UNKNOWN',
      'ingress[0].from[0] PEER_EMPTY',
      'ingress[0].from[1].ipBlock.cidr CIDR_INVALID',
      'ingress[0].ports[0].endPort END_PORT_INVALID',
      'podSelector.matchExpressions[0].values VALUE_INVALID',
      'policyTypes[0] VALUE_NOT_ALLOWED',
    ]);
  });
});

it('never throws, whatever stands where a field is expected', () => {
  const odd = fc.anything({ maxDepth: 3, withNullPrototype: true, withBigInt: true });
  const shaped = fc.record(
    {
      podSelector: odd,
      policyTypes: odd,
      ingress: fc.oneof(
        odd,
        fc.array(
          fc.record({
            from: fc.array(
              fc.oneof(
                odd,
                fc.record({
                  ipBlock: fc.oneof(odd, fc.record({ cidr: odd, except: odd })),
                  podSelector: odd,
                }),
              ),
            ),
            ports: fc.array(fc.oneof(odd, fc.record({ port: odd, endPort: odd }))),
          }),
        ),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(shaped, (spec) => void faults(spec)),
    { numRuns: 500 },
  );
});
