import type { Answer, DirectionAnswer, Verdict } from '../model/answer.ts';
import type { ClassJudge } from './class-judge.ts';
import { DENIED, UNKNOWN, VERDICTS } from './decisions.ts';
import { IS_NODE, IS_ONE_POD, IS_SERVICE, IS_SPECIAL, type EndId } from './ends.ts';
import { pointOfColumns, type Point } from './points.ts';
import type { State } from './state.ts';

/** Flows by column: one place in all of them is one flow. */
export interface FlowColumns {
  /** Ids that `idOf` gave. */
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  /** Place in TCP, UDP, SCTP, ICMP, ICMPv6. Of ICMP the type is not known. */
  readonly protocol: Uint8Array;
  /** 1 to 65535; not read for ICMP. */
  readonly port: Uint16Array;
}

/** What `judgeBatch` writes, place by place. */
export interface JudgedColumns {
  /** Place in allowed, denied, unknown. */
  readonly verdicts: Uint8Array;
  /** Ids for `decision`. */
  readonly decisions?: { readonly egress: Uint32Array; readonly ingress: Uint32Array };
}

/** What was decided about one connection. */
interface Outcome {
  readonly egress: number;
  readonly ingress: number;
  readonly source: EndId;
  readonly destination: EndId;
}

const DIFFERS =
  'the verdict is not the same for all pods or address families that the flow may mean';

/** Judges flows between ends. */
export class FlowJudge {
  readonly #state: State;
  readonly #classes: ClassJudge;

  constructor(state: State, classes: ClassJudge) {
    this.#state = state;
    this.#classes = classes;
  }

  /** `nameOf`: for reasons. */
  answer(source: EndId, destination: EndId, point: Point, nameOf: (end: EndId) => string): Answer {
    const describe = (outcome: Outcome): Answer => this.#describe(outcome, nameOf);
    const outcomes = this.#outcomes(source, destination, point, false);
    const [first] = outcomes;
    if (first && (outcomes.length === 1 || this.#isUnanimous(outcomes))) return describe(first);
    return agreement(this.#outcomes(source, destination, point, true).map(describe));
  }

  /**
   * One flow after the other, by array reads alone: the classes of both ends, the program of each, the function in the program's row, the
   * decision at the point. Flows with a special end go the long way.
   */
  judgeBatch(flows: FlowColumns, into: JudgedColumns): void {
    const { ends } = this.#state.population;
    const { functions, decisions } = this.#state.known;
    const { src, dst, protocol, port } = flows;
    const classes = this.#classes;
    for (let place = 0; place < src.length; place++) {
      const source = src[place] ?? 0;
      const destination = dst[place] ?? 0;
      if (source >= ends.count || destination >= ends.count)
        throw new RangeError(
          `Flow ${place}: no end has the number ${Math.max(source, destination)}`,
        );
      const point = pointOfColumns(protocol[place] ?? 0, port[place] ?? 0);
      const family = this.#plainFamily(source, destination);
      if (family === undefined) {
        this.#judgeSpecial(place, source, destination, point, into);
        continue;
      }
      const from = classes.classOf(source, family);
      const to = classes.classOf(destination, family);
      if (!into.decisions) {
        into.verdicts[place] = worst(
          classes.verdictAt('egress', from, to, point),
          classes.verdictAt('ingress', to, from, point),
        );
        continue;
      }
      const egress = functions.at(classes.functionOf('egress', from, to), point);
      const ingress = functions.at(classes.functionOf('ingress', to, from), point);
      const verdictOf = decisions.verdicts.values;
      into.verdicts[place] = worst(verdictOf[egress] ?? UNKNOWN, verdictOf[ingress] ?? UNKNOWN);
      into.decisions.egress[place] = egress;
      into.decisions.ingress[place] = ingress;
    }
  }

  /** The family of a flow that only its classes decide; undefined for all others. */
  #plainFamily(source: EndId, destination: EndId): 4 | 6 | undefined {
    const { flags, families, workloads } = this.#state.population.ends;
    const either = (flags.values[source] ?? 0) | (flags.values[destination] ?? 0);
    if ((either & IS_SPECIAL) !== 0) return undefined;
    if ((either & IS_ONE_POD) !== 0 && workloads.values[source] === workloads.values[destination])
      return undefined;
    const shared = (families.values[source] ?? 0) & (families.values[destination] ?? 0);
    if (shared === 1 || (shared === 3 && !this.#state.space)) return 4;
    return shared === 2 ? 6 : undefined;
  }

  #judgeSpecial(
    place: number,
    source: EndId,
    destination: EndId,
    point: Point,
    into: JudgedColumns,
  ): void {
    const { decisions } = this.#state.known;
    const outcomes = this.#outcomes(source, destination, point, false);
    const verdictOf = decisions.verdicts.values;
    const differs = decisions.plain('unknown', 'unknown', [DIFFERS]);
    const agreed = (direction: 'egress' | 'ingress'): number => {
      const ids = outcomes.map((outcome) => outcome[direction]);
      const [first = differs] = ids;
      return ids.every((id) => verdictOf[id] === verdictOf[first]) ? first : differs;
    };
    const verdicts = new Set(
      outcomes.map(({ egress, ingress }) =>
        worst(verdictOf[egress] ?? UNKNOWN, verdictOf[ingress] ?? UNKNOWN),
      ),
    );
    const [only = UNKNOWN] = verdicts;
    into.verdicts[place] = verdicts.size === 1 ? only : UNKNOWN;
    if (!into.decisions) return;
    into.decisions.egress[place] = agreed('egress');
    into.decisions.ingress[place] = agreed('ingress');
  }

  /** Of every pair of workloads and every address family that may be meant; with `all`, of those too that must be decided alike. */
  #outcomes(source: EndId, destination: EndId, point: Point, all: boolean): Outcome[] {
    const { flags } = this.#state.population.ends;
    const isService = (flags.values[source] ?? 0) | (flags.values[destination] ?? 0);
    if ((isService & IS_SERVICE) !== 0) return [this.#throughService(source, destination)];
    const sources = this.#members(source, destination, all);
    const destinations = this.#members(destination, source, all);
    return sources.flatMap((from) =>
      destinations.flatMap((to) => this.#outcomesOfPair(from, to, point)),
    );
  }

  /** Two of each kind of replica stand for all of them: two, because one pod to itself is a case of its own. */
  #members(end: EndId, other: EndId, all: boolean): readonly EndId[] {
    const members = this.#state.directory.membersOf(end);
    if (all || members.length < 3) return members;
    const { flags, families, nodes } = this.#state.population.ends;
    const isNode = (one: EndId): boolean => ((flags.values[one] ?? 0) & IS_NODE) !== 0;
    const isNodeAsked = this.#state.directory.membersOf(other).some(isNode);
    const counts = new Map<string, number>();
    return members.filter((member) => {
      const uses = families.values[member] ?? 0;
      const key = [
        flags.values[member],
        uses,
        (uses & 1) === 0 ? '' : this.#classes.classOf(member, 4),
        (uses & 2) === 0 ? '' : this.#classes.classOf(member, 6),
        isNodeAsked || isNode(member) ? nodes.values[member] : '',
      ].join();
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count <= 2;
    });
  }

  #outcomesOfPair(source: EndId, destination: EndId, point: Point): Outcome[] {
    const { known, population, semantics } = this.#state;
    const { flags, families, workloads } = population.ends;
    const isOnePod = ((flags.values[source] ?? 0) & IS_ONE_POD) !== 0;
    const isSelf = isOnePod && workloads.values[source] === workloads.values[destination];
    if (isSelf && !semantics.judgeSelf) {
      const self = known.decisions.plain('self', 'allowed');
      return [{ egress: self, ingress: self, source, destination }];
    }
    const uses = families.values[destination] ?? 0;
    // Ends without a shared family cannot meet; the destination's says at least what its policies would do.
    const shared = (families.values[source] ?? 0) & uses || uses;
    const classes = this.#classes;
    return ([4, 6] as const)
      .filter((family) => (shared & (family === 4 ? 1 : 2)) !== 0)
      .map((family) => {
        const from = classes.classOf(source, family);
        const to = classes.classOf(destination, family);
        const out = classes.relatedFunctionOf(
          'egress',
          from,
          to,
          classes.relationOf(source, destination),
        );
        const into = classes.relatedFunctionOf(
          'ingress',
          to,
          from,
          classes.relationOf(destination, source),
        );
        return {
          egress: known.functions.at(out, point),
          ingress: known.functions.at(into, point),
          source,
          destination,
        };
      });
  }

  #throughService(source: EndId, destination: EndId): Outcome {
    const { known, population } = this.#state;
    const { flags, names } = population.ends;
    const service = ((flags.values[source] ?? 0) & IS_SERVICE) === 0 ? destination : source;
    const reason = `the address of service ${names[service]} is replaced by a pod’s before policies see it: name the pod`;
    const decision = known.decisions.plain('unknown', 'unknown', [reason]);
    return { egress: decision, ingress: decision, source, destination };
  }

  #isUnanimous(outcomes: readonly Outcome[]): boolean {
    const { values } = this.#state.known.decisions.verdicts;
    const [first] = outcomes;
    return outcomes.every(
      ({ egress, ingress }) =>
        first &&
        values[egress] === values[first.egress] &&
        values[ingress] === values[first.ingress],
    );
  }

  #describe(
    { egress, ingress, source, destination }: Outcome,
    nameOf: (end: EndId) => string,
  ): Answer {
    const { decisions } = this.#state.known;
    const { values } = decisions.verdicts;
    const from = nameOf(source);
    const to = nameOf(destination);
    return {
      verdict: VERDICTS[worst(values[egress] ?? UNKNOWN, values[ingress] ?? UNKNOWN)] ?? 'unknown',
      egress: decisions.answer(egress, from, to),
      ingress: decisions.answer(ingress, to, from),
    };
  }
}

/** Denied where one is, else unknown where one is. */
function worst(a: number, b: number): number {
  return a === DENIED || b === DENIED ? DENIED : a | b;
}

/** The first answer where all say the same, else unknown. */
function agreement(answers: readonly Answer[]): Answer {
  const directionOf = (direction: 'egress' | 'ingress'): DirectionAnswer => {
    const all = answers.map((answer) => answer[direction]);
    const [first] = all;
    if (first && all.every(({ verdict }) => verdict === first.verdict)) return first;
    const unknown = [...new Set(all.flatMap((answer) => answer.unknown)), DIFFERS];
    return { verdict: 'unknown', because: 'unknown', steps: [], unknown };
  };
  const verdicts = new Set(answers.map(({ verdict }) => verdict));
  const [only = 'unknown'] = verdicts;
  const verdict: Verdict = verdicts.size === 1 ? only : 'unknown';
  return { verdict, egress: directionOf('egress'), ingress: directionOf('ingress') };
}
