import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { parseObjects } from '../index.ts';
import { TRANSLATORS } from '../translate/translators.ts';

const kinds = [
  ...TRANSLATORS.keys(),
  'v1/Pod',
  'v1/Node',
  'v1/Service',
  'apps/v1/Deployment',
  'batch/v1/CronJob',
  'v1/List',
];
const kind = fc.constantFrom(...kinds).map((text) => {
  const at = text.lastIndexOf('/');
  return { apiVersion: text.slice(0, at), kind: text.slice(at + 1) };
});

/** Trees of the words that policies are made of, in the wrong places. */
const words = fc.constantFrom(
  'spec',
  'ingress',
  'egress',
  'from',
  'to',
  'ports',
  'podSelector',
  'matchLabels',
  'namespaces',
  'pods',
  'tier',
  'subject',
  'metadata',
  'template',
  'items',
  'endpointSelector',
  'toPorts',
  '__proto__',
  'constructor',
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constant('10.0.0.0/8'),
      fc.constant('\u0000'),
    ),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(words, tie('tree'), { maxKeys: 4 }),
  ),
}));

describe('hostile input', () => {
  it('ends in an answer for trees of the right words in the wrong places', () => {
    fc.assert(
      fc.property(kind, tree, tree, tree, (envelope, spec, metadata, items) => {
        const { problems } = parseObjects([{ value: { ...envelope, metadata, spec, items } }]);

        expect(Array.isArray(problems)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends in an answer for anything at all', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(parseObjects([{ value }]).problems.length).toBeGreaterThan(0);
      }),
    );
  });

  it.each([
    [
      'nested too deep',
      () => Array.from({ length: 100_000 }).reduce<object>((inner) => ({ inner }), {}),
    ],
    [
      'that contains itself',
      () => {
        const loop: Record<string, unknown> = {};
        loop['loop'] = loop;
        return loop;
      },
    ],
    [
      'that aliases blow up',
      () => Array.from({ length: 40 }).reduce<unknown>((inner) => [inner, inner, inner], 'x'),
    ],
  ])('refuses a value %s', (_, make) => {
    const value = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'x' },
      spec: make(),
    };

    expect(parseObjects([{ value }]).problems).toMatchObject([{ code: 'TOO_LARGE' }]);
  });

  it.each([
    ['rules', { ingress: Array.from({ length: 100_000 }, () => ({})) }],
    [
      'expressions',
      {
        podSelector: {
          matchExpressions: Array.from({ length: 100_000 }, () => ({
            key: 'a',
            operator: 'Exists',
          })),
        },
      },
    ],
    [
      'labels',
      {
        podSelector: {
          matchLabels: Object.fromEntries(
            Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 'v']),
          ),
        },
      },
    ],
  ])('refuses 100,000 %s', (_, spec) => {
    const value = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'x' },
      spec,
    };

    expect(parseObjects([{ value }]).problems).toMatchObject([{ severity: 'error' }]);
  });
});
