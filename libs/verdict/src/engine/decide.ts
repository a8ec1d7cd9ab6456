import type { Action } from '../model/policy.ts';
import type { CompiledRule } from './compiled-policy.ts';
import type { Candidate } from './decisions.ts';
import type { Knowledge } from './knowledge.ts';
import type { Entry, Program, ProgramTier } from './program.ts';
import { type NO, OWN_NAME, PEER_NAME, YES, type Truth } from './truth.ts';

/** Whether the other end is the own end's node: `NO`, `YES` and this. */
export const MAYBE_OWN_NODE = 2;
export type NodeRelation = typeof NO | typeof YES | typeof MAYBE_OWN_NODE;

/** A rule of an entry that matches, or may match. */
export interface Match {
  readonly entry: number;
  readonly rule: CompiledRule;
  readonly truth: Truth;
}

/** What is to be decided: all that a program can see of the other end and of the point. */
export interface Case {
  readonly program: Program;
  readonly relation: NodeRelation;
  /** In the order of judgement; of each entry up to the first that surely matches. */
  readonly matches: readonly Match[];
  /** Whether it is ICMP, and policies that leave ICMP undefined decide nothing. */
  readonly isUndefinedIcmp: boolean;
}

/** What may decide, in the order of judgement, and why some of it is not sure. */
interface Found {
  readonly candidates: Candidate[];
  readonly reasons: string[];
}

/** Judges as the reference evaluator does, but only rules that are known to match, and only where the answer can differ. */
export class Decider {
  readonly #known: Knowledge;
  readonly #default: Candidate;
  readonly #notAPod: Candidate;

  constructor(known: Knowledge) {
    this.#known = known;
    const accept = { action: 'Accept', isSure: true, policies: [] } as const;
    this.#default = known.decisions.candidate({ ...accept, because: 'default' });
    this.#notAPod = known.decisions.candidate({ ...accept, because: 'not-a-pod' });
  }

  /** Id of the decision. */
  decide(wanted: Case): number {
    const found: Found = { candidates: [], reasons: [] };
    let mayGoOn = true;
    for (const tier of wanted.program.tiers) {
      const start = found.candidates.length;
      mayGoOn = this.#judgeTier(tier, wanted, found) || hasPass(found.candidates, start);
      if (!mayGoOn) break;
    }
    if (mayGoOn) found.candidates.push(wanted.program.isPod ? this.#default : this.#notAPod);
    return this.#known.decisions.idOf(found.candidates, found.reasons);
  }

  /** Whether the tier may decide nothing. */
  #judgeTier(tier: ProgramTier, wanted: Case, found: Found): boolean {
    for (const group of tier.groups) if (!this.#judgeGroup(group, wanted, found)) return false;
    if (tier.isolating.length === 0) return true;
    const isolation = (tier.isolation ??= this.#isolationOf(tier));
    found.candidates.push(isolation);
    if (isolation.isSure) return false;
    for (const { binds } of tier.isolating)
      found.reasons.push(...this.#known.truths.reasonsOf(binds));
    return true;
  }

  #judgeGroup(group: readonly Entry[], wanted: Case, found: Found): boolean {
    const { candidates, reasons } = found;
    const start = candidates.length;
    let mayGoOn = true;
    let actions = 0;
    let isOrderDecisive = false;
    let deciding: Entry[] | undefined;
    for (const entry of group) {
      const before = candidates.length;
      mayGoOn = this.#judgeEntry(entry, wanted, found) && mayGoOn;
      if (candidates.length === before || group.length === 1) continue;
      const own = actionsOf(candidates, before);
      isOrderDecisive ||= actions !== 0 && own !== actions;
      actions = own;
      (deciding ??= []).push(entry);
    }
    if (isOrderDecisive && deciding) {
      for (let place = start; place < candidates.length; place++) {
        const candidate = candidates[place];
        if (candidate) candidates[place] = this.#known.decisions.unsure(candidate);
      }
      reasons.push(`${deciding.map(nameOf).join(' and ')} have the same priority and disagree`);
    }
    return mayGoOn;
  }

  #judgeEntry(entry: Entry, wanted: Case, { candidates, reasons }: Found): boolean {
    const { binds, list } = entry;
    const { relation, matches } = wanted;
    const { truths, decisions } = this.#known;
    if (binds !== YES) reasons.push(...truths.reasonsOf(binds));
    let isSure = binds === YES;
    if (list.sparesOwnNode && relation === YES) {
      const spared = this.#policyCandidate(entry, 'Accept', 'own-node');
      candidates.push(isSure ? spared : decisions.unsure(spared));
      return !isSure;
    }
    if (list.icmpUndefined && wanted.isUndefinedIcmp) {
      for (const action of ['Accept', 'Deny'] as const)
        candidates.push(decisions.unsure(this.#policyCandidate(entry, action, 'unknown')));
      reasons.push(`what ${nameOf(entry)} does to ICMP is left to the network plugin`);
      return !isSure;
    }
    if (list.sparesOwnNode && relation === MAYBE_OWN_NODE) {
      isSure = false;
      reasons.push(`whether ${PEER_NAME} is the node of ${OWN_NAME} is not known`);
      candidates.push(decisions.unsure(this.#policyCandidate(entry, 'Accept', 'own-node')));
    }
    for (const { entry: of, rule, truth } of matches) {
      if (of !== entry.index) continue;
      if (truth !== YES) {
        isSure = false;
        reasons.push(...truths.reasonsOf(truth));
      }
      const candidate = this.#ruleCandidate(rule, entry);
      candidates.push(isSure ? candidate : decisions.unsure(candidate));
      if (truth === YES) return binds !== YES;
    }
    return true;
  }

  #ruleCandidate(rule: CompiledRule, { policy }: Entry): Candidate {
    return (rule.candidate ??= this.#known.decisions.candidate({
      action: rule.rule.action,
      because: 'rule',
      isSure: true,
      policies: [policy.policy],
      rule: rule.rule,
    }));
  }

  #policyCandidate({ policy }: Entry, action: Action, because: 'own-node' | 'unknown'): Candidate {
    return this.#known.decisions.namedCandidate(`${because} ${action} ${policy.id}`, () => ({
      action,
      because,
      isSure: true,
      policies: [policy.policy],
    }));
  }

  /** All that surely isolate, else all that may. */
  #isolationOf({ isolating }: ProgramTier): Candidate {
    const sure = isolating.filter(({ binds }) => binds === YES);
    const isSure = sure.length > 0;
    const policies = (isSure ? sure : isolating).map(({ policy }) => policy);
    const name = `isolated ${isSure} ${policies.map(({ id }) => id).join()}`;
    return this.#known.decisions.namedCandidate(name, () => ({
      action: 'Deny',
      because: 'isolated',
      isSure,
      policies: policies.map(({ policy }) => policy),
    }));
  }
}

const BITS = { Accept: 1, Deny: 2, Pass: 4 } as const;

/** The set of the actions of the candidates from a place on. */
function actionsOf(candidates: readonly Candidate[], from: number): number {
  let actions = 0;
  for (let place = from; place < candidates.length; place++)
    actions |= BITS[candidates[place]?.action ?? 'Accept'];
  return actions;
}

function hasPass(candidates: readonly Candidate[], from: number): boolean {
  return (actionsOf(candidates, from) & BITS.Pass) !== 0;
}

function nameOf({ policy }: Entry): string {
  const { kind, namespace, name } = policy.policy.id;
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
