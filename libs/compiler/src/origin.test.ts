import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { isOfTeam, isStamped, originOf } from './index.ts';
import { ORIGIN_ANNOTATION, originText } from './origin.ts';

it('reads an origin back from what was written', () => {
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);
  const entry = fc
    .tuple(fc.constantFrom('clusterPolicies', 'manifests/NetworkPolicy'), name)
    .map((parts) => parts.join('/'));
  fc.assert(
    fc.property(
      fc.record({ blueprint: name, version: fc.nat(), entry, assignment: name }),
      (origin) => {
        expect(originOf({ [ORIGIN_ANNOTATION]: originText(origin) })).toEqual(origin);
      },
    ),
  );
});

it('reads back the origin of a namespace policy too', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
  fc.assert(
    fc.property(
      fc.record({ project: label, claim: label, namespacePolicy: label, version: fc.nat() }),
      (origin) => {
        expect(originOf({ [ORIGIN_ANNOTATION]: originText(origin) })).toEqual(origin);
      },
    ),
  );
});

it('knows an object that a policy set made by its labels', () => {
  expect(isStamped({ 'picket.dev/blueprint': 'b' })).toBe(true);
  expect(isStamped({ 'picket.dev/namespace-policy': 'p' })).toBe(true);
  expect(isStamped({ 'app.kubernetes.io/managed-by': 'picket' })).toBe(false);
});

it.each([
  [{}],
  [{ other: 'a@1 b via c' }],
  [{ [ORIGIN_ANNOTATION]: '' }],
  [{ [ORIGIN_ANNOTATION]: 'a b via c' }],
  [{ [ORIGIN_ANNOTATION]: 'a@x b via c' }],
  [{ [ORIGIN_ANNOTATION]: 'a@1 b via c d' }],
  [{ [ORIGIN_ANNOTATION]: 'namespace policy a/b@1' }],
  [{ [ORIGIN_ANNOTATION]: 'namespace policy a/b/c@1 d' }],
])('sees no origin in %j', (annotations) => {
  expect(originOf(annotations)).toBeUndefined();
});

it('tells what a team wrote from what a blueprint brought, whatever labels that gives itself', () => {
  expect(isOfTeam({ 'picket.dev/namespace-policy': 'p' })).toBe(true);
  expect(isOfTeam({ 'picket.dev/blueprint': 'b' })).toBe(false);
  expect(isOfTeam({ 'picket.dev/blueprint': 'b', 'picket.dev/namespace-policy': 'p' })).toBe(false);
});
