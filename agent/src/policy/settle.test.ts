import { describe, expect, it } from '@jest/globals';

import type { KubeObject, ManagedFields } from './kube-api.ts';
import { hasForeignContent } from './settle.ts';

const ours: ManagedFields = {
  manager: 'picket-agent',
  operation: 'Apply',
  fieldsV1: { 'f:spec': {}, 'f:metadata': {} },
};
const by = (manager: string, operation: string, ...fields: string[]): ManagedFields => ({
  manager,
  operation,
  fieldsV1: Object.fromEntries(fields.map((field) => [field, {}])),
});
const object = (managedFields: readonly ManagedFields[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: 'x', managedFields },
});

describe('hasForeignContent', () => {
  it.each([
    ['our apply alone', [ours]],
    ['labels by a person', [ours, by('kubectl', 'Update', 'f:metadata')]],
    ['a status by a controller', [ours, by('cilium', 'Update', 'f:status')]],
    ['nothing known', []],
  ])('is not: %s', (_what, fields) => {
    expect(hasForeignContent(object(fields))).toBe(false);
  });

  it.each([
    ['a spec by a person', [ours, by('kubectl-edit', 'Update', 'f:spec')]],
    ['a second list of rules', [ours, by('kubectl-edit', 'Update', 'f:specs', 'f:metadata')]],
    ['a spec by somebody under our name', [ours, by('picket-agent', 'Update', 'f:spec')]],
  ])('is: %s', (_what, fields) => {
    expect(hasForeignContent(object(fields))).toBe(true);
  });
});
