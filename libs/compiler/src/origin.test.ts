import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { originOf } from './index.ts';
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

it.each([
  [{}],
  [{ other: 'a@1 b via c' }],
  [{ [ORIGIN_ANNOTATION]: '' }],
  [{ [ORIGIN_ANNOTATION]: 'a b via c' }],
  [{ [ORIGIN_ANNOTATION]: 'a@x b via c' }],
  [{ [ORIGIN_ANNOTATION]: 'a@1 b via c d' }],
])('sees no origin in %j', (annotations) => {
  expect(originOf(annotations)).toBeUndefined();
});
