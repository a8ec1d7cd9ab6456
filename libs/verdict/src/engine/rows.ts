import type { Semantics } from '../model/semantics.ts';
import type { CompiledRule, Picked } from './compiled-policy.ts';
import { Decider, type Case, type Match, type NodeRelation } from './decide.ts';
import type { Knowledge } from './knowledge.ts';
import type { PeerMatcher } from './match-peer.ts';
import { addCuts } from './match-ports.ts';
import { ICMP_START, type Point } from './points.ts';
import type { Program } from './program.ts';
import { NO, PEER_NAME, YES, type Truth } from './truth.ts';

/** For each class of the other end: the function from points to decisions. */
export type Row = Int32Array;

/** A rule that matches, after those that matched before it. Classes that the same rules match share a trail. */
class Trail {
  readonly before: Trail | undefined;
  readonly match: Match | undefined;
  next: Map<string | CompiledRule, Trail> | undefined;
  function: number | undefined;

  constructor(before?: Trail, match?: Match) {
    this.before = before;
    this.match = match;
  }
}

/** Makes the rows of the tables, each when it is first asked for. */
export class Rows {
  readonly #known: Knowledge;
  readonly #matcher: PeerMatcher;
  readonly #decider: Decider;
  readonly #judgesIcmp: boolean;
  /** Scratch: what the peers of a rule mean for each class. */
  #truths = new Int32Array(0);
  /** Decisions about ICMP, for one row. */
  readonly #icmp = new Map<string, number>();

  constructor(known: Knowledge, matcher: PeerMatcher, semantics: Semantics) {
    this.#known = known;
    this.#matcher = matcher;
    this.#decider = new Decider(known, matcher, semantics);
    this.#judgesIcmp = semantics.judgeIcmp;
  }

  /**
   * The whole row at once: each rule visits only the classes that it picks, and a decision is made once for all classes that the same
   * rules match.
   */
  rowOf(program: Program, relation: NodeRelation): Row {
    const count = this.#known.ends.all.length;
    const trails = new Array<Trail>(count).fill(new Trail());
    for (const entry of program.entries)
      for (const rule of entry.rules) this.#visit(rule, program, entry.index, trails);
    const row = new Int32Array(count);
    this.#icmp.clear();
    let last: Trail | undefined;
    let value = 0;
    for (let id = 0; id < count; id++) {
      const trail = trails[id];
      if (trail && trail !== last) {
        last = trail;
        value = trail.function ??= this.#decide(trail, program, relation);
      }
      row[id] = value;
    }
    return row;
  }

  /** Lengthens the trail of every class that the rule picks. */
  #visit(rule: CompiledRule, program: Program, entry: number, trails: Trail[]): void {
    const { ids, truths } = this.#pickedBy(rule);
    const count = ids === 'all' ? trails.length : ids.length;
    // Neighbours mostly share a trail, so the last step is remembered.
    let last: Trail | undefined;
    let next: Trail | undefined;
    for (let place = 0; place < count; place++) {
      const id = ids === 'all' ? place : (ids[place] ?? 0);
      const trail = trails[id];
      if (!trail) continue;
      if (truths || rule.hasNamedPorts)
        trails[id] = this.#stepTo(
          trail,
          program,
          { entry, rule, peers: truths?.[place] ?? YES },
          id,
        );
      else {
        if (trail !== last || !next)
          next = stepTo(trail, rule, { entry, rule, peers: YES, ports: NO_PORTS });
        last = trail;
        trails[id] = next;
      }
    }
  }

  #stepTo(trail: Trail, program: Program, match: Omit<Match, 'ports'>, id: number): Trail {
    const { rule, peers } = match;
    const ports = rule.hasNamedPorts ? this.#portsOf(program, id) : NO_PORTS;
    const isPlain = peers === YES && ports.length === 0;
    const key = isPlain ? rule : `${match.entry} ${rule.id} ${peers} ${textOf(ports)}`;
    return stepTo(trail, key, { ...match, ports });
  }

  #portsOf({ direction, own }: Program, id: number): Match['ports'] {
    const destination = direction === 'ingress' ? own : this.#known.ends.all[id];
    return destination?.label.ports ?? NO_PORTS;
  }

  #decide(trail: Trail, program: Program, relation: NodeRelation): number {
    const matches = new Map<number, Match[]>();
    const cuts = new Set<Point>([0]);
    if (program.leavesIcmpUndefined) cuts.add(ICMP_START);
    for (let at: Trail | undefined = trail; at?.match; at = at.before) {
      const { match } = at;
      const list = matches.get(match.entry);
      if (list) list.unshift(match);
      else matches.set(match.entry, [match]);
      addCuts(match.rule, match.ports, cuts);
    }
    const starts = cuts.size === 1 ? [0] : [...cuts].sort((a, b) => a - b);
    const values = starts.map((point) => {
      const wanted = { program, relation, matches, point };
      return point < ICMP_START || this.#judgesIcmp
        ? this.#decider.decide(wanted)
        : this.#decideIcmp(wanted);
    });
    return this.#known.functions.idOf(starts, values);
  }

  /** Of policies that leave ICMP undefined no rule counts, so that most trails come to the same, and it is long to write down. */
  #decideIcmp(wanted: Case): number {
    const { program, matches, point } = wanted;
    let key = `${point}`;
    for (const { index, list } of program.entries)
      if (!list.icmpUndefined)
        for (const { rule, peers } of matches.get(index) ?? [])
          key += ` ${index} ${rule.id} ${peers}`;
    const known = this.#icmp.get(key);
    if (known !== undefined) return known;
    const decision = this.#decider.decide(wanted);
    this.#icmp.set(key, decision);
    return decision;
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

function stepTo(trail: Trail, key: string | CompiledRule, match: Match): Trail {
  const next = (trail.next ??= new Map<string | CompiledRule, Trail>());
  const known = next.get(key);
  if (known) return known;
  const made = new Trail(trail, match);
  next.set(key, made);
  return made;
}

const NO_PORTS: Match['ports'] = [];

function textOf(ports: Match['ports']): string {
  return ports.map(({ name, protocol, port }) => `${name}/${protocol}/${port}`).join();
}
