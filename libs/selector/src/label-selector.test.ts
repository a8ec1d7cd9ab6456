import { describe, expect, it } from '@jest/globals';

import { Labels, LabelSelector } from './index.ts';

/** `path: message` of each issue. */
function faults(schema: typeof Labels | typeof LabelSelector, value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('LabelSelector', () => {
  it.each([
    [{}],
    [{ matchLabels: {} }],
    [{ matchLabels: { 'example.com/team': 'a', empty: '' } }],
    [{ matchExpressions: [] }],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['', 'b'] }] }],
    [{ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] }],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
    [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist', values: [] }] }],
  ])('takes %j', (selector) => {
    expect(faults(LabelSelector, selector)).toEqual([]);
  });

  it.each([
    [{ matchLabels: { a: 1 } }, [expect.stringMatching(/^matchLabels\.a: .*expected string/)]],
    [{ matchLabels: { '-a': 'b' } }, [expect.stringMatching(/^matchLabels\.-a: label key must/)]],
    [{ matchLabels: { a: '-' } }, [expect.stringMatching(/^matchLabels\.a: label value "-" must/)]],
    [{ matchlabels: {} }, [expect.stringContaining('matchlabels')]],
    [
      { matchExpressions: [{ key: 'a/b/c', operator: 'Exists' }] },
      [expect.stringMatching(/^matchExpressions\.0\.key: label key "a\/b\/c" has more than one/)],
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'in', values: ['b'] }] },
      [expect.stringMatching(/^matchExpressions\.0\.operator: .*"In"/)],
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'In' }] },
      ['matchExpressions.0.values: operator In needs values'],
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] },
      ['matchExpressions.0.values: operator NotIn needs values'],
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
      ['matchExpressions.0.values: operator Exists takes no values'],
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'DoesNotExist', values: ['b'] }] },
      ['matchExpressions.0.values: operator DoesNotExist takes no values'],
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'In', values: ['b c'] }] },
      [expect.stringMatching(/^matchExpressions\.0\.values\.0: label value "b c" must/)],
    ],
    [null, [expect.stringContaining('expected object')]],
  ])('refuses %j', (selector, expected) => {
    expect(faults(LabelSelector, selector)).toEqual(expected);
  });
});

describe('Labels', () => {
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));

  it('are at most 256', () => {
    expect(faults(Labels, many(256))).toEqual([]);
    expect(faults(Labels, many(257))).toEqual([': at most 256 labels are allowed']);
  });

  it('have keys and values in Kubernetes’ syntax', () => {
    expect(faults(Labels, { 'a b': 'c', d: 'e f' })).toEqual([
      expect.stringMatching(/^a b: label key must/),
      expect.stringMatching(/^d: label value "e f" must/),
    ]);
  });

  it.each([[null], ['a=b'], [['a']], [1]])('are an object, not %j', (value) => {
    expect(faults(Labels, value)).toEqual([expect.stringContaining('expected record')]);
  });

  it('lose nothing silently: a key that JavaScript treats apart is refused like any other', () => {
    const hostile: unknown = JSON.parse('{"__proto__":"x"}');

    expect(faults(Labels, hostile)).toEqual([expect.stringMatching(/^__proto__: label key must/)]);
  });
});
