import type { Because, DirectionAnswer, Step, Verdict } from '../model/answer.ts';
import type { Action, Policy, Rule } from '../model/policy.ts';
import { GrowingArray } from './growing-array.ts';
import { OWN_NAME, PEER_NAME } from './truth.ts';

export const VERDICTS: readonly Verdict[] = ['allowed', 'denied', 'unknown'];
export const ALLOWED = 0;
export const DENIED = 1;
export const UNKNOWN = 2;

/** Something that may have decided. */
export interface Candidate {
  readonly id: number;
  readonly action: Action;
  readonly because: Because;
  /** False where one of the matches on the way to it is not known. */
  readonly isSure: boolean;
  /** More than one where several isolate together. */
  readonly policies: readonly Policy[];
  readonly rule?: Rule | undefined;
  /** The same, not sure. */
  unsure?: Candidate;
}

/** The answers for one direction, each stored once: flows that are decided alike share one. */
export class Decisions {
  /** By id: place in `VERDICTS`. */
  readonly verdicts = new GrowingArray();
  readonly #answers: DirectionAnswer[] = [];
  /** Answers whose reasons name an end. */
  readonly #naming = new Set<number>();
  readonly #ids = new Map<string, number>();
  readonly #named = new Map<string, Candidate>();
  #candidateCount = 0;

  candidate(parts: Omit<Candidate, 'id'>): Candidate {
    return { ...parts, id: this.#candidateCount++ };
  }

  /** The one candidate with this name. */
  namedCandidate(name: string, make: () => Omit<Candidate, 'id'>): Candidate {
    const known = this.#named.get(name);
    if (known) return known;
    const made = this.candidate(make());
    this.#named.set(name, made);
    return made;
  }

  unsure(candidate: Candidate): Candidate {
    if (!candidate.isSure) return candidate;
    return (candidate.unsure ??= this.candidate({ ...candidate, isSure: false }));
  }

  /** `candidates` in the order of judgement, not empty. */
  idOf(candidates: readonly Candidate[], reasons: readonly string[]): number {
    let key = '';
    for (const { id } of candidates) key += `${id},`;
    for (const reason of reasons) key += `${reason}\n`;
    return this.#idOf(key, () => answerOf(candidates, reasons));
  }

  /** An answer that no policy had a part in. */
  plain(because: Because, verdict: Verdict, reasons: readonly string[] = []): number {
    const key = `${because} ${verdict} ${reasons.join('\n')}`;
    return this.#idOf(key, () => ({ verdict, because, steps: [], unknown: reasons }));
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

  #idOf(key: string, make: () => DirectionAnswer): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const answer = make();
    const id = this.#answers.push(answer) - 1;
    this.#ids.set(key, id);
    this.verdicts.push(VERDICTS.indexOf(answer.verdict));
    if (answer.unknown.some((reason) => reason.includes(OWN_NAME) || reason.includes(PEER_NAME)))
      this.#naming.add(id);
    return id;
  }
}

function answerOf(candidates: readonly Candidate[], reasons: readonly string[]): DirectionAnswer {
  const final = candidates.filter(({ action }) => action !== 'Pass');
  const steps = candidates.filter(({ isSure }) => isSure).flatMap(stepsOf);
  if (final.some(({ action }) => action !== final[0]?.action))
    return { verdict: 'unknown', because: 'unknown', steps, unknown: [...new Set(reasons)] };
  const decision = final.find(({ isSure }) => isSure) ?? final[0];
  const [policy] = decision?.policies ?? [];
  return {
    verdict: decision?.action === 'Deny' ? 'denied' : 'allowed',
    because: decision?.because ?? 'default',
    ...(policy && { tier: policy.tier.name, policy: policy.id }),
    ...(decision?.rule && { rule: ruleId(decision.rule) }),
    steps,
    unknown: [],
  };
}

const EFFECTS = { Accept: 'accepts', Deny: 'denies', Pass: 'passes' } as const;

function stepsOf({ action, because, policies, rule }: Candidate): Step[] {
  if (because === 'own-node') return [];
  const effect = because === 'isolated' ? 'selects' : EFFECTS[action];
  return policies.map(({ tier, id }) => ({
    effect,
    tier: tier.name,
    policy: id,
    ...(rule && { rule: ruleId(rule) }),
  }));
}

function ruleId({ index, name }: Rule): NonNullable<Step['rule']> {
  return { index, ...(name !== undefined && { name }) };
}
