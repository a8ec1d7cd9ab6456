import { describe, expect, it } from '@jest/globals';
import {
  parseObjects,
  type Answer,
  type Connections,
  type Input,
  type PortProtocol,
} from '@picket/verdict';
import * as fc from 'fast-check';

import type { EvaluatorOf } from './cluster.ts';
import {
  flowsBetween,
  ingressRule,
  inventoryObjects,
  networkPolicy,
  policyObjects,
} from './random-cluster.ts';

/** An input and a flow between its pods or to the outside. */
const question = inventoryObjects.chain((inventory) =>
  fc.record({
    inventory: fc.constant(inventory),
    policies: policyObjects,
    flow: flowsBetween(workloadsIn(parseObjects(inventory))),
  }),
);

function workloadsIn({ inventory }: Input): string[] {
  return inventory.workloads.map(({ namespace, name }) => `${namespace}/${name}`);
}

/** What holds for every cluster, every set of policies and every flow. */
export function describeLaws(evaluator: string, evaluatorOf: EvaluatorOf): void {
  describe(`the ${evaluator}, for any cluster and policies`, () => {
    it('does not depend on the order in which objects are listed', () => {
      fc.assert(
        fc.property(question, ({ inventory, policies, flow }) => {
          const objects = [...inventory, ...policies];
          const input = parseObjects(objects);
          const answer = evaluatorOf(input).judge(flow);

          expect(evaluatorOf(parseObjects(objects.toReversed())).judge(flow)).toEqual(answer);
          // The parser sorts, so the evaluator gets another order from here.
          const reversed = { ...input, policies: input.policies.toReversed() };
          expect(verdictsOf(evaluatorOf(reversed).judge(flow))).toEqual(verdictsOf(answer));
        }),
        { numRuns: 300 },
      );
    });

    it('judges by a NetworkPolicy as by its rules in objects of their own', () => {
      fc.assert(
        fc.property(question, networkPolicy, ({ inventory, policies, flow }, policy) => {
          const named = (name: string, spec: object): { value: unknown } => ({
            value: {
              ...policy,
              metadata: { ...policy.metadata, name },
              spec: { ...policy.spec, ...spec },
            },
          });
          const whole = named('whole', {});
          const split = [
            named('none', { ingress: [], egress: [] }),
            ...policy.spec.ingress.map((rule, index) =>
              named(`in${index}`, { ingress: [rule], egress: [] }),
            ),
            ...policy.spec.egress.map((rule, index) =>
              named(`out${index}`, { ingress: [], egress: [rule] }),
            ),
          ];
          const verdictWith = (more: { value: unknown }[]): string =>
            evaluatorOf(parseObjects([...inventory, ...policies, ...more])).judge(flow).verdict;

          expect(verdictWith(split)).toBe(verdictWith([whole]));
        }),
        { numRuns: 300 },
      );
    });

    it('never denies more when a NetworkPolicy gets one more rule', () => {
      fc.assert(
        fc.property(
          question,
          networkPolicy,
          ingressRule,
          ({ inventory, policies, flow }, policy, rule) => {
            const isolating = { ...policy.spec, policyTypes: ['Ingress', 'Egress'] };
            const verdictWith = (ingress: object[]): string => {
              const value = {
                ...policy,
                metadata: { ...policy.metadata, name: 'grows' },
                spec: { ...isolating, ingress },
              };
              return evaluatorOf(parseObjects([...inventory, ...policies, { value }])).judge(flow)
                .verdict;
            };

            const before = verdictWith(policy.spec.ingress);
            const after = verdictWith([...policy.spec.ingress, rule]);

            expect(before === 'allowed' && after !== 'allowed').toBe(false);
            expect(before === 'unknown' && after === 'denied').toBe(false);
          },
        ),
        { numRuns: 300 },
      );
    });

    it('lists in connectivity what it judges', () => {
      fc.assert(
        fc.property(question, ({ inventory, policies, flow }) => {
          const evaluated = evaluatorOf(parseObjects([...inventory, ...policies]));
          const { verdict } = evaluated.judge(flow);
          const [src, dst] = [flow.src, flow.dst].map((peer) =>
            'workload' in peer ? `${peer.workload}[Pod]` : 'address',
          );
          if (src === dst || src === 'address' || dst === 'address') return;

          const row = evaluated.connectivity().find((each) => each.src === src && each.dst === dst);

          const port = flow.port ?? 0;
          const protocol = flow.protocol as PortProtocol;
          const isListed = holds(row?.connections, protocol, port);
          const isUnknown = holds(row?.unknown, protocol, port);
          // Pods without addresses may meet in either family: what one opens and the other may close is listed, and not known.
          if (verdict === 'unknown') expect(isListed || isUnknown).toBe(true);
          else expect([isListed, isUnknown]).toEqual([verdict === 'allowed', false]);
        }),
        { numRuns: Number(process.env['PICKET_RUNS'] ?? 100) },
      );
    });
  });
}

function verdictsOf({ verdict, egress, ingress }: Answer): string[] {
  return [verdict, egress.verdict, ingress.verdict];
}

function holds(
  connections: Connections | undefined,
  protocol: PortProtocol,
  port: number,
): boolean {
  return (connections?.[protocol] ?? []).some(([first, last]) => first <= port && port <= last);
}
