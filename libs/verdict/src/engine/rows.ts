import type { Semantics } from '../model/semantics.ts';
import type { CompiledRule, Picked } from './compiled-policy.ts';
import { Decider, type Match, type NodeRelation } from './decide.ts';
import type { Knowledge } from './knowledge.ts';
import type { PeerMatcher } from './match-peer.ts';
import { addCuts } from './match-ports.ts';
import { ICMP_START, type Point } from './points.ts';
import type { Program } from './program.ts';
import { NO, PEER_NAME, YES, type Truth } from './truth.ts';

/** For each class of the other end: the function from points to decisions. */
export type Row = Int32Array;

/** A rule that matches, after those that matched before it. Classes that the same rules match share a trail. */
interface Trail {
  readonly before: Trail | undefined;
  readonly match: Match | undefined;
  readonly next: Map<string | CompiledRule, Trail>;
  function?: number;
}

/** Makes the rows of the tables, each when it is first asked for. */
export class Rows {
  readonly #known: Knowledge;
  readonly #matcher: PeerMatcher;
  readonly #decider: Decider;
  /** Scratch: what the peers of a rule mean for each class. */
  #truths = new Int32Array(0);

  constructor(known: Knowledge, matcher: PeerMatcher, semantics: Semantics) {
    this.#known = known;
    this.#matcher = matcher;
    this.#decider = new Decider(known, matcher, semantics);
  }

  /**
   * The whole row at once: each rule visits only the classes that it picks, and a decision is made once for all classes that the same
   * rules match.
   */
  rowOf(program: Program, relation: NodeRelation): Row {
    const { all } = this.#known.ends;
    const root: Trail = { before: undefined, match: undefined, next: new Map() };
    const trails = new Array<Trail>(all.length).fill(root);
    for (const entry of program.entries)
      for (const rule of entry.rules) {
        const { ids, truths } = this.#pickedBy(rule);
        const count = ids === 'all' ? all.length : ids.length;
        for (let place = 0; place < count; place++) {
          const id = ids === 'all' ? place : (ids[place] ?? 0);
          const trail = trails[id];
          const peers = truths?.[place] ?? YES;
          if (trail)
            trails[id] = this.#follow(trail, program, { entry: entry.index, rule, peers }, id);
        }
      }
    const row = new Int32Array(all.length);
    for (let id = 0; id < row.length; id++)
      row[id] = this.#functionOf(trails[id] ?? root, program, relation);
    return row;
  }

  #follow(trail: Trail, program: Program, match: Omit<Match, 'ports'>, id: number): Trail {
    const { rule, peers, entry } = match;
    const ports = rule.hasNamedPorts ? this.#portsOf(program, id) : NO_PORTS;
    const isPlain = peers === YES && ports.length === 0;
    const key = isPlain ? rule : `${entry} ${rule.id} ${peers} ${textOf(ports)}`;
    let next = trail.next.get(key);
    if (!next) {
      next = { before: trail, match: { ...match, ports }, next: new Map() };
      trail.next.set(key, next);
    }
    return next;
  }

  #portsOf({ direction, own }: Program, id: number): Match['ports'] {
    const destination = direction === 'ingress' ? own : this.#known.ends.all[id];
    return destination?.label.ports ?? NO_PORTS;
  }

  #functionOf(trail: Trail, program: Program, relation: NodeRelation): number {
    return (trail.function ??= this.#decide(trail, program, relation));
  }

  #decide(trail: Trail, program: Program, relation: NodeRelation): number {
    const matches: Match[] = [];
    for (let at: Trail | undefined = trail; at; at = at.before)
      if (at.match) matches.push(at.match);
    matches.reverse();
    const cuts = new Set<Point>([0]);
    if (program.leavesIcmpUndefined) cuts.add(ICMP_START);
    for (const { rule, ports } of matches) addCuts(rule, ports, cuts);
    const starts = cuts.size === 1 ? [0] : [...cuts].toSorted((a, b) => a - b);
    const values = starts.map((point) =>
      this.#decider.decide({ program, relation, matches, point }),
    );
    return this.#known.functions.idOf(starts, values);
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
    const exact = peers.length === 1 && only ? this.#matcher.candidates(only) : undefined;
    if (exact?.isExact) return { classCount, ids: Int32Array.from(exact.ids).sort() };

    if (this.#truths.length < classCount) this.#truths = new Int32Array(classCount);
    const found: number[] = [];
    for (const peer of peers) {
      const candidates = this.#matcher.candidates(peer);
      for (const end of candidates?.ids.flatMap((id) => all[id] ?? []) ?? all) {
        const before = this.#truths[end.id] ?? NO;
        const truth = candidates?.isExact ? YES : this.#matcher.match(peer, end, PEER_NAME);
        const after = this.#known.truths.any(before, truth);
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

const NO_PORTS: Match['ports'] = [];

function textOf(ports: Match['ports']): string {
  return ports.map(({ name, protocol, port }) => `${name}/${protocol}/${port}`).join();
}
