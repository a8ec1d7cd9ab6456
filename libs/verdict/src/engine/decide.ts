import type { ContainerPort } from '../model/inventory.ts';
import type { Action } from '../model/policy.ts';
import type { Semantics } from '../model/semantics.ts';
import type { CompiledRule } from './compiled-policy.ts';
import type { Candidate } from './decisions.ts';
import type { Knowledge } from './knowledge.ts';
import type { PeerMatcher } from './match-peer.ts';
import { matchPorts } from './match-ports.ts';
import { ICMP_START, type Point } from './points.ts';
import type { Entry, Program, ProgramTier } from './program.ts';
import { NO, OWN_NAME, PEER_NAME, YES, type Truth } from './truth.ts';

/** Whether the other end is the own end's node: `NO`, `YES` and this. */
export const MAYBE_OWN_NODE = 2;
export type NodeRelation = 0 | 1 | 2;

/** A rule whose peers mean, or may mean, the other end. */
export interface Match {
  readonly entry: number;
  readonly rule: CompiledRule;
  readonly peers: Truth;
  /** Named ports of the destination. */
  readonly ports: readonly ContainerPort[];
}

/** What is to be decided: a program, the other end in so far as the program can see it, and a point. */
export interface Case {
  readonly program: Program;
  readonly relation: NodeRelation;
  /** In the order of judgement. */
  readonly matches: readonly Match[];
  readonly point: Point;
}

/** Everything that a policy or a tier may decide, and whether it may decide nothing. */
interface Judgement {
  readonly candidates: readonly Candidate[];
  readonly mayGoOn: boolean;
  readonly reasons: readonly string[];
}

const NOTHING: Judgement = { candidates: [], mayGoOn: true, reasons: [] };
const NOT_SURE = { isSure: false };

/** Judges as the reference evaluator does, but only rules that are known to match, and only where the answer can differ. */
export class Decider {
  readonly #known: Knowledge;
  readonly #matcher: PeerMatcher;
  readonly #semantics: Semantics;

  constructor(known: Knowledge, matcher: PeerMatcher, semantics: Semantics) {
    this.#known = known;
    this.#matcher = matcher;
    this.#semantics = semantics;
  }

  /** Id of the decision. */
  decide(wanted: Case): number {
    const candidates: Candidate[] = [];
    const reasons: string[] = [];
    let mayGoOn = true;
    for (const tier of wanted.program.tiers) {
      const judgement = this.#judgeTier(tier, wanted);
      candidates.push(...judgement.candidates);
      reasons.push(...judgement.reasons);
      mayGoOn = judgement.mayGoOn || judgement.candidates.some(({ action }) => action === 'Pass');
      if (!mayGoOn) break;
    }
    const because = wanted.program.isPod ? 'default' : 'not-a-pod';
    if (mayGoOn) candidates.push({ action: 'Accept', because, isSure: true });
    return this.#known.decisions.idOf(candidates, reasons);
  }

  #judgeTier({ groups, isolating }: ProgramTier, wanted: Case): Judgement {
    const candidates: Candidate[] = [];
    const reasons: string[] = [];
    for (const group of groups) {
      const judgement = this.#judgeGroup(group, wanted);
      candidates.push(...judgement.candidates);
      reasons.push(...judgement.reasons);
      if (!judgement.mayGoOn) return { candidates, mayGoOn: false, reasons };
    }
    const isolation = this.#judgeIsolation(isolating);
    return {
      candidates: [...candidates, ...isolation.candidates],
      mayGoOn: isolation.mayGoOn,
      reasons: [...reasons, ...isolation.reasons],
    };
  }

  #judgeGroup(group: readonly Entry[], wanted: Case): Judgement {
    const [only] = group;
    if (group.length === 1 && only) return this.#judgeEntry(only, wanted);
    const judgements = group.map((entry) => this.#judgeEntry(entry, wanted));
    const deciding = judgements.filter(({ candidates }) => candidates.length > 0);
    const isOrderDecisive = new Set(deciding.map(actionsOf)).size > 1;
    const candidates = deciding.flatMap((judgement) => judgement.candidates);
    const reasons = judgements.flatMap((judgement) => judgement.reasons);
    if (isOrderDecisive) {
      const names = group.filter((_, index) => judgements[index]?.candidates.length).map(nameOf);
      reasons.push(`${names.join(' and ')} have the same priority and disagree`);
    }
    return {
      candidates: isOrderDecisive ? candidates.map((one) => ({ ...one, ...NOT_SURE })) : candidates,
      mayGoOn: judgements.every(({ mayGoOn }) => mayGoOn),
      reasons,
    };
  }

  #judgeEntry(entry: Entry, wanted: Case): Judgement {
    const { binds, list, policy } = entry;
    const reasons = [...this.#known.truths.reasonsOf(binds)];
    const mayGoOn = binds !== YES;
    const { relation, point } = wanted;
    if (list.sparesOwnNode && relation === YES)
      return {
        candidates: [{ action: 'Accept', because: 'own-node', isSure: !mayGoOn, policy }],
        mayGoOn,
        reasons,
      };
    if (list.icmpUndefined && point >= ICMP_START && !this.#semantics.judgeIcmp) {
      const candidates = (['Accept', 'Deny'] as const).map((action): Candidate => ({
        action,
        because: 'unknown',
        ...NOT_SURE,
        policy,
      }));
      const reason = `what ${nameOf(entry)} does to ICMP is left to the network plugin`;
      return { candidates, mayGoOn, reasons: [...reasons, reason] };
    }
    const candidates: Candidate[] = [];
    if (list.sparesOwnNode && relation === MAYBE_OWN_NODE) {
      reasons.push(`whether ${PEER_NAME} is the node of ${OWN_NAME} is not known`);
      candidates.push({ action: 'Accept', because: 'own-node', ...NOT_SURE, policy });
    }
    return this.#judgeRules(entry, wanted, { candidates, mayGoOn, reasons });
  }

  #judgeRules(entry: Entry, { program, matches, point }: Case, so: Judgement): Judgement {
    const candidates = [...so.candidates];
    const reasons = [...so.reasons];
    let isSure = reasons.length === 0;
    for (const match of matches) {
      if (match.entry !== entry.index) continue;
      const truth = this.#matchRule(match, program, point);
      if (truth === NO) continue;
      if (truth !== YES) {
        isSure = false;
        reasons.push(...this.#known.truths.reasonsOf(truth));
      }
      const { rule } = match;
      const { action } = rule.rule;
      candidates.push({ action, because: 'rule', isSure, policy: entry.policy, rule });
      if (truth === YES) return { candidates, mayGoOn: so.mayGoOn, reasons };
    }
    return { candidates, mayGoOn: true, reasons };
  }

  #matchRule({ rule, peers, ports }: Match, { own }: Program, point: Point): Truth {
    const { truths } = this.#known;
    let truth = truths.all(peers, matchPorts(rule, point, ports, truths));
    const { subject, narrowedBy } = rule.rule;
    if (subject && own) truth = truths.all(truth, this.#matcher.match(subject, own, OWN_NAME));
    return narrowedBy === undefined ? truth : truths.all(truth, truths.maybe([narrowedBy]));
  }

  #judgeIsolation(isolating: readonly Entry[]): Judgement {
    if (isolating.length === 0) return NOTHING;
    const isSure = isolating.some(({ binds }) => binds === YES);
    const bound = isSure ? isolating.filter(({ binds }) => binds === YES) : isolating;
    return {
      candidates: bound.map(({ policy }): Candidate => ({
        action: 'Deny',
        because: 'isolated',
        isSure,
        policy,
      })),
      mayGoOn: !isSure,
      reasons: isSure ? [] : isolating.flatMap(({ binds }) => this.#known.truths.reasonsOf(binds)),
    };
  }
}

/** The set of actions, as a text that can be compared. */
function actionsOf({ candidates }: Judgement): string {
  return [...new Set(candidates.map(({ action }): Action => action))].toSorted().join(' or ');
}

function nameOf({ policy }: Entry): string {
  const { kind, namespace, name } = policy.policy.id;
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
