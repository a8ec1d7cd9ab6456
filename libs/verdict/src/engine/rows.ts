import type { ContainerPort } from '../model/inventory.ts';
import type { Semantics } from '../model/semantics.ts';
import type { CompiledRule, Picked } from './compiled-policy.ts';
import { Decider, type Match, type NodeRelation } from './decide.ts';
import type { Knowledge } from './knowledge.ts';
import type { PeerMatcher } from './match-peer.ts';
import { addCuts, matchPorts } from './match-ports.ts';
import { ICMP_START, type Point } from './points.ts';
import type { Program } from './program.ts';
import { NO, OWN_NAME, PEER_NAME, YES, type Truth } from './truth.ts';

/** For each class of the other end: the function from points to decisions. */
export type Row = Int32Array;

/** A rule whose peers mean, or may mean, classes of the other end. */
interface Visit {
  readonly entry: number;
  readonly rule: CompiledRule;
  /** Place of the rule among all of the program. */
  readonly place: number;
  readonly peers: Truth;
  /** Named ports of the destination that the rule may ask for. */
  readonly ports: readonly ContainerPort[];
}

/** A rule that matches, after those that matched before it. Classes that the same rules match share a trail. */
interface Trail {
  readonly before: Trail | undefined;
  readonly visit: Visit;
}

/** Makes the rows of the tables, each when it is first asked for. */
export class Rows {
  readonly #known: Knowledge;
  readonly #matcher: PeerMatcher;
  readonly #decider: Decider;
  readonly #judgesIcmp: boolean;
  /** Scratch: what the peers of a rule mean for each class. */
  #truths = new Int32Array(0);

  constructor(known: Knowledge, matcher: PeerMatcher, semantics: Semantics) {
    this.#known = known;
    this.#matcher = matcher;
    this.#decider = new Decider(known);
    this.#judgesIcmp = semantics.judgeIcmp;
  }

  /**
   * The whole row at once: each rule visits only the classes that it picks, and a decision is made once for all classes and points that
   * the same rules match.
   */
  rowOf(program: Program, relation: NodeRelation): Row {
    const row = new Int32Array(this.#known.ends.all.length);
    // The row holds the number of each class's trail until it is replaced by the function.
    const trails = this.#layTrails(program, row);
    const functions = new Int32Array(trails.length).fill(NONE);
    const decisions = new Map<string, number>();
    for (let id = 0; id < row.length; id++) {
      const trail = row[id] ?? 0;
      let value = functions[trail] ?? NONE;
      if (value === NONE) {
        value = this.#functionOf(trails[trail], program, relation, decisions);
        functions[trail] = value;
      }
      row[id] = value;
    }
    return row;
  }

  /** Writes the number of each class's trail into the row. Trail 0 is that of no rule at all. */
  #layTrails(program: Program, row: Int32Array): (Trail | undefined)[] {
    const trails: (Trail | undefined)[] = [undefined];
    const steps = new Map<string | number, number>();
    const stepTo = (trail: number, key: string | number, visit: Visit): number => {
      const known = steps.get(key);
      if (known !== undefined) return known;
      const made = trails.push({ before: trails[trail], visit }) - 1;
      steps.set(key, made);
      return made;
    };
    let place = 0;
    for (const { index: entry, rules } of program.entries)
      for (const rule of rules) {
        const visit = { entry, rule, place: place++, peers: YES, ports: NO_PORTS };
        const { ids, truths } = this.#pickedBy(rule);
        const count = ids === 'all' ? row.length : ids.length;
        // Neighbours mostly share a trail, so the last step is remembered.
        let last = NONE;
        let next = NONE;
        for (let at = 0; at < count; at++) {
          const id = ids === 'all' ? at : (ids[at] ?? 0);
          const trail = row[id] ?? 0;
          if (truths || rule.hasNamedPorts) {
            const peers = truths?.[at] ?? YES;
            const ports = rule.hasNamedPorts ? this.#portsOf(program, id) : NO_PORTS;
            const key = `${trail} ${visit.place} ${peers} ${textOf(ports)}`;
            row[id] = stepTo(trail, key, { ...visit, peers, ports });
          } else {
            if (trail !== last) next = stepTo(trail, trail * MAX_RULES + visit.place, visit);
            last = trail;
            row[id] = next;
          }
        }
      }
    return trails;
  }

  #portsOf({ direction, own }: Program, id: number): readonly ContainerPort[] {
    const destination = direction === 'ingress' ? own : this.#known.ends.all[id];
    return destination?.label.ports ?? NO_PORTS;
  }

  #functionOf(
    trail: Trail | undefined,
    program: Program,
    relation: NodeRelation,
    decisions: Map<string, number>,
  ): number {
    const visits: Visit[] = [];
    const cuts = new Set<Point>([0]);
    if (program.leavesIcmpUndefined && !this.#judgesIcmp) cuts.add(ICMP_START);
    for (let at = trail; at; at = at.before) {
      visits.push(at.visit);
      addCuts(at.visit.rule, at.visit.ports, cuts);
    }
    visits.reverse();
    const starts = cuts.size === 1 ? [0] : [...cuts].sort((a, b) => a - b);
    const values = starts.map((point) =>
      this.#decisionAt(point, visits, program, relation, decisions),
    );
    return this.#known.functions.idOf(starts, values);
  }

  #decisionAt(
    point: Point,
    visits: readonly Visit[],
    program: Program,
    relation: NodeRelation,
    decisions: Map<string, number>,
  ): number {
    const isUndefinedIcmp = point >= ICMP_START && !this.#judgesIcmp;
    const matches: Match[] = [];
    let key = isUndefinedIcmp ? 'ICMP' : '';
    let settled = NONE;
    for (const visit of visits) {
      const { entry, rule, place } = visit;
      if (entry === settled) continue;
      if (isUndefinedIcmp && program.entries[entry]?.list.icmpUndefined) continue;
      const truth = this.#matchRule(visit, program, point);
      if (truth === NO) continue;
      matches.push({ entry, rule, truth });
      key += ` ${place} ${truth}`;
      if (truth === YES) settled = entry;
    }
    const known = decisions.get(key);
    if (known !== undefined) return known;
    const decision = this.#decider.decide({ program, relation, matches, isUndefinedIcmp });
    decisions.set(key, decision);
    return decision;
  }

  #matchRule({ rule, peers, ports }: Visit, { own }: Program, point: Point): Truth {
    const { truths } = this.#known;
    let truth = truths.all(peers, matchPorts(rule, point, ports, truths));
    const { subject, narrowedBy } = rule.rule;
    if (subject && own) truth = truths.all(truth, this.#matcher.match(subject, own, OWN_NAME));
    return narrowedBy === undefined ? truth : truths.all(truth, truths.maybe([narrowedBy]));
  }

  #pickedBy(rule: CompiledRule): Picked {
    if (rule.picked?.classCount === this.#known.ends.all.length) return rule.picked;
    return (rule.picked = this.#pick(rule));
  }

  /** The classes that one of the rule's peers means. */
  #pick({ rule: { peers } }: CompiledRule): Picked {
    const { all } = this.#known.ends;
    const classCount = all.length;
    if (peers.some(({ kind }) => kind === 'everything')) return { classCount, ids: 'all' };
    const [only] = peers;
    if (peers.length === 1 && only?.kind === 'pods')
      return { classCount, ids: this.#matcher.pick(only) };

    if (this.#truths.length < classCount) this.#truths = new Int32Array(classCount);
    const found: number[] = [];
    for (const peer of peers) {
      const candidates = this.#matcher.candidates(peer);
      const count = candidates ? candidates.length : classCount;
      for (let place = 0; place < count; place++) {
        const end = all[candidates ? (candidates[place] ?? 0) : place];
        if (!end) continue;
        const before = this.#truths[end.id] ?? NO;
        const after = this.#known.truths.any(before, this.#matcher.match(peer, end, PEER_NAME));
        if (before === NO && after !== NO) found.push(end.id);
        this.#truths[end.id] = after;
      }
    }
    const ids = Int32Array.from(found).sort();
    const truths = ids.map((id): Truth => this.#truths[id] ?? NO);
    for (const id of found) this.#truths[id] = NO;
    return truths.every((truth) => truth === YES)
      ? { classCount, ids }
      : { classCount, ids, truths };
  }
}

const NONE = -1;
/** Of one program; only the room for keys depends on it. */
const MAX_RULES = 2 ** 26;
const NO_PORTS: readonly ContainerPort[] = [];

function textOf(ports: readonly ContainerPort[]): string {
  return ports.map(({ name, protocol, port }) => `${name}/${protocol}/${port}`).join();
}
