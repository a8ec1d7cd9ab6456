import { expect, it } from '@jest/globals';

import { diffNamespacePolicies, type NamespacePolicyContent } from './index.ts';

const rule = (app: string) => ({ from: [{ podSelector: { matchLabels: { app } } }] });
const content = (more: Partial<NamespacePolicyContent> = {}): NamespacePolicyContent => ({
  namespaces: null,
  spec: { podSelector: {}, ingress: [rule('a'), rule('b')] },
  expiresAt: null,
  owner: null,
  ...more,
});

it('sees no change in the same content, nor in another order of rules', () => {
  expect(diffNamespacePolicies(content(), content())).toEqual([]);
  expect(
    diffNamespacePolicies(
      content(),
      content({ spec: { ingress: [rule('b'), rule('a')], podSelector: {} } }),
    ),
  ).toEqual([]);
});

it('lists everything of what is new, and of what is to go', () => {
  expect(diffNamespacePolicies(undefined, content())).toEqual([
    { path: 'spec.podSelector', before: null, after: {} },
    { path: 'spec.ingress[0]', before: null, after: rule('a') },
    { path: 'spec.ingress[1]', before: null, after: rule('b') },
  ]);
  expect(
    diffNamespacePolicies(content({ owner: 'me' }), undefined).map(({ path }) => path),
  ).toEqual(['owner', 'spec.podSelector', 'spec.ingress[0]', 'spec.ingress[1]']);
});

it('names what comes and what goes by the place where it stands', () => {
  const after = content({
    namespaces: ['shop'],
    expiresAt: 17,
    spec: { policyTypes: ['Ingress'], ingress: [rule('c'), rule('b'), rule('b')] },
  });

  expect(diffNamespacePolicies(content(), after)).toEqual([
    { path: 'namespaces', before: null, after: ['shop'] },
    { path: 'expiresAt', before: null, after: 17 },
    { path: 'spec.podSelector', before: {}, after: null },
    { path: 'spec.policyTypes', before: null, after: ['Ingress'] },
    { path: 'spec.ingress[0]', before: rule('a'), after: null },
    { path: 'spec.ingress[0]', before: null, after: rule('c') },
    { path: 'spec.ingress[2]', before: null, after: rule('b') },
  ]);
});
