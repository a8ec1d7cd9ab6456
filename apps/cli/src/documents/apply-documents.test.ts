import { describe, expect, it } from '@jest/globals';

import { describeProblem } from './apply-documents.ts';
import { splitDocuments } from './read-documents.ts';

const documents = [
  ...splitDocuments('web.yaml', 'kind: Blueprint\nmetadata: { name: web }\n'),
  ...splitDocuments(
    'all.yaml',
    'kind: Cluster\n---\nkind: Assignment\nmetadata: { name: all }\nspec:\n  version: x\n',
  ),
];
const problem = { severity: 'error', message: 'must be a number', allowed: null };

describe('describeProblem', () => {
  it('leads a problem back to its file, line and field', () => {
    expect(
      describeProblem(
        { ...problem, index: 2, path: 'spec.version', allowed: '1 or more' },
        documents,
      ),
    ).toBe('all.yaml:6: Assignment/all spec.version: must be a number. Allowed: 1 or more');
  });

  it('tells a problem of the whole stream as it is', () => {
    expect(describeProblem({ ...problem, index: 7, path: '' }, documents)).toBe('must be a number');
  });
});
