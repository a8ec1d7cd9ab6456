import type { Evaluator, Input } from '../model/evaluator.ts';
import type { Flow } from '../model/flow.ts';
import type { Explanation } from './explanation.ts';

/**
 * Explains the answer of an evaluator (the engine, say) that was made from `input`, with the nearest change that would allow the flow.
 *
 * Costs one judgement, and for a denied flow one pass over all policies. Throws PeerUnknown and FlowInvalid, as `judge` does.
 */
export function explain(_evaluator: Evaluator, _input: Input, _flow: Flow): Explanation {
  throw new Error('explain: the next commits fill this in');
}
