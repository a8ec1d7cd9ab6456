import type { Connections } from '../model/answer.ts';
import { ALLOWED, UNKNOWN, type Decisions } from './decisions.ts';
import { connectionsOf, ICMP_START, PROTOCOL_STARTS, type Point } from './points.ts';
import { PortFunctions } from './port-functions.ts';

/** What of a port is so for at least one pair of ends; both may hold where replicas differ. */
const IS_ALLOWED = 1;
const IS_UNKNOWN = 2;

const LOW = 256;

/** Id of a reach: what one end may open to another over all ports. Equal reaches have equal ids. */
export type ReachId = number;

export interface Reach {
  readonly connections: Connections;
  /** Absent when there are none. */
  readonly unknown?: Connections;
}

/** All reaches, and how two of them go together. */
export class Reaches {
  readonly #decided: PortFunctions;
  readonly #decisions: Decisions;
  readonly #functions = new PortFunctions();
  /** By function; below 0: not made yet. */
  #ofFunction = new Int32Array(0);
  readonly #both = new Map<number, ReachId>();
  /** The same for low ids, which are nearly all that are asked for; below 0: not made yet. */
  readonly #lowBoth = new Int32Array(LOW * LOW).fill(-1);
  readonly #either = new Map<number, ReachId>();
  readonly #described: Reach[] = [];
  readonly nothing: ReachId = this.#functions.idOf([0], [0]);
  readonly everything: ReachId = this.#functions.idOf([0], [IS_ALLOWED]);

  constructor(decided: PortFunctions, decisions: Decisions) {
    this.#decided = decided;
    this.#decisions = decisions;
  }

  /** Of one direction: a function from points to decisions. */
  ofFunction(id: number): ReachId {
    const known = this.#ofFunction[id];
    return known === undefined || known < 0 ? this.#reduceAnew(id) : known;
  }

  /** Both directions must allow; for reaches of one pair of ends. */
  both(a: ReachId, b: ReachId): ReachId {
    if (a >= LOW || b >= LOW) return this.#combineBoth(a, b);
    const known = this.#lowBoth[a * LOW + b] ?? -1;
    return known < 0 ? (this.#lowBoth[a * LOW + b] = this.#combineBoth(a, b)) : known;
  }

  #combineBoth(a: ReachId, b: ReachId): ReachId {
    if (a === b || b === this.everything || a === this.nothing) return a;
    if (a === this.everything || b === this.nothing) return b;
    return this.#combine(this.#both, a, b, (x, y) => (x === 0 || y === 0 ? 0 : Math.max(x, y)));
  }

  /** What holds for one pair of ends or another. */
  either(a: ReachId, b: ReachId): ReachId {
    if (a === b || b === this.nothing) return a;
    if (a === this.nothing) return b;
    return this.#combine(this.#either, a, b, (x, y) => x | y);
  }

  /** Id here of a reach of other reaches. */
  adopt(other: Reaches, id: ReachId): ReachId {
    if (other === this) return id;
    return this.#functions.idOf(
      [...other.#functions.startsOf(id)],
      [...other.#functions.valuesOf(id)],
    );
  }

  describe(id: ReachId): Reach {
    return (this.#described[id] ??= this.#describe(id));
  }

  #describe(id: ReachId): Reach {
    const starts = [...this.#functions.startsOf(id)];
    const values = [...this.#functions.valuesOf(id)];
    const where = (bit: number): Connections =>
      connectionsOf(
        [...starts, ICMP_START],
        values.map((value) => (value & bit) !== 0),
      );
    const connections = where(IS_ALLOWED);
    return values.some((value) => (value & IS_UNKNOWN) !== 0)
      ? { connections, unknown: where(IS_UNKNOWN) }
      : { connections };
  }

  #reduceAnew(id: number): ReachId {
    if (id >= this.#ofFunction.length) {
      const larger = new Int32Array(this.#decided.count * 2).fill(-1);
      larger.set(this.#ofFunction);
      this.#ofFunction = larger;
    }
    const reach = this.#reduce(id);
    this.#ofFunction[id] = reach;
    return reach;
  }

  #reduce(id: number): ReachId {
    const cuts = new Set<Point>(PROTOCOL_STARTS);
    for (const start of this.#decided.startsOf(id)) if (start < ICMP_START) cuts.add(start);
    // There is no port 0: it takes the value of port 1, so that it makes no difference.
    for (const start of PROTOCOL_STARTS) cuts.delete(start + 1);
    const starts = [...cuts].toSorted((a, b) => a - b);
    const values = starts.map((start) => {
      const point = PROTOCOL_STARTS.includes(start) ? start + 1 : start;
      const verdict = this.#decisions.verdicts.values[this.#decided.at(id, point)];
      if (verdict === ALLOWED) return IS_ALLOWED;
      return verdict === UNKNOWN ? IS_UNKNOWN : 0;
    });
    return this.#functions.idOf(starts, values);
  }

  #combine(
    memo: Map<number, ReachId>,
    a: ReachId,
    b: ReachId,
    join: (x: number, y: number) => number,
  ): ReachId {
    const key = a < b ? a * 2 ** 26 + b : b * 2 ** 26 + a;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const functions = this.#functions;
    const starts = [...new Set([...functions.startsOf(a), ...functions.startsOf(b)])];
    starts.sort((x, y) => x - y);
    const id = functions.idOf(
      starts,
      starts.map((start) => join(functions.at(a, start), functions.at(b, start))),
    );
    memo.set(key, id);
    return id;
  }
}
