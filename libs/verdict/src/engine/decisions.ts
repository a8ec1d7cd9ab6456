import type { Because, DirectionAnswer, Step, Verdict } from '../model/answer.ts';
import type { Action, Policy, Rule } from '../model/policy.ts';
import { GrowingArray } from './growing-array.ts';
import { OWN_NAME, PEER_NAME } from './truth.ts';

export const VERDICTS: readonly Verdict[] = ['allowed', 'denied', 'unknown'];
export const ALLOWED = 0;
export const DENIED = 1;
export const UNKNOWN = 2;

/** Something that may have decided. `isSure` is false where one of the matches on the way to it is not known. */
export interface Candidate {
  readonly action: Action;
  readonly because: Because;
  readonly isSure: boolean;
  readonly policy?: { readonly id: number; readonly policy: Policy };
  readonly rule?: { readonly id: string; readonly rule: Rule };
}

/** The answers for one direction, each stored once: flows that are decided alike share one. */
export class Decisions {
  /** By id: place in `VERDICTS`. */
  readonly verdicts = new GrowingArray();
  readonly #answers: DirectionAnswer[] = [];
  /** Answers whose reasons name an end. */
  readonly #naming = new Set<number>();
  readonly #ids = new Map<string, number>();

  /** `candidates` in the order of judgement, not empty. */
  idOf(candidates: readonly Candidate[], reasons: readonly string[]): number {
    const key = `${candidates.map(textOf).join()} ${reasons.join('\n')}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#add(answerOf(candidates, reasons));
    this.#ids.set(key, id);
    return id;
  }

  /** An answer that no policy had a part in. */
  plain(because: Because, verdict: Verdict, reasons: readonly string[] = []): number {
    const key = `${because} ${verdict} ${reasons.join('\n')}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#add({ verdict, because, steps: [], unknown: reasons });
    this.#ids.set(key, id);
    return id;
  }

  /** The answer; where a reason names ends, with these names. */
  answer(id: number, own: string, peer: string): DirectionAnswer {
    const answer = this.#answers[id];
    if (!answer) throw new RangeError(`No decision ${id}`);
    if (!this.#naming.has(id)) return answer;
    const unknown = answer.unknown.map((reason) =>
      reason.replaceAll(OWN_NAME, own).replaceAll(PEER_NAME, peer),
    );
    return { ...answer, unknown: [...new Set(unknown)] };
  }

  #add(answer: DirectionAnswer): number {
    const id = this.#answers.push(answer) - 1;
    this.verdicts.push(VERDICTS.indexOf(answer.verdict));
    if (answer.unknown.some((reason) => reason.includes(OWN_NAME) || reason.includes(PEER_NAME)))
      this.#naming.add(id);
    return id;
  }
}

function textOf({ action, because, isSure, policy, rule }: Candidate): string {
  return `${policy?.id ?? ''} ${rule?.id ?? ''} ${action} ${because} ${isSure ? 1 : 0}`;
}

function answerOf(candidates: readonly Candidate[], reasons: readonly string[]): DirectionAnswer {
  const final = candidates.filter(({ action }) => action !== 'Pass');
  const steps = candidates.filter(({ isSure }) => isSure).flatMap(stepOf);
  if (final.some(({ action }) => action !== final[0]?.action))
    return { verdict: 'unknown', because: 'unknown', steps, unknown: [...new Set(reasons)] };
  const decision = final.find(({ isSure }) => isSure) ?? final[0];
  return {
    verdict: decision?.action === 'Deny' ? 'denied' : 'allowed',
    because: decision?.because ?? 'default',
    ...(decision?.policy && {
      tier: decision.policy.policy.tier.name,
      policy: decision.policy.policy.id,
    }),
    ...(decision?.rule && { rule: ruleId(decision.rule.rule) }),
    steps,
    unknown: [],
  };
}

const EFFECTS = { Accept: 'accepts', Deny: 'denies', Pass: 'passes' } as const;

function stepOf({ action, because, policy, rule }: Candidate): Step[] {
  if (!policy || because === 'own-node') return [];
  const effect = because === 'isolated' ? 'selects' : EFFECTS[action];
  const { tier, id } = policy.policy;
  return [{ effect, tier: tier.name, policy: id, ...(rule && { rule: ruleId(rule.rule) }) }];
}

function ruleId({ index, name }: Rule): NonNullable<Step['rule']> {
  return { index, ...(name !== undefined && { name }) };
}
