import { describe, expect, it } from '@jest/globals';

import { assignPriorities } from './assign-priorities.ts';
import { convertAdminPolicies } from './convert-admin-policies.ts';

const everyone = [{ namespaces: {} }];
const rules = (count: number, action = 'Deny'): object[] =>
  Array.from({ length: count }, () => ({ action, from: everyone }));
const admin = (name: string, priority: number, ingress: object[]): { value: object } => ({
  value: {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'AdminNetworkPolicy',
    metadata: { name },
    spec: { priority, subject: { namespaces: {} }, ingress },
  },
});

/** Name, priority and number of rules of each object, or the problems' codes. */
function convert(...objects: { value: object }[]): string[] {
  const { objects: converted, problems } = convertAdminPolicies(objects);
  if (problems.length > 0) return problems.map(({ code }) => code);
  return converted.map(({ value }) => {
    const { metadata, spec } = value as {
      metadata: { name: string };
      spec: { priority: number; ingress: object[] };
    };
    return `${metadata.name} ${spec.priority} ${spec.ingress.length}`;
  });
}

describe('convertAdminPolicies', () => {
  it('keeps names and priorities where nothing has to be split', () => {
    expect(convert(admin('a', 7, rules(25)), admin('b', 9, rules(1)))).toEqual(['a 7 25', 'b 9 1']);
  });

  it('gives no name twice, and moves what is of the newer kind already along', () => {
    const already = (name: string, priority: number): { value: object } => ({
      value: {
        apiVersion: 'policy.networking.k8s.io/v1alpha2',
        kind: 'ClusterNetworkPolicy',
        metadata: { name },
        spec: { tier: 'Admin', priority, subject: { namespaces: {} }, ingress: [] },
      },
    });

    expect(
      convert(
        admin('a', 7, rules(30)),
        admin('b', 1, rules(1)),
        already('b', 8),
        already('a-1', 3),
      ),
    ).toEqual(['a-1-2 7 25', 'a-2 8 5', 'b-2 1 1', 'b 9 0', 'a-1 3 0']);
  });

  it('splits what has too many rules, peers or ports, and moves what comes after only as far as it must', () => {
    const wide = { action: 'Allow', from: Array.from({ length: 30 }, () => everyone[0]) };

    expect(
      convert(admin('a', 7, rules(60)), admin('b', 8, [wide]), admin('c', 20, rules(1))),
    ).toEqual(['a-1 7 25', 'a-2 8 25', 'a-3 9 10', 'b 10 2', 'c 20 1']);
  });

  it('makes room downwards where there is none above', () => {
    expect(convert(admin('a', 999, rules(50)), admin('b', 1_000, rules(50)))).toEqual([
      'a-1 997 25',
      'a-2 998 25',
      'b-1 999 25',
      'b-2 1000 25',
    ]);
  });

  it('says so when the priorities do not suffice, and leaves the input as it is', () => {
    const objects = Array.from({ length: 300 }, (_, index) =>
      admin(`p${index}`, index, rules(100)),
    );

    const { objects: same, problems } = convertAdminPolicies(objects);

    expect(same).toBe(objects);
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'PRIORITIES_EXHAUSTED',
        message: expect.stringContaining('would need 1200 priorities, and has 1001'),
      }),
    ]);
  });

  it('splits policies of one priority only where their order has no meaning', () => {
    expect(convert(admin('a', 5, rules(30)), admin('b', 5, rules(1)))).toEqual([
      'a-1 5 25',
      'a-2 6 5',
      'b 7 1',
    ]);
    expect(convert(admin('a', 5, rules(30)), admin('b', 5, rules(1, 'Allow')))).toEqual([
      'PRIORITY_UNDECIDED',
    ]);
    expect(convert(admin('a', 5, rules(1)), admin('b', 5, rules(1, 'Allow')))).toEqual([
      'a 5 1',
      'b 5 1',
    ]);
  });
});

describe('assignPriorities', () => {
  it('keeps the order and leaves each place its width', () => {
    expect(
      assignPriorities([
        { priority: 0, width: 2 },
        { priority: 1, width: 1 },
      ]),
    ).toEqual([0, 2]);
    expect(assignPriorities([{ priority: 3, width: 1_001 }])).toEqual([0]);
    expect(assignPriorities([{ priority: 3, width: 1_002 }])).toBeUndefined();
  });
});
