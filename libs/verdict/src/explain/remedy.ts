import type { Answer, DirectionAnswer } from '../model/answer.ts';
import type { Input } from '../model/evaluator.ts';
import type { Flow } from '../model/flow.ts';
import { DIRECTIONS, NETWORK_POLICY, type Direction, type Policy } from '../model/policy.ts';
import { DEFAULT_SEMANTICS } from '../model/semantics.ts';
import { BindingPolicies } from '../reference/binding-policies.ts';
import { endpointsOf } from '../reference/endpoint.ts';
import { referenceEvaluator } from '../reference/reference-evaluator.ts';
import { additionsFor } from './addition.ts';
import type { Addition, Blocker, Remedy } from './explanation.ts';

/** The smallest NetworkPolicies that allow a denied flow, tried out on the reference evaluator, and what they cannot override. */
export function remedyOf(input: Input, flow: Flow, answer: Answer): Remedy {
  const [src, dst] = flow.reply ? [flow.dst, flow.src] : [flow.src, flow.dst];
  const semantics = { ...DEFAULT_SEMANTICS, ...input.semantics };
  const ends = {
    egress: endpointsOf(src, input.inventory),
    ingress: endpointsOf(dst, input.inventory),
  };
  // Others say nothing of these two ends: nobody else needs to be asked.
  const binding = new BindingPolicies(input.policies, semantics);
  const policies = [
    ...new Set([...ends.egress, ...ends.ingress].flatMap((end) => binding.of(end))),
  ];
  const additions: Addition[] = [];
  const blockers: Blocker[] = [];
  for (const direction of DIRECTIONS) {
    if (answer[direction].verdict === 'allowed') continue;
    const wall = wallIn(policies, direction, answer[direction]);
    if (wall) {
      blockers.push(wall);
      continue;
    }
    const drafted = additionsFor({
      input,
      binding,
      semantics,
      direction,
      flow,
      own: ends[direction],
      peers: ends[direction === 'egress' ? 'ingress' : 'egress'],
    });
    if (drafted.length === 0) {
      blockers.push({ ...blockerIn(direction, answer[direction]), reason: UNNAMEABLE });
      continue;
    }
    const after = referenceEvaluator({
      ...input,
      policies: [...policies, ...drafted.map(({ policy }) => policy)],
    }).judge(flow)[direction];
    if (after.verdict === 'allowed') additions.push(...drafted.map(({ addition }) => addition));
    else blockers.push(blockerIn(direction, after));
  }
  return { additions, blockers };
}

/** A denial that is decided before NetworkPolicies are asked, or among them by a kind that can deny. */
function wallIn(
  policies: readonly Policy[],
  direction: Direction,
  answer: DirectionAnswer,
): Blocker | undefined {
  if (answer.verdict !== 'denied') return blockerIn(direction, answer);
  const tier = policies.find((policy) => policy.tier.name === answer.tier)?.tier;
  if (!tier) return undefined;
  const isBefore = tier.order < NETWORK_POLICY.order;
  const isAmong = tier.order === NETWORK_POLICY.order && answer.because === 'rule';
  return isBefore || isAmong ? blockerIn(direction, answer) : undefined;
}

function blockerIn(direction: Direction, answer: DirectionAnswer): Blocker {
  const { tier, policy, rule } = answer;
  return {
    direction,
    ...(tier !== undefined && { tier }),
    ...(policy && { policy }),
    ...(rule && { rule }),
    reason: reasonOf(answer),
  };
}

function reasonOf({ verdict, because, tier, unknown }: DirectionAnswer): string {
  if (verdict === 'unknown') return `it is not known: ${unknown.join('; ')}`;
  if (because === 'isolated') return `tier ${tier} denies all that it does not allow`;
  return `a rule of tier ${tier} denies it, and a NetworkPolicy cannot override that`;
}

const UNNAMEABLE =
  'a NetworkPolicy names pods by labels and everything else by address: one of the two ends has neither for it';
