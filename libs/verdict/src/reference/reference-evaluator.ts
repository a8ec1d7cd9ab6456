import type { Evaluator, Input } from '../model/evaluator.ts';
import { judgeFlow } from './judge-flow.ts';
import { listConnectivity } from './list-connectivity.ts';

/**
 * The rules of the specifications, one function each, and nothing clever: no compiled form, no cache.
 *
 * What the engine must agree with. Costs policies × rules × labels for each flow.
 */
export function referenceEvaluator(input: Input): Evaluator {
  return {
    judge: (flow) => judgeFlow(input, flow),
    connectivity: (options) => listConnectivity(input, options),
  };
}
