import { expect, it } from '@jest/globals';

import { fieldProblems } from './field-problems.ts';

const budget = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
};

it('finds nothing wrong with what a current API server takes', () => {
  expect(fieldProblems(budget)).toEqual([]);
});

it.each([
  [{ maxUnavailable: 1.5 }, 'PodDisruptionBudget.spec.maxUnavailable: not of type IntOrString'],
  [{ maxUnvailable: 1 }, 'PodDisruptionBudget.spec.maxUnvailable: no such field'],
  [
    { selector: { matchLabels: { app: 1 } } },
    'PodDisruptionBudget.spec.selector.matchLabels.app: not of type string',
  ],
  [
    { selector: { matchExpressions: {} } },
    'PodDisruptionBudget.spec.selector.matchExpressions: not a list',
  ],
  [
    { selector: { matchExpressions: [{ keys: 'app' }] } },
    'PodDisruptionBudget.spec.selector.matchExpressions[0].keys: no such field',
  ],
  [{ selector: 'app=web' }, 'PodDisruptionBudget.spec.selector: not an object'],
])('says what is wrong with %j', (spec, problem) => {
  expect(fieldProblems({ ...budget, spec })).toEqual([problem]);
});

it.each([{ kind: 'PodDisruptionBudgets' }, { apiVersion: 'policy/v1beta1' }])(
  'does not vouch for what it does not know: %j',
  (other) => {
    expect(fieldProblems({ ...budget, ...other })).toEqual([
      expect.stringContaining('not a kind of the client'),
    ]);
  },
);
