import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { pathText } from './index.ts';

it.each([
  [[], ''],
  [['spec'], 'spec'],
  [['spec', 'to', 0, 'ports'], 'spec.to[0].ports'],
  [[0, 'kind'], '[0].kind'],
  [['labels', 'a.b/c'], 'labels["a.b/c"]'],
  [['labels', ''], 'labels[""]'],
  [['labels', 'say "no"'], 'labels["say \\"no\\""]'],
  [['tenant-a', 'x_1'], 'tenant-a.x_1'],
  [[Symbol('odd')], '["Symbol(odd)"]'],
])('writes the path %j as %s', (keys, text) => {
  expect(pathText(keys)).toBe(text);
});

it('gives two paths of keys two texts', () => {
  const key = fc.oneof(
    fc.nat(20),
    fc.string({ maxLength: 3 }).filter((word) => !/^\d+$/.test(word)),
  );
  fc.assert(
    fc.property(fc.array(key), fc.array(key), (a, b) => {
      expect(pathText(a) === pathText(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});
