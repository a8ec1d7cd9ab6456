import { describe, expect, it } from '@jest/globals';

import { lineOf } from './line-of.ts';
import { splitDocuments } from './read-documents.ts';

const [document] = splitDocuments(
  'two.yaml',
  `kind: Cluster
---
# a comment
kind: Blueprint
metadata:
  name: web
  labels: { a.b/c: x,
    d: y }
spec:
  namespacePolicies:
    - name: first
      spec:
        podSelector: {}
    - name: second
`,
).slice(1);

describe('lineOf', () => {
  it.each([
    ['', 4],
    ['kind', 4],
    ['metadata.name', 6],
    ['metadata.labels["a.b/c"]', 7],
    ['metadata.labels.d', 8],
    ['spec.namespacePolicies[0].spec.podSelector', 13],
    ['spec.namespacePolicies[1]', 14],
  ])('finds %j', (path, line) => {
    expect(lineOf(document!, path)).toBe(line);
  });

  it('names the line of what should hold a field that is not there', () => {
    expect(lineOf(document!, 'spec.namespacePolicies[1].spec.podSelector')).toBe(14);
    expect(lineOf(document!, 'spec.namespacePolicies[7].name')).toBe(10);
    expect(lineOf(document!, 'nowhere')).toBe(4);
  });
});
