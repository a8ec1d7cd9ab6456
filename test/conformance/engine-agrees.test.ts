import { describe, expect, it } from '@jest/globals';
import { compile, referenceEvaluator } from '@picket/verdict';
import * as fc from 'fast-check';

import { flowsIn, input } from '../support/verdict/arbitrary-input.ts';

/** More with PICKET_RUNS, for a long search. */
const numRuns = Number(process.env['PICKET_RUNS'] ?? 400);

describe('the engine gives the answers of the reference evaluator', () => {
  const asked = input.chain((of) =>
    fc.record({ of: fc.constant(of), flows: flowsIn(of.inventory) }),
  );

  it('for any flow, with the deciding rule, the steps and the reasons', () => {
    fc.assert(
      fc.property(asked, ({ of, flows }) => {
        const engine = compile(of);
        const reference = referenceEvaluator(of);
        for (const flow of flows) expect(engine.judge(flow)).toEqual(reference.judge(flow));
      }),
      { numRuns },
    );
  });

  it('for the connectivity of any cluster', () => {
    fc.assert(
      fc.property(input, (of) => {
        expect(compile(of).connectivity()).toEqual(referenceEvaluator(of).connectivity());
      }),
      { numRuns: numRuns / 4 },
    );
  });
});
