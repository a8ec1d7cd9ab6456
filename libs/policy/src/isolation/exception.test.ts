import { expect, it } from '@jest/globals';

import { exceptionOf, type NetworkPolicySpec } from '../index.ts';

const rules = [{ to: [{ podSelector: {} }] }];
const codes = (spec: NetworkPolicySpec, ...standing: NetworkPolicySpec[]): string[] =>
  exceptionOf(
    spec,
    standing.map((one) => ({ name: 's', spec: one })),
  ).problems.map(({ path, code, severity }) => `${path} ${code} ${severity}`);
const closed: NetworkPolicySpec = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

it('closes no direction but those that it opens', () => {
  expect(exceptionOf({ egress: rules }, []).spec).toEqual({
    egress: rules,
    policyTypes: ['Egress'],
  });
  expect(exceptionOf({ ingress: [{}], egress: [{}] }, []).spec.policyTypes).toEqual([
    'Ingress',
    'Egress',
  ]);
  expect(codes({ egress: rules }, closed)).toEqual([]);
  expect(codes({ policyTypes: ['Egress'], egress: rules }, closed)).toEqual([]);
});

it.each<[string, NetworkPolicySpec]>([
  ['nothing', {}],
  ['empty lists', { ingress: [], egress: [] }],
  ['a direction without rules', { policyTypes: ['Ingress', 'Egress'], egress: rules }],
])('refuses %s, which denies', (_, spec) => {
  expect(codes(spec, closed)).toEqual(['spec EXCEPTION_DENIES error']);
});

it.each<[string, NetworkPolicySpec[]]>([
  ['nothing', []],
  ['other pods', [{ ...closed, podSelector: { matchLabels: { app: 'other' } } }]],
  ['some of its pods', [{ ...closed, podSelector: { matchLabels: { app: 'a', tier: 'b' } } }]],
  ['the other direction', [{ ...closed, policyTypes: ['Ingress'] }]],
])('warns that it isolates by itself where %s is isolated', (_, standing) => {
  const spec = { podSelector: { matchLabels: { app: 'a' } }, egress: rules };

  expect(codes(spec, ...standing)).toEqual(['spec.egress EXCEPTION_ISOLATES warning']);
});
