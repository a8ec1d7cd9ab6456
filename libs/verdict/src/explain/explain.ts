import type { DirectionAnswer } from '../model/answer.ts';
import type { Evaluator, Input } from '../model/evaluator.ts';
import type { Flow } from '../model/flow.ts';
import type { ExplainedDirection, Explanation } from './explanation.ts';
import { remedyOf } from './remedy.ts';

/**
 * Explains the answer of an evaluator (the engine, say) that was made from `input`, with the nearest change that would allow the flow.
 *
 * Costs one judgement, and for a denied flow a few passes over all policies. Throws PeerUnknown and FlowInvalid, as `judge` does.
 */
export function explain(evaluator: Evaluator, input: Input, flow: Flow): Explanation {
  const answer = evaluator.judge(flow);
  return {
    flow,
    verdict: answer.verdict,
    egress: explained(answer.egress),
    ingress: explained(answer.ingress),
    ...(answer.verdict === 'denied' && { remedy: remedyOf(input, flow, answer) }),
  };
}

function explained({ steps, policy, ...answer }: DirectionAnswer): ExplainedDirection {
  // An isolation has many authors, all among the reasons: naming the first would hide the others.
  const isShared = steps.some(({ effect }) => effect === 'selects');
  return { ...answer, ...(policy && !isShared && { policy }), reasons: steps };
}
