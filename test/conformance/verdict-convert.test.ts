import { describe, expect, it } from '@jest/globals';
import {
  convertAdminPolicies,
  parseObjects,
  referenceEvaluator,
  type Answer,
  type SourceObject,
} from '@picket/verdict';
import * as fc from 'fast-check';

import { corpora, corpusCases, objectsIn } from '../support/corpora/corpora.ts';
import { differencesOf, inputOf } from '../support/corpora/describe-conformance.ts';
import { describeWith } from '../support/services/describe-with.ts';
import { adminPolicyObjects } from '../support/verdict/admin-policies.ts';
import {
  flowsBetween,
  inventoryObjects,
  policyObjects,
} from '../support/verdict/random-cluster.ts';

describe('converting AdminNetworkPolicies and the baseline to ClusterNetworkPolicies', () => {
  const asked = fc
    .tuple(inventoryObjects, adminPolicyObjects, policyObjects)
    .chain(([inventory, admin, others]) => {
      const names = parseObjects(inventory).inventory.workloads.map(
        ({ namespace, name }) => `${namespace}/${name}`,
      );
      return fc.record({
        objects: fc.constant([...inventory, ...admin, ...others]),
        flows: fc.array(flowsBetween(names), { minLength: 5 }),
      });
    });

  it('keeps every verdict of any cluster, or says why it cannot', () => {
    let converted = 0;
    let split = 0;
    fc.assert(
      fc.property(asked, ({ objects, flows }) => {
        const result = convertAdminPolicies(objects);
        const errors = result.problems.filter(({ severity }) => severity === 'error');
        if (errors.length > 0) {
          expect(errors.every(({ code }) => code === 'PRIORITY_UNDECIDED')).toBe(true);
          return;
        }
        converted++;
        if (result.objects.length > objects.length) split++;
        const before = parseObjects(objects);
        const after = parseObjects(result.objects);

        expect(kindsIn(result.objects)).not.toContain('AdminNetworkPolicy');
        expect(refusals(after.problems)).toEqual(refusals(before.problems));
        for (const flow of flows)
          expect(verdictsOf(referenceEvaluator(after).judge(flow))).toEqual(
            verdictsOf(referenceEvaluator(before).judge(flow)),
          );
      }),
      { numRuns: Number(process.env['PICKET_RUNS'] ?? 200) },
    );
    expect(converted).toBeGreaterThan(50);
    expect(split).toBeGreaterThan(20);
  });
});

describeWith(corpora, 'cases of public projects, converted', () => {
  const cases = corpusCases.filter(
    ({ type, semantics }) => /ANP|BANP/.test(type) && semantics !== 'must-reject',
  );

  it.each(cases.map((each) => [each.id, each] as const))('%s', (_, each) => {
    const objects = each.manifests.flatMap((file) =>
      objectsIn(file).map((value) => ({ file, value })),
    );

    const { objects: converted, problems } = convertAdminPolicies(objects);

    expect(problems).toEqual([]);
    expect(kindsIn(converted).filter((kind) => /AdminNetworkPolicy/.test(kind))).toEqual([]);
    const input = { ...inputOf(each), ...parseObjects(converted) };
    expect(differencesOf(referenceEvaluator(input), each)).toEqual([]);
  });
});

function kindsIn(objects: readonly SourceObject[]): string[] {
  return objects.map(({ value }) => String((value as { kind: unknown }).kind));
}

/** Equal priorities apart: those that stay equal are told of other objects. */
function refusals(
  problems: readonly { readonly code: string; readonly severity: string }[],
): string[] {
  return problems
    .filter(({ severity, code }) => severity === 'error' && code !== 'PRIORITY_EQUAL')
    .map(({ code }) => code);
}

function verdictsOf({ verdict, egress, ingress }: Answer): string[] {
  return [verdict, egress.verdict, ingress.verdict];
}
