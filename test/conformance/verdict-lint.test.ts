import { describe, expect, it } from '@jest/globals';
import {
  lint,
  parseObjects,
  referenceEvaluator,
  type Input,
  type LintProblem,
  type Policy,
  type Rule,
  type RuleList,
} from '@picket/verdict';
import * as fc from 'fast-check';

import { flowsIn, input, policy, sorted } from '../support/verdict/arbitrary-input.ts';
import {
  flowsBetween,
  inventoryObjects,
  policyObjects,
} from '../support/verdict/random-cluster.ts';

const numRuns = Number(process.env['PICKET_RUNS'] ?? 400);

/** Rules and policies of every form that the model has, many of them twice: elsewhere in the order, or with another isolation. */
const anyForm = fc
  .tuple(input, fc.array(policy, { minLength: 1, maxLength: 3 }))
  .map(([of, places]): Input => {
    const twins = of.policies.flatMap((original, index) => {
      const place = places[index % places.length];
      return place && index < 3 ? [twinOf(original, place, index)] : [];
    });
    return { ...of, policies: sorted([...of.policies, ...twins]) };
  })
  .chain((of) => fc.record({ of: fc.constant(of), flows: flowsIn(of.inventory) }));

/** The rules of one policy at the place of another; of one in two without what narrows them beside peers and ports. */
function twinOf(
  original: Policy,
  { tier, order, tie, ingress, egress }: Policy,
  index: number,
): Policy {
  const { id, subject } = original;
  const plain = ({ index: place, action, peers, ports }: Rule): Rule => ({
    index: place,
    action,
    peers,
    ...(ports && { ports }),
  });
  const list = (direction: 'egress' | 'ingress', like: RuleList | undefined): Partial<Policy> => {
    const own = original[direction];
    return own && like
      ? { [direction]: { ...like, rules: index === 1 ? own.rules.map(plain) : own.rules } }
      : {};
  };
  return {
    id: { ...id, name: `twin-${index}` },
    tier,
    order,
    ...(tie !== undefined && { tie: `${tie}-twin` }),
    subject,
    ...list('egress', egress),
    ...list('ingress', ingress),
  };
}
/** As parsers make them, of few labels, so that many rules mean the same. */
const asWritten = fc.tuple(inventoryObjects, policyObjects).chain(([inventory, policies]) => {
  const of: Input = parseObjects([...inventory, ...policies]);
  const names = of.inventory.workloads.map(({ namespace, name }) => `${namespace}/${name}`);
  return fc.record({ of: fc.constant(of), flows: fc.array(flowsBetween(names), { minLength: 8 }) });
});

describe('for any cluster and policies', () => {
  it.each([
    ['of every form', anyForm],
    ['as they are written', asWritten],
  ] as const)(
    'no known verdict changes without all rules and policies that lint calls shadowed or redundant, %s',
    (_, arbitrary) => {
      let removed = 0;
      fc.assert(
        fc.property(arbitrary, ({ of, flows }) => {
          const problems = lint(of.policies, of.inventory);
          const policies = without(of.policies, problems);
          removed += sizeOf(of.policies) - sizeOf(policies);
          const before = referenceEvaluator(of);
          const after = referenceEvaluator({ ...of, policies });

          for (const flow of flows) {
            const { verdict } = before.judge(flow);
            if (verdict !== 'unknown') expect(after.judge(flow).verdict).toBe(verdict);
          }
        }),
        { numRuns },
      );
      expect(removed).toBeGreaterThan(numRuns / 4);
    },
  );
});

function without(policies: readonly Policy[], problems: readonly LintProblem[]): Policy[] {
  const isNamed = ({ id }: Policy, code: RegExp): LintProblem[] =>
    problems.filter((problem) => problem.policy === id && code.test(problem.code));
  return policies
    .filter((policy) => isNamed(policy, /^POLICY_REDUNDANT$/).length === 0)
    .map((policy) => {
      const gone = isNamed(policy, /^RULE_(SHADOWED|REDUNDANT)$/);
      const left = (direction: 'egress' | 'ingress'): Partial<Policy> => {
        const list = policy[direction];
        if (!list) return {};
        const rules = list.rules.filter(
          ({ index }) =>
            !gone.some((each) => each.direction === direction && each.rule?.index === index),
        );
        return { [direction]: { ...list, rules } };
      };
      return { ...policy, ...left('egress'), ...left('ingress') };
    });
}

/** Policies and rules together. */
function sizeOf(policies: readonly Policy[]): number {
  return policies
    .map(({ egress, ingress }) => 1 + (egress?.rules.length ?? 0) + (ingress?.rules.length ?? 0))
    .reduce((sum, size) => sum + size, 0);
}
